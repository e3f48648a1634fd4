#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use semel_aws::{Delay, Message};
use semel_contracts::events::{
    CancellationReason, Carrier, OrderCancelled, OrderCreated, PaymentVoided, ShipmentDelivered,
    ShipmentDispatched, ShippingMethod,
};
use semel_contracts::{Event, EventType};
use semel_exactly_once::Class;
use semel_lambda::Deadline;
use semel_lambda::sqs::{DeadLetters, Delays, process};
use semel_testkit::sample::{self, order_id};
use semel_testkit::{Faulty, MemoryRecords, SimulatedClock, block_on, with_every_fault};

use super::*;

/// The mails that were sent, and how the next calls go wrong.
#[derive(Debug, Clone, Default)]
struct Outbox(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<(String, String)>,
    /// The next call fails so; having sent the mail, if the flag is set.
    fails: Option<(AwsError, bool)>,
}

fn refusal(class: Class, code: &str) -> AwsError {
    AwsError { class, operation: "SESv2 SendEmail", code: code.to_owned(), message: "test".to_owned() }
}

impl Outbox {
    fn failing(class: Class, code: &str, sent: bool) -> Self {
        let outbox = Self::default();
        outbox.0.lock().unwrap().fails = Some((refusal(class, code), sent));
        outbox
    }

    fn subjects(&self) -> Vec<String> {
        self.0.lock().unwrap().sent.iter().map(|(_, subject)| subject.clone()).collect()
    }
}

impl Post for Outbox {
    async fn send(&self, email: &Email<'_>) -> Result<String, AwsError> {
        assert_eq!(email.from, "shop@example.com");
        assert!(email.html.contains("</html>") && !email.text.contains('<'));
        let mut state = self.0.lock().unwrap();
        let fails = state.fails.take();
        if fails.as_ref().is_none_or(|(_, sent)| *sent) {
            state.sent.push((email.to.to_owned(), email.subject.to_owned()));
        }
        fails.map_or_else(|| Ok(format!("m-{}", state.sent.len())), |(error, _)| Err(error))
    }
}

/// A service that never answers.
struct Silent;

impl Post for Silent {
    async fn send(&self, _: &Email<'_>) -> Result<String, AwsError> {
        std::future::pending().await
    }
}

#[derive(Debug, Clone, Default)]
struct World {
    records: MemoryRecords,
    clock: SimulatedClock,
    post: Outbox,
}

impl World {
    fn consumer<R: RecordStore, P: Post>(&self, records: R, post: P) -> Notifications<R, SimulatedClock, P> {
        Notifications::new(records, self.clock.clone(), post, "shop@example.com".parse().unwrap())
    }

    async fn deliver(&self, group: Vec<Received>) -> Vec<Outcome> {
        let consumer = self.consumer(self.records.clone(), self.post.clone());
        consumer.handle(&order_id().to_string(), group).await
    }
}

fn received(n: u8, data: impl Into<Event>) -> Received {
    Received { envelope: sample::envelope(n, data), receive_count: 1 }
}

fn paid() -> Received {
    received(1, sample::paid())
}

/// One event of each type that a customer is told of.
fn told() -> Vec<Event> {
    let (order_id, email) = (order_id(), sample::customer().email);
    let created = OrderCreated {
        order_id,
        customer: sample::customer(),
        lines: sample::order_lines(),
        total: sample::amount(),
        shipping_method: ShippingMethod::Express,
        payment_method: "pm_card_visa".parse().unwrap(),
    };
    let cancelled = OrderCancelled {
        order_id,
        customer: sample::customer(),
        total: sample::amount(),
        reason: CancellationReason::OutOfStock,
    };
    let carrier: Carrier = "Semel Parcel".parse().unwrap();
    let tracking_number = "SP8D1F4A2B9C3E7061".parse().unwrap();
    vec![
        created.into(),
        sample::confirmed().into(),
        cancelled.into(),
        sample::paid().into(),
        ShipmentDispatched { order_id, carrier, tracking_number, email: email.clone() }.into(),
        ShipmentDelivered { order_id, email }.into(),
    ]
}

