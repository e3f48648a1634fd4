//! The loop as a whole, with queues in memory and time that passes only when it is waited for.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use semel_aws::{AwsError, Delay, Message};
use semel_contracts::events::{CancellationReason, OrderCancelled};
use semel_contracts::{Envelope, MAX_ENVELOPE_BYTES, Timestamp};
use semel_exactly_once::{Class, Clock};
use serde_json::{Value, json};

use super::*;
use crate::{Deadline, Failure};

/// A clock on which a sleep never ends unless the test says that time is up.
#[derive(Default)]
struct TestClock {
    now_ms: AtomicU64,
    /// Sleeps of at least one poll end: the invocation's time is up at once.
    impatient: bool,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::Relaxed))
    }

    async fn sleep(&self, _: Duration) {
        if self.impatient {
            // Everything that is ready gets its turn first.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        } else {
            std::future::pending::<()>().await;
        }
    }

    fn random(&self) -> u64 {
        0
    }
}

/// Both queues, remembering what they are asked.
#[derive(Default)]
struct Queues {
    letters: Mutex<Vec<Message>>,
    delays: Mutex<Vec<Delay>>,
    /// Letters whose body has this text cannot be sent.
    refused: Option<&'static str>,
    /// Letters are never answered.
    silent: bool,
}

fn aws_error() -> AwsError {
    AwsError {
        class: Class::Transient,
        operation: "SQS SendMessageBatch",
        code: "InternalError".to_owned(),
        message: "try again".to_owned(),
    }
}

impl DeadLetters for Queues {
    async fn send(&self, messages: &[Message]) -> Vec<Result<(), AwsError>> {
        if self.silent {
            std::future::pending::<()>().await;
        }
        let send = |message: &Message| {
            if self.refused.is_some_and(|text| message.body.contains(text)) {
                return Err(aws_error());
            }
            self.letters.lock().expect("no panic").push(message.clone());
            Ok(())
        };
        messages.iter().map(send).collect()
    }
}

impl Delays for Queues {
    async fn delay(&self, delays: &[Delay]) -> Vec<Result<(), AwsError>> {
        self.delays.lock().expect("no panic").extend_from_slice(delays);
        vec![Err(aws_error()); delays.len()]
    }
}

/// Answers by the order's number, the first byte of its id, and remembers the groups it was given.
#[derive(Default)]
struct TestConsumer {
    groups: Mutex<Vec<(String, Vec<u64>)>>,
    under_way: AtomicU64,
    most_under_way: AtomicU64,
}

const UNROUTED: u8 = 100;
const DUPLICATE: u8 = 101;
const NO_EFFECT: u8 = 102;
const FATAL: u8 = 103;
const TRANSIENT: u8 = 104;
const PANICS: u8 = 105;
const MISCOUNTS: u8 = 106;
const NEVER_ENDS: u8 = 107;

impl Consumer for TestConsumer {
    const NAME: &'static str = "test";

    fn route(&self, envelope: &Envelope) -> Option<String> {
        let number = envelope.order_id().as_bytes()[0];
        (number != UNROUTED).then(|| number.to_string())
    }

    async fn handle(&self, key: &str, group: Vec<Received>) -> Vec<Outcome> {
        let sequences = group.iter().map(|received| received.envelope.metadata.sequence).collect();
        self.groups.lock().expect("no panic").push((key.to_owned(), sequences));
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        let outcome = match key.parse() {
            Ok(DUPLICATE) => Outcome::Duplicate,
            Ok(NO_EFFECT) => Outcome::NoEffect,
            Ok(FATAL) => Outcome::Fatal(Reason::new("rejected", "the order was never placed")),
            Ok(TRANSIENT) => Outcome::Transient(Reason::new("store", "throttled")),
            Ok(PANICS) => panic!("asked to"),
            Ok(MISCOUNTS) => return Vec::new(),
            Ok(NEVER_ENDS) => std::future::pending().await,
            _ => Outcome::Applied,
        };
        vec![outcome; group.len()]
    }
}

