#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use semel_aws::AwsError;
use semel_contracts::{Event, decode};
use semel_domain::{Order, OrderInput};
use semel_exactly_once::{Class, Committer, Delivery, Known, Publish, PublishError};
use semel_testkit::{MemoryAggregates, SimulatedClock, block_on, sample};
use serde_json::{Value, json};

use super::*;
use crate::route::{BusAndTopic, Kafka};

/// Kafka's route, and that the other one does not depend on it.
mod kafka;

/// A carrier that keeps its contract, and fails the events it is told to.
#[derive(Debug, Clone, Default)]
struct Carrier(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Bodies in order of arrival.
    arrived: Vec<String>,
    /// Fails this event (by place in all that was ever handed over) once, having taken it or not.
    trips: Option<(usize, bool)>,
    /// Refuses these event ids every time, with this class and code.
    refuses: BTreeMap<String, (Class, &'static str)>,
    seen: usize,
}

fn refusal(class: Class, code: &str) -> PublishError {
    PublishError { class, operation: "Test", code: code.to_owned(), message: "test".to_owned() }
}

impl Carrier {
    fn tripping(at: usize, taken: bool) -> Self {
        let carrier = Self::default();
        carrier.0.lock().unwrap().trips = Some((at, taken));
        carrier
    }

    fn refuse(&self, id: &str, class: Class, code: &'static str) {
        self.0.lock().unwrap().refuses.insert(id.to_owned(), (class, code));
    }

    fn bodies(&self) -> Vec<String> {
        self.0.lock().unwrap().arrived.clone()
    }

    fn ids(&self) -> Vec<String> {
        self.bodies().iter().map(|body| decode(body).unwrap().event_id.to_string()).collect()
    }
}

impl Publish for Carrier {
    async fn publish(&self, events: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        let mut state = self.0.lock().unwrap();
        let mut stuck: BTreeSet<&str> = BTreeSet::new();
        let mut outcomes = Vec::new();
        for event in events {
            let lane = event.metadata.aggregate_id.as_str();
            let place = state.seen;
            state.seen += 1;
            let outcome = if stuck.contains(lane) {
                Err(refusal(Class::Transient, "HeldBack"))
            } else if let Some((class, code)) = state.refuses.get(&event.event_id.to_string()) {
                Err(refusal(*class, code))
            } else if let Some((_, taken)) = state.trips.filter(|(at, _)| *at == place) {
                if taken {
                    state.arrived.push(event.encode().unwrap());
                }
                Err(refusal(Class::Transient, "ThrottlingException"))
            } else {
                state.arrived.push(event.encode().unwrap());
                Ok(())
            };
            if outcome.as_ref().is_err_and(|error| error.class == Class::Transient) {
                stuck.insert(lane);
            }
            outcomes.push(outcome);
        }
        outcomes
    }
}

/// A carrier that never answers.
struct Silent;

impl Publish for Silent {
    async fn publish(&self, _: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        std::future::pending().await
    }
}

/// A dead-letter queue.
#[derive(Debug, Clone, Default)]
struct Letters {
    taken: Arc<Mutex<Vec<Message>>>,
    broken: bool,
}

impl DeadLetters for Letters {
    async fn send(&self, messages: &[Message]) -> Vec<Result<(), AwsError>> {
        if self.broken {
            let (operation, code, message) = ("Test", "Throttled".to_owned(), String::new());
            return vec![Err(AwsError { class: Class::Transient, operation, code, message }); messages.len()];
        }
        self.taken.lock().unwrap().extend_from_slice(messages);
        vec![Ok(()); messages.len()]
    }
}

/// One deployment: the function of the bus and the topic, that of Kafka, and what they publish to.
#[derive(Debug, Clone, Default)]
struct World {
    bus: Carrier,
    topic: Carrier,
    letters: Letters,
    kafka: Carrier,
    kafka_letters: Letters,
    clock: SimulatedClock,
}

impl World {
    fn follow(&self, records: &[StreamRecord]) -> Followed {
        let Self { bus, topic, letters, clock, .. } = self.clone();
        follow(&Relay::new(BusAndTopic { bus, topic }, letters, clock), records)
    }

    fn follow_to_kafka(&self, records: &[StreamRecord]) -> Followed {
        let Self { kafka, kafka_letters, clock, .. } = self.clone();
        follow(&Relay::new(Kafka(kafka), kafka_letters, clock), records)
    }

    fn letters(&self) -> Vec<Message> {
        self.letters.taken.lock().unwrap().clone()
    }

    fn kafka_letters(&self) -> Vec<Message> {
        self.kafka_letters.taken.lock().unwrap().clone()
    }
}

fn follow<R: Route, L: DeadLetters>(
    relay: &Relay<R, L, SimulatedClock>,
    records: &[StreamRecord],
) -> Followed {
    let now = relay.clock.now();
    let deadline = Deadline::new(now, now.saturating_add(Duration::from_secs(30)));
    block_on(relay.follow(records.to_vec(), deadline))
}

/// Follows as the stream does, which restarts at the first failed record; answers how often.
fn follow_to_the_end(records: &[StreamRecord], follow: impl Fn(&[StreamRecord]) -> Followed) -> usize {
    let mut from = 0;
    for attempt in 1..=20 {
        match follow(&records[from..]).first_failed {
            Some(failed) => from += failed,
            None => return attempt,
        }
    }
    panic!("the shard is blocked at record {from}");
}

fn count(followed: &Followed, name: &str) -> u64 {
    followed.counts.iter().find(|(n, _)| *n == name).unwrap().1
}

fn attribute<'a>(letter: &'a Message, name: &str) -> Option<&'a str> {
    letter.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn from_json(value: Value) -> StreamRecord {
    serde_json::from_value(value).unwrap()
}