fn is(outcome: &Outcome, class: Class, code: &str) -> bool {
    match outcome {
        Outcome::Transient(reason) => class == Class::Transient && reason.code == code,
        Outcome::Fatal(reason) => class == Class::Fatal && reason.code == code,
        Outcome::Applied | Outcome::Duplicate | Outcome::NoEffect => false,
    }
}

#[test]
fn every_event_that_a_customer_is_told_of_becomes_one_mail() {
    block_on(async {
        let world = World::default();
        let group: Vec<_> = told().into_iter().zip(1..).map(|(event, n)| received(n, event)).collect();
        assert_eq!(world.deliver(group.clone()).await, vec![Outcome::Applied; 6]);
        assert_eq!(world.deliver(group).await, vec![Outcome::Duplicate; 6]);
        let subjects = world.post.subjects();
        assert_eq!(subjects.len(), 6);
        assert!(subjects[4].starts_with("Your parcel is on its way (order "), "{subjects:?}");
        let sent = world.post.0.lock().unwrap();
        assert!(sent.sent.iter().all(|(to, _)| to == "ada@example.com"));
    });
}

#[test]
fn only_what_a_customer_is_told_of_is_routed() {
    let world = World::default();
    let consumer = world.consumer(world.records.clone(), world.post.clone());
    let kinds: Vec<_> = told().iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        [
            EventType::OrderCreated,
            EventType::OrderConfirmed,
            EventType::OrderCancelled,
            EventType::PaymentProcessed,
            EventType::ShipmentDispatched,
            EventType::ShipmentDelivered,
        ]
    );
    for event in told() {
        assert_eq!(consumer.route(&sample::envelope(1, event)), Some(order_id().to_string()));
    }
    let voided = PaymentVoided { order_id: order_id(), amount: sample::amount() };
    assert_eq!(consumer.route(&sample::envelope(1, voided)), None);
}

#[test]
fn a_copy_is_recognised_long_after_the_window_and_after_a_redrive() {
    block_on(async {
        let world = World::default();
        assert_eq!(world.deliver(vec![paid(), paid()]).await, [Outcome::Applied, Outcome::Duplicate]);
        for days in [1, 13, 14] {
            world.clock.advance(Duration::from_hours(24 * days));
            assert_eq!(world.deliver(vec![paid()]).await, [Outcome::Duplicate]);
        }
        assert_eq!(world.post.subjects().len(), 1);
    });
}

#[test]
fn the_same_id_with_other_data_is_refused() {
    block_on(async {
        let world = World::default();
        world.deliver(vec![paid()]).await;
        let mut other = sample::paid();
        other.charge_id = "ch_2".parse().unwrap();
        let outcomes = world.deliver(vec![received(1, other)]).await;
        assert!(is(&outcomes[0], Class::Fatal, "key_reused"), "{outcomes:?}");
        assert_eq!(world.post.subjects().len(), 1);
    });
}

#[test]
fn a_refused_address_is_fatal_and_throttling_is_not() {
    block_on(async {
        for (code, class) in
            [("MessageRejected", Class::Fatal), ("TooManyRequestsException", Class::Transient)]
        {
            let world = World { post: Outbox::failing(class, code, false), ..World::default() };
            let outcomes = world.deliver(vec![paid(), received(2, told().remove(5))]).await;
            assert!(is(&outcomes[0], class, "mail_refused"), "{outcomes:?}");
            assert_eq!(outcomes[1], Outcome::Applied, "the neighbour proceeds");
            // Redriven, or delivered again: nothing stands in its way.
            assert_eq!(world.deliver(vec![paid()]).await, [Outcome::Applied]);
            assert_eq!(world.post.subjects().len(), 2);
        }
    });
}

/// Delivers as a queue does, which hides a message for at least a minute after a crash.
async fn deliver_until_taken<R: RecordStore>(world: &World, records: R) {
    let consumer = world.consumer(records, world.post.clone());
    for _ in 0..6 {
        let outcomes = consumer.handle(&order_id().to_string(), vec![paid()]).await;
        match &outcomes[0] {
            Outcome::Applied | Outcome::Duplicate => return,
            Outcome::Transient(_) => world.clock.advance(Duration::from_mins(1)),
            Outcome::NoEffect | Outcome::Fatal(_) => panic!("{outcomes:?}"),
        }
    }
    panic!("one fault must not block a mail for good");
}