/// A cancellation of order `number`, as its body.
fn body(number: u8, sequence: u64) -> Value {
    let mut id = [0; 16];
    id[0] = number;
    let order_id = semel_contracts::OrderId::from_bytes(id);
    json!({
        "event_id": semel_contracts::EventId::derive_from(&[&number.to_string(), &sequence.to_string()]),
        "event_type": "OrderCancelled",
        "timestamp": "2026-11-22T16:50:00.123Z",
        "data": {
            "order_id": order_id,
            "customer": { "customer_id": "ada", "email": "ada@example.com" },
            "total": { "amount": 1999, "currency": "EUR" },
            "reason": "deadline_passed",
        },
        "metadata": {
            "producer_id": "orders",
            "version": "1.0",
            "aggregate_id": order_id,
            "sequence": sequence,
            "correlation_id": order_id,
        },
    })
}

fn record(id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": format!("receipt-{id}"),
        "body": body,
        "attributes": { "ApproximateReceiveCount": "3" },
        "messageAttributes": {},
    })
}

fn good(id: &str, number: u8) -> Value {
    record(id, &body(number, 1).to_string())
}

struct Run {
    result: Result<(Answer, Tally), Failure>,
    queues: Queues,
    consumer: TestConsumer,
}

impl Run {
    fn failed(&self) -> Vec<&str> {
        self.result.as_ref().expect("an answer").0.failed().collect()
    }

    fn tally(&self) -> Tally {
        self.result.as_ref().expect("an answer").1
    }

    /// The dead letters' attributes by the message id that they had.
    fn letters(&self) -> HashMap<String, HashMap<String, String>> {
        let letters = self.queues.letters.lock().expect("no panic");
        let attributes = letters.iter().map(|letter| letter.attributes.iter().cloned().collect());
        attributes
            .map(|attributes: HashMap<_, _>| {
                (attributes.get("message_id").cloned().unwrap_or_default(), attributes)
            })
            .collect()
    }

    fn delays(&self) -> Vec<Delay> {
        self.queues.delays.lock().expect("no panic").clone()
    }

    fn groups(&self) -> Vec<(String, Vec<u64>)> {
        self.consumer.groups.lock().expect("no panic").clone()
    }
}

async fn run_with(records: Vec<Value>, queues: Queues, clock: TestClock) -> Run {
    let event: SqsEvent = serde_json::from_value(json!({ "Records": records })).expect("an SQS event");
    let consumer = TestConsumer::default();
    let deadline = Deadline::new(Timestamp::EPOCH, Timestamp::from_secs(30));
    let result = process(&consumer, &queues, &queues, &clock, deadline, event).await;
    Run { result, queues, consumer }
}

async fn run(records: Vec<Value>) -> Run {
    run_with(records, Queues::default(), TestClock::default()).await
}

#[tokio::test]
async fn an_empty_batch_is_an_empty_answer() {
    let run = run(Vec::new()).await;
    assert_eq!(run.tally(), Tally::default());
    assert_eq!(
        serde_json::to_value(&run.result.expect("an answer").0).expect("JSON"),
        json!({ "batchItemFailures": [] })
    );
}

#[tokio::test]
async fn records_of_one_aggregate_are_handed_over_together_in_order() {
    let records = [(1, 1), (2, 1), (1, 2), (3, 1), (1, 3), (2, 2)];
    let records = records
        .iter()
        .enumerate()
        .map(|(at, &(number, sequence))| record(&format!("m{at}"), &body(number, sequence).to_string()));
    let run = run(records.collect()).await;
    let expected = [("1", vec![1, 2, 3]), ("2", vec![1, 2]), ("3", vec![1])];
    assert_eq!(run.groups(), expected.map(|(key, sequences)| (key.to_owned(), sequences)));
    assert_eq!(run.tally(), Tally { records: 6, applied: 6, ..Tally::default() });
    assert!(run.failed().is_empty());
}

#[tokio::test]
async fn groups_run_concurrently_within_a_bound() {
    let run = run((0..40).map(|number| good(&format!("m{number}"), number)).collect()).await;
    assert_eq!(run.tally().applied, 40);
    assert_eq!(run.consumer.most_under_way.load(Ordering::Relaxed), 10);
}