/// A stream record of the version `version` of the item at `key`.
fn record_json(number: usize, key: &str, version: u64, outbox: &str) -> Value {
    let old = (version > 1).then(|| json!({ "version": { "N": (version - 1).to_string() } }));
    json!({
        "eventID": format!("record-{number}"), "eventName": if version > 1 { "MODIFY" } else { "INSERT" },
        "awsRegion": "eu-central-1", "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/s",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_767_225_600, "SizeBytes": 100, "SequenceNumber": number.to_string(),
            "Keys": { "pk": { "S": key } },
            "NewImage": {
                "pk": { "S": key }, "version": { "N": version.to_string() }, "outbox": { "S": outbox },
                "seen": { "B": "AAECAw==" }
            },
            "OldImage": old,
        }
    })
}

/// The stream of two orders that were placed, secured and confirmed, as the store wrote it.
fn stream() -> Vec<StreamRecord> {
    let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
    let committer = Committer::new(memory.clone(), clock.clone(), Duration::from_mins(5));
    for n in [1_u8, 2] {
        let order_id = semel_contracts::OrderId::from_bytes([n; 16]);
        let place = semel_domain::PlaceOrder {
            order_id,
            customer: sample::customer(),
            lines: sample::order_lines(),
            total: sample::amount(),
            shipping_method: semel_contracts::events::ShippingMethod::Standard,
            ship_to: sample::address(),
            payment_method: "pm_card_visa".parse().unwrap(),
            fingerprint: "f".to_owned(),
            deadline: clock.now(),
        };
        let id = |m| semel_contracts::EventId::from_bytes([16 * n + m; 16]);
        let placed = Delivery {
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap()),
            ..Delivery::new(id(0), OrderInput::Place(Box::new(place)))
        };
        let expired = Delivery::new(id(1), OrderInput::Expire(order_id));
        for delivery in [placed, expired] {
            block_on(committer.handle::<Order>(&order_id.to_string(), Known::Unknown, &[delivery])).unwrap();
        }
    }
    let written = memory.published().into_iter().enumerate();
    written.map(|(n, (key, version, text))| from_json(record_json(n, &key, version, &text))).collect()
}

fn ids(records: &[StreamRecord]) -> Vec<String> {
    let events = records.iter().flat_map(|record| record::read(record).unwrap());
    events.map(|event| event.event_id.to_string()).collect()
}

#[test]
fn every_event_goes_to_the_bus_and_what_is_fanned_out_to_the_topic_as_well() {
    let world = World::default();
    let records = stream();
    let followed = world.follow(&records);
    assert_eq!(followed.first_failed, None);
    assert_eq!(world.bus.ids(), ids(&records));
    assert_eq!(
        world.topic.bodies(),
        world.bus.bodies(),
        "orders that are placed and cancelled are fanned out"
    );
    assert_eq!((count(&followed, "events"), count(&followed, "bus")), (4, 4));
    assert_eq!((count(&followed, "topic"), count(&followed, "skipped")), (4, 0));
}