#[test]
fn every_fault_at_every_request_sends_and_only_a_lost_record_sends_twice() {
    let mut sent = Vec::new();
    let runs = with_every_fault(|faults| {
        let world = World::default();
        block_on(deliver_until_taken(&world, Faulty::new(world.records.clone(), faults)));
        sent.push(world.post.subjects().len());
    });
    assert!(runs > 4, "only {runs} runs: no faults were injected");
    // Without a fault, then four faults at the claim, then four at the completion.
    let claim_lost = [1, 1, 1, 1];
    // Only if the completion never reached the store is there no trace of the mail that was sent.
    let completion_lost = [2, 1, 1, 1];
    assert_eq!(sent, [&[1][..], &claim_lost, &completion_lost].concat());
}

#[test]
fn an_answer_that_is_lost_repeats_the_mail() {
    block_on(async {
        let post = Outbox::failing(Class::Transient, "Timeout", true);
        let world = World { post, ..World::default() };
        deliver_until_taken(&world, world.records.clone()).await;
        assert_eq!(world.post.subjects().len(), 2, "SES took the first, and nobody knows");
    });
}

#[test]
fn a_second_delivery_waits_while_the_first_is_sending_and_takes_over_when_it_died() {
    block_on(async {
        let world = World::default();
        let first = world.consumer(world.records.clone(), Silent);
        let key = order_id().to_string();
        {
            let mut sending = std::pin::pin!(first.handle(&key, vec![paid()]));
            let waker = std::task::Waker::noop();
            let polled = sending.as_mut().poll(&mut std::task::Context::from_waker(waker));
            assert!(polled.is_pending(), "claimed, and waiting for an answer");
            let outcomes = world.deliver(vec![paid()]).await;
            assert!(is(&outcomes[0], Class::Transient, "in_progress"), "{outcomes:?}");
            // Dropped here: the process is killed.
        }
        world.clock.advance(LEASE);
        assert_eq!(world.deliver(vec![paid()]).await, [Outcome::Applied]);
        assert_eq!(world.post.subjects().len(), 1);
    });
}

/// The dead-letter queue, and the queue itself.
#[derive(Debug, Clone, Default)]
struct Queues(Arc<Mutex<Vec<Message>>>);

impl DeadLetters for Queues {
    async fn send(&self, messages: &[Message]) -> Vec<Result<(), AwsError>> {
        self.0.lock().unwrap().extend_from_slice(messages);
        vec![Ok(()); messages.len()]
    }
}

impl Delays for Queues {
    async fn delay(&self, delays: &[Delay]) -> Vec<Result<(), AwsError>> {
        panic!("nothing is put off: {delays:?}");
    }
}

#[test]
fn the_samples_are_answered_as_they_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/notifications");
    for (case, mails, reasons) in [
        ("good", 3, &[][..]),
        ("duplicate", 1, &[]),
        ("malformed", 1, &["not_json", "invalid_value"]),
        ("malformed-not-for-customers", 0, &["not_for_consumer"]),
    ] {
        let read = |file: String| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        let event = serde_json::from_str(&read(format!("{case}.json"))).unwrap();
        let (world, queues) = (World::default(), Queues::default());
        let consumer = world.consumer(world.records.clone(), world.post.clone());
        let now = world.clock.now();
        let deadline = Deadline::new(now, now.saturating_add(Duration::from_secs(30)));
        let processed = process(&consumer, &queues, &queues, &world.clock, deadline, event);
        let (answer, _tally) = block_on(processed).unwrap();
        let expected: serde_json::Value =
            serde_json::from_str(&read(format!("{case}.expected.json"))).unwrap();
        assert_eq!(serde_json::to_value(&answer).unwrap(), expected, "{case}");
        assert_eq!(world.post.subjects().len(), mails, "{case}");
        let letters = queues.0.lock().unwrap();
        let classes = letters.iter().flat_map(|letter| &letter.attributes);
        let classes: Vec<_> =
            classes.filter(|(name, _)| name == "error_class").map(|(_, code)| code).collect();
        assert_eq!(classes, reasons, "{case}");
    }
}
