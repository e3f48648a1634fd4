//! Streams as the store writes them, and the relay over ports in memory, which fail when they are told to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use semel_aws::{AwsError, Message};
use semel_contracts::{RawEnvelope, decode};
use semel_domain::{Order, OrderInput};
use semel_exactly_once::{Class, Clock, Committer, Delivery, Known, Publish, PublishError};
use semel_lambda::Deadline;
use semel_lambda::sqs::DeadLetters;
use semel_lambda::stream::{Followed, Follower, StreamRecord};
use semel_testkit::{MemoryAggregates, SimulatedClock, block_on, sample};
use serde_json::{Value, json};

use crate::handler::Relay;
use crate::record;
use crate::route::{BusAndTopic, Kafka, Route};

/// A carrier that keeps its contract, and fails the events it is told to.
#[derive(Debug, Clone, Default)]
pub(super) struct Carrier(Arc<Mutex<State>>);

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

pub(super) fn refusal(class: Class, code: &str) -> PublishError {
    PublishError { class, operation: "Test", code: code.to_owned(), message: "test".to_owned() }
}

impl Carrier {
    pub(super) fn tripping(at: usize, taken: bool) -> Self {
        let carrier = Self::default();
        carrier.0.lock().unwrap().trips = Some((at, taken));
        carrier
    }

    pub(super) fn refuse(&self, id: &str, class: Class, code: &'static str) {
        self.0.lock().unwrap().refuses.insert(id.to_owned(), (class, code));
    }

    pub(super) fn bodies(&self) -> Vec<String> {
        self.0.lock().unwrap().arrived.clone()
    }

    pub(super) fn ids(&self) -> Vec<String> {
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
pub(super) struct Silent;

impl Publish for Silent {
    async fn publish(&self, _: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        std::future::pending().await
    }
}

/// A dead-letter queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Letters {
    taken: Arc<Mutex<Vec<Message>>>,
    pub(super) broken: bool,
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
pub(super) struct World {
    pub(super) bus: Carrier,
    pub(super) topic: Carrier,
    pub(super) letters: Letters,
    pub(super) kafka: Carrier,
    pub(super) kafka_letters: Letters,
    pub(super) clock: SimulatedClock,
}

impl World {
    pub(super) fn follow(&self, records: &[StreamRecord]) -> Followed {
        let Self { bus, topic, letters, clock, .. } = self.clone();
        follow(&Relay::new(BusAndTopic { bus, topic }, letters, clock), records)
    }

    pub(super) fn follow_to_kafka(&self, records: &[StreamRecord]) -> Followed {
        let Self { kafka, kafka_letters, clock, .. } = self.clone();
        follow(&Relay::new(Kafka(kafka), kafka_letters, clock), records)
    }

    pub(super) fn letters(&self) -> Vec<Message> {
        self.letters.taken.lock().unwrap().clone()
    }

    pub(super) fn kafka_letters(&self) -> Vec<Message> {
        self.kafka_letters.taken.lock().unwrap().clone()
    }
}

pub(super) fn follow<R: Route, L: DeadLetters>(
    relay: &Relay<R, L, SimulatedClock>,
    records: &[StreamRecord],
) -> Followed {
    let now = relay.clock.now();
    let deadline = Deadline::new(now, now.saturating_add(Duration::from_secs(30)));
    block_on(relay.follow(records.to_vec(), deadline))
}

/// Follows as the stream does, which restarts at the first failed record; answers how often.
pub(super) fn follow_to_the_end(
    records: &[StreamRecord],
    follow: impl Fn(&[StreamRecord]) -> Followed,
) -> usize {
    let mut from = 0;
    for attempt in 1..=20 {
        match follow(&records[from..]).first_failed {
            Some(failed) => from += failed,
            None => return attempt,
        }
    }
    panic!("the shard is blocked at record {from}");
}

pub(super) fn count(followed: &Followed, name: &str) -> u64 {
    followed.counts.iter().find(|(n, _)| *n == name).unwrap().1
}

pub(super) fn attribute<'a>(letter: &'a Message, name: &str) -> Option<&'a str> {
    letter.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

pub(super) fn from_json(value: Value) -> StreamRecord {
    serde_json::from_value(value).unwrap()
}

/// A stream record of the version `version` of the item at `key`.
pub(super) fn record_json(number: usize, key: &str, version: u64, outbox: &str) -> Value {
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
pub(super) fn stream() -> Vec<StreamRecord> {
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

pub(super) fn ids(records: &[StreamRecord]) -> Vec<String> {
    let events = records.iter().flat_map(|record| record::read(record).unwrap());
    events.map(|event| event.event_id.to_string()).collect()
}