#[test]
fn an_envelope_says_where_its_event_came_from() {
    let world = World::default();
    world.follow(&stream());
    let envelope = decode(&world.bus.bodies()[1]).unwrap();
    assert!(matches!(envelope.data, Event::OrderCancelled(_)));
    assert_eq!(envelope.timestamp, SimulatedClock::default().now());
    let metadata = envelope.metadata;
    let id = "01010101-0101-0101-0101-010101010101";
    assert_eq!((metadata.producer_id.as_str(), metadata.sequence), ("orders", 2));
    assert_eq!((metadata.aggregate_id.as_str(), metadata.correlation_id.as_str()), (id, id));
    assert_eq!(metadata.causation_id.unwrap().as_bytes(), &[17; 16]);
    assert_eq!(metadata.traceparent, None);
    let placed = decode(&world.bus.bodies()[0]).unwrap().metadata;
    assert!(placed.traceparent.is_some_and(|trace| trace.as_str().starts_with("00-0af7")));
}

#[test]
fn only_orders_that_are_placed_or_cancelled_are_fanned_out() {
    let world = World::default();
    let data = serde_json::to_string(&sample::paid()).unwrap();
    let outbox = format!(
        r#"{{"at":1,"events":[{{"id":"AQEBAQEBAQEBAQEBAQEBAQ","cause":"AgICAgICAgICAgICAgICAg","type":"PaymentProcessed","data":{data}}}]}}"#
    );
    let key = format!("payment#{}", sample::order_id());
    world.follow(&[from_json(record_json(0, &key, 3, &outbox))]);
    assert!(world.topic.bodies().is_empty());
    let envelope = decode(&world.bus.bodies()[0]).unwrap();
    assert_eq!((envelope.metadata.producer_id.as_str(), envelope.metadata.sequence), ("payments", 3));
}

/// An outbox with one event of a payment, at rest since before this build.
fn payment_outbox(event_type: &str, version: &str, data: &str) -> String {
    format!(
        r#"{{"at":1795366200123,"events":[{{"id":"AQEBAQEBAQEBAQEBAQEBAQ","cause":"AgICAgICAgICAgICAgICAg","type":"{event_type}",{version}"data":{data}}}]}}"#
    )
}