#[tokio::test]
async fn each_outcome_is_counted_and_only_transient_ones_return() {
    let numbers = [1, DUPLICATE, NO_EFFECT, FATAL, TRANSIENT];
    let run = run(numbers.iter().map(|&number| good(&format!("m{number}"), number)).collect()).await;
    let expected = Tally { records: 5, applied: 1, duplicate: 1, no_effect: 1, dead_lettered: 1, retried: 1 };
    assert_eq!(run.tally(), expected);
    assert_eq!(run.failed(), ["m104"]);
}

#[tokio::test]
async fn poison_goes_to_the_dead_letter_queue_and_its_neighbours_succeed() {
    let with = |path: &str, value: Value| {
        let mut body = body(1, 1);
        *body.pointer_mut(path).expect("a field") = value;
        body.to_string()
    };
    let cases = [
        ("not_json", "{".to_owned()),
        ("not_json", "\u{0}\u{1}".to_owned()),
        ("missing_field", r#"{"event_type":"OrderCancelled"}"#.to_owned()),
        ("wrong_type", with("/data/total/amount", json!("1999"))),
        ("invalid_value", with("/data/total/currency", json!("XXZ"))),
        ("unknown_event_type", with("/event_type", json!("OrderTeleported"))),
        ("unsupported_version", with("/metadata/version", json!("9.0"))),
        ("too_large", with("/metadata/correlation_id", json!("x".repeat(MAX_ENVELOPE_BYTES)))),
        ("not_for_consumer", body(UNROUTED, 1).to_string()),
        ("rejected", body(FATAL, 1).to_string()),
    ];
    for (code, poison) in cases {
        let run = run(vec![good("before", 1), record("bad", &poison), good("after", 2)]).await;
        assert!(run.failed().is_empty(), "{code}");
        assert_eq!(
            run.tally(),
            Tally { records: 3, applied: 2, dead_lettered: 1, ..Tally::default() },
            "{code}"
        );
        let letters = run.letters();
        assert_eq!(letters.len(), 1, "{code}");
        let letter = &letters["bad"];
        assert_eq!(letter["error_class"], code);
        assert!(!letter["error"].is_empty());
        assert_eq!((letter["consumer"].as_str(), letter["receive_count"].as_str()), ("test", "3"));
        assert_eq!(letter["failed_at"], "1970-01-01T00:00:00.000Z");
        assert_eq!(run.queues.letters.lock().expect("no panic")[0].body, poison);
    }
}

#[tokio::test]
async fn a_letter_names_its_event_as_far_as_it_is_known() {
    let mut unknown = body(1, 1);
    unknown["event_type"] = json!("OrderTeleported");
    let records = vec![good("whole", FATAL), record("unknown", &unknown.to_string()), record("none", "{")];
    let letters = run(records).await.letters();
    assert_eq!(letters["whole"]["event_type"], "OrderCancelled");
    assert_eq!(letters["whole"]["event_id"], body(FATAL, 1)["event_id"].as_str().expect("text"));
    assert_eq!(letters["unknown"]["event_type"], "OrderTeleported");
    assert!(!letters["none"].contains_key("event_type") && !letters["none"].contains_key("event_id"));
}

#[tokio::test]
async fn a_letter_that_cannot_be_sent_is_not_lost() {
    let queues = Queues { refused: Some("unsendable"), ..Queues::default() };
    let records = vec![record("lost", "unsendable"), record("sent", "{")];
    let run = run_with(records, queues, TestClock::default()).await;
    assert_eq!(run.failed(), ["lost"]);
    assert_eq!(run.tally(), Tally { records: 2, dead_lettered: 1, retried: 1, ..Tally::default() });
    assert_eq!(
        run.delays().iter().map(|delay| delay.receipt_handle.as_str()).collect::<Vec<_>>(),
        ["receipt-lost"]
    );
}

#[tokio::test]
async fn a_letter_that_is_never_answered_is_not_waited_for() {
    let queues = Queues { silent: true, ..Queues::default() };
    let clock = TestClock { impatient: true, ..TestClock::default() };
    let run = run_with(vec![record("bad", "{"), good("good", 1)], queues, clock).await;
    assert_eq!(run.failed(), ["bad"]);
    assert_eq!(run.tally().applied, 1);
}

#[tokio::test]
async fn a_transient_record_is_put_off_by_its_receive_count() {
    let mut first = good("first", TRANSIENT);
    first["attributes"]["ApproximateReceiveCount"] = json!("1");
    let mut odd = good("odd", TRANSIENT);
    odd["attributes"] = json!({ "ApproximateReceiveCount": "many" });
    let run = run(vec![first, good("third", TRANSIENT), odd]).await;
    // The queue refused to put them off: they are reported all the same.
    assert_eq!(run.failed(), ["first", "third", "odd"]);
    let delays: HashMap<_, _> =
        run.delays().into_iter().map(|delay| (delay.receipt_handle, delay.time)).collect();
    assert_eq!(delays["receipt-first"], Duration::from_secs(1));
    assert_eq!(delays["receipt-third"], Duration::from_secs(4));
    assert_eq!(delays["receipt-odd"], Duration::from_secs(1));
}

#[tokio::test]
async fn a_panic_costs_its_own_group_only() {
    let run = run(vec![good("m1", 1), good("boom", PANICS), good("m2", 2)]).await;
    assert_eq!(run.failed(), ["boom"]);
    assert_eq!(run.tally(), Tally { records: 3, applied: 2, retried: 1, ..Tally::default() });
}

#[tokio::test]
async fn a_consumer_that_miscounts_loses_nothing() {
    let run = run(vec![good("m1", MISCOUNTS), good("m2", 2)]).await;
    assert_eq!(run.failed(), ["m1"]);
}

#[tokio::test]
async fn nothing_starts_when_time_is_short() {
    let clock = TestClock { now_ms: AtomicU64::new(25_000), ..TestClock::default() };
    let run = run_with(vec![good("m1", 1), record("bad", "{")], Queues::default(), clock).await;
    assert!(run.groups().is_empty());
    // Poison needs no handling: it is out of the way even now.
    assert_eq!((run.failed(), run.tally().dead_lettered), (vec!["m1"], 1));
}

#[tokio::test]
async fn what_does_not_end_in_time_is_reported_and_the_rest_counts() {
    let clock = TestClock { impatient: true, ..TestClock::default() };
    let run = run_with(vec![good("stuck", NEVER_ENDS), good("done", 1)], Queues::default(), clock).await;
    assert_eq!(run.failed(), ["stuck"]);
    assert_eq!(run.tally(), Tally { records: 2, applied: 1, retried: 1, ..Tally::default() });
}

#[tokio::test]
async fn a_record_without_a_body_is_poison() {
    for record in [json!({ "messageId": "m1" }), json!({ "messageId": "m1", "body": "" })] {
        let run = run(vec![record, good("m2", 1)]).await;
        assert_eq!(run.tally(), Tally { records: 2, applied: 1, dead_lettered: 1, ..Tally::default() });
        assert_eq!(run.letters()["m1"]["receive_count"], "1");
    }
}

#[tokio::test]
async fn a_record_without_a_message_id_fails_the_batch_only_if_it_must_return() {
    let without = |number: u8| json!({ "body": body(number, 1).to_string() });
    assert_eq!(run(vec![without(1), without(FATAL)]).await.tally().applied, 1);
    let failure = run(vec![without(TRANSIENT)]).await.result.expect_err("nothing to name it by");
    assert_eq!(failure.kind(), "Sqs.NoMessageId");
}

#[tokio::test]
async fn an_event_from_the_bus_is_read_as_one_from_the_topic() {
    let framed = json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "source": "com.ecommerce.orders",
        "detail-type": "OrderCancelled",
        "detail": body(7, 1),
    });
    let run = run(vec![record("bus", &framed.to_string()), good("topic", 7)]).await;
    assert_eq!(run.groups(), [("7".to_owned(), vec![1, 1])]);
}

/// The bodies above are what a producer writes.
#[test]
fn the_sample_is_an_event_of_the_contract() {
    let envelope: Envelope = semel_contracts::decode(&body(1, 1).to_string()).expect("an event");
    let semel_contracts::Event::OrderCancelled(OrderCancelled { reason, .. }) = &envelope.data else {
        panic!("another event: {envelope:?}");
    };
    assert_eq!(*reason, CancellationReason::DeadlinePassed);
}