#[test]
fn an_event_is_published_in_the_version_it_was_written_in() {
    let key = format!("payment#{}", sample::order_id());
    let data = |rest: &str| {
        format!(
            r#"{{"order_id":"{}","amount":{{"amount":3998,"currency":"EUR"}},{rest}}}"#,
            sample::order_id()
        )
    };
    let old = data(r#""reason":"capture_failed""#);
    let new = data(r#""stage":"capture","reason":"card_declined""#);
    let mut read = Vec::new();
    for (stored, data, version) in [("", &old, "1.0"), (r#""v":"2.0","#, &new, "2.0")] {
        let world = World::default();
        let outbox = payment_outbox("PaymentDeclined", stored, data);
        world.follow(&[from_json(record_json(0, &key, 3, &outbox))]);
        let body: Value = serde_json::from_str(&world.bus.bodies()[0]).unwrap();
        assert_eq!(body["metadata"]["version"], version);
        assert_eq!(body["data"], serde_json::from_str::<Value>(data).unwrap(), "not touched");
        read.push(decode(&world.bus.bodies()[0]).unwrap());
    }
    assert_eq!(read[0], read[1], "whoever reads it finds the newest");
}

/// A ledger of Kafka's path knows an event by its bytes too: published again by another build, they must be the same.
#[test]
fn what_is_published_again_by_this_build_has_the_bytes_that_the_build_before_gave_it() {
    let world = World::default();
    let order = sample::order_id();
    let data = format!(
        r#"{{"order_id":"{order}","amount":{{"amount":3998,"currency":"EUR"}},"reason":"expired_card"}}"#
    );
    let outbox = payment_outbox("PaymentDeclined", "", &data);
    world.follow(&[from_json(record_json(0, &format!("payment#{order}"), 3, &outbox))]);
    let before = format!(
        r#"{{"event_id":"01010101-0101-0101-0101-010101010101","event_type":"PaymentDeclined","timestamp":"2026-11-22T16:50:00.123Z","data":{data},"metadata":{{"producer_id":"payments","version":"1.0","aggregate_id":"{order}","sequence":3,"correlation_id":"{order}","causation_id":"02020202-0202-0202-0202-020202020202"}}}}"#
    );
    assert_eq!(world.bus.bodies(), [before]);
}

#[test]
fn deletions_items_without_events_and_versions_that_stay_are_skipped() {
    let world = World::default();
    let outbox = r#"{"at":1,"events":[]}"#;
    let mut deleted = record_json(0, "order#1", 2, "{");
    deleted["eventName"] = "REMOVE".into();
    let mut counter = record_json(1, "sku#MUG", 2, outbox);
    counter["dynamodb"]["NewImage"].as_object_mut().unwrap().remove("outbox");
    let mut touched = record_json(2, "order#1", 2, "{");
    touched["dynamodb"]["OldImage"]["version"]["N"] = "2".into();
    let nothing = record_json(3, "order#1", 2, outbox);
    let followed = world.follow(&[deleted, counter, touched, nothing].map(from_json));
    assert_eq!((followed.first_failed, count(&followed, "skipped")), (None, 4));
    assert!(world.bus.bodies().is_empty() && world.letters().is_empty());
}

#[test]
fn a_shard_that_is_replayed_publishes_the_same_bytes() {
    let world = World::default();
    world.follow(&stream());
    let first = world.bus.bodies();
    world.follow(&stream());
    assert_eq!(world.bus.bodies()[first.len()..], first);
}

#[test]
fn a_carrier_that_fails_at_any_event_before_or_after_taking_it_gets_everything_in_order() {
    let records = stream();
    let all = ids(&records);
    for at in 0..all.len() {
        for taken in [false, true] {
            for failing in ["bus", "topic", "kafka"] {
                let mut world = World::default();
                let carrier = Carrier::tripping(at, taken);
                match failing {
                    "bus" => world.bus = carrier,
                    "topic" => world.topic = carrier,
                    _ => world.kafka = carrier,
                }
                let attempts = [
                    follow_to_the_end(&records, |rest| world.follow(rest)),
                    follow_to_the_end(&records, |rest| world.follow_to_kafka(rest)),
                ];
                let expected = if failing == "kafka" { [1, 2] } else { [2, 1] };
                assert_eq!(attempts, expected, "event {at} at {failing}");
                for carrier in [&world.bus, &world.topic, &world.kafka] {
                    let arrived = carrier.ids();
                    let first = |id: &String| arrived.iter().position(|a| a == id).expect("arrived");
                    assert!(
                        first(&all[0]) < first(&all[1]) && first(&all[2]) < first(&all[3]),
                        "{arrived:?}"
                    );
                }
                assert!(world.letters().is_empty() && world.kafka_letters().is_empty());
            }
        }
    }
}

#[test]
fn the_stream_restarts_at_the_first_record_that_is_not_published() {
    let world = World { bus: Carrier::tripping(2, false), ..World::default() };
    let records = stream();
    let followed = world.follow(&records);
    assert_eq!(followed.first_failed, Some(2));
    assert_eq!((count(&followed, "bus"), count(&followed, "topic")), (2, 4));
    assert_eq!(world.follow(&records[2..]).first_failed, None);
}

#[test]
fn an_event_that_is_refused_for_good_becomes_a_letter_and_its_neighbours_proceed() {
    let world = World::default();
    let records = stream();
    let bad = &ids(&records)[1];
    world.bus.refuse(bad, Class::Fatal, "EntryTooLarge");
    let followed = world.follow(&records);
    assert_eq!((followed.first_failed, count(&followed, "dead_lettered")), (None, 1));
    assert_eq!((world.bus.ids().len(), world.topic.ids().len()), (3, 4));
    let letter = &world.letters()[0];
    assert_eq!(attribute(letter, "event_id"), Some(bad.as_str()));
    assert_eq!(attribute(letter, "error_class"), Some("EntryTooLarge"));
    assert_eq!(
        (attribute(letter, "consumer"), attribute(letter, "record_id")),
        (Some("relay"), Some("record-1"))
    );
    assert!(letter.attributes.len() <= 10, "SQS takes ten");
    assert_eq!(decode(&letter.body).unwrap().event_id.to_string(), *bad, "ready to be published again");
}

#[test]
fn a_carrier_that_refuses_everybody_holds_the_stream_instead_of_emptying_it() {
    let world = World::default();
    let records = stream();
    for id in ids(&records) {
        world.topic.refuse(&id, Class::Fatal, "AuthorizationErrorException");
    }
    assert_eq!(world.follow(&records).first_failed, Some(0));
    assert!(world.letters().is_empty());
}

#[test]
fn an_outbox_that_cannot_be_read_becomes_a_letter_that_can_be_handed_in_again() {
    let world = World::default();
    let mut records = stream();
    for (bad, code) in [("{", "bad_outbox"), (r#"{"at":1,"events":[{"id":"x"}]}"#, "bad_outbox")] {
        records[1] = from_json(record_json(1, "order#1\u{FFFF}", 2, bad));
        let followed = world.follow(&records);
        assert_eq!((followed.first_failed, count(&followed, "bus")), (None, 3));
        let letter = world.letters().pop().unwrap();
        // The key has a character that ids do not, and that SQS does not take either.
        assert_eq!(attribute(&letter, "error_class"), Some("bad_key"), "{code}");
        assert!(!letter.body.contains('\u{FFFF}'));
        assert_eq!(serde_json::from_str::<StreamRecord>(&letter.body).unwrap(), records[1]);
        records[1] = from_json(record_json(1, "order#1", 2, bad));
        world.follow(&records);
        assert_eq!(attribute(&world.letters().pop().unwrap(), "error_class"), Some(code));
    }
}

#[test]
fn a_letter_that_cannot_be_sent_holds_the_stream_at_its_record() {
    let mut world = World::default();
    world.letters.broken = true;
    let mut records = stream();
    records[1] = from_json(record_json(1, "order#1", 2, "{"));
    let followed = world.follow(&records);
    assert_eq!((followed.first_failed, count(&followed, "dead_lettered")), (Some(1), 0));
    world.letters.broken = false;
    assert_eq!(world.follow(&records[1..]).first_failed, None);
    assert_eq!(world.letters().len(), 1);
}

#[test]
fn what_comes_again_anyway_gets_its_letter_then() {
    let world = World { bus: Carrier::tripping(0, false), ..World::default() };
    let mut records = stream();
    records[3] = from_json(record_json(3, "order#9", 2, "{"));
    assert_eq!(follow_to_the_end(&records, |rest| world.follow(rest)), 2);
    assert_eq!(world.letters().len(), 1, "one letter, though the record came twice");
}

#[test]
fn an_unknown_event_type_waits_for_a_newer_relay_but_not_for_ever() {
    let world = World::default();
    let mut records = stream();
    let outbox = r#"{"at":1,"events":[{"id":"AQEBAQEBAQEBAQEBAQEBAQ","cause":"AQEBAQEBAQEBAQEBAQEBAQ","type":"OrderSung","data":1}]}"#;
    records[2] = from_json(record_json(2, "order#2", 1, outbox));
    let followed = world.follow(&records);
    assert_eq!((followed.first_failed, count(&followed, "bus")), (Some(2), 2), "nothing passes it");
    assert!(world.letters().is_empty());
    world.clock.advance(Duration::from_mins(15));
    assert_eq!(world.follow(&records[2..]).first_failed, None);
    assert_eq!(attribute(&world.letters()[0], "error_class"), Some("unknown_event_type"));
}

#[test]
fn a_carrier_that_does_not_answer_in_time_has_its_events_repeated() {
    let World { topic, letters, clock, .. } = World::default();
    let relay = Relay::new(BusAndTopic { bus: Silent, topic: topic.clone() }, letters, clock);
    let followed = follow(&relay, &stream());
    assert_eq!((followed.first_failed, count(&followed, "bus")), (Some(0), 0));
    assert_eq!(topic.ids().len(), 4, "the other carrier has not waited");
}

#[test]
fn the_samples_are_answered_as_they_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/relay");
    for (case, published, dead_lettered) in
        [("good", 1, 0), ("duplicate", 2, 0), ("malformed", 1, 2), ("malformed-unknown-event-type", 0, 1)]
    {
        let text = std::fs::read_to_string(format!("{folder}/{case}.json")).unwrap();
        let event: semel_lambda::stream::StreamEvent = serde_json::from_str(&text).unwrap();
        let world = World::default();
        let followed = world.follow(&event.records);
        assert_eq!(followed.first_failed, None, "{case}");
        let counts = ["bus", "topic", "dead_lettered"].map(|name| count(&followed, name));
        assert_eq!(counts, [published, published, dead_lettered], "{case}");
        assert_eq!(world.bus.ids().len() as u64, published, "what leaves keeps the contract");

        let followed = world.follow_to_kafka(&event.records);
        assert_eq!(followed.first_failed, None, "{case}");
        let counts = ["kafka", "dead_lettered"].map(|name| count(&followed, name));
        assert_eq!(counts, [published, dead_lettered], "{case}");
        assert_eq!(world.kafka.bodies(), world.bus.bodies(), "the same bytes");
    }
}
