//! Events to topics: the relay's port, on Kafka.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use semel_contracts::{EventType, RawEnvelope};
use semel_exactly_once::{Class, Publish, PublishError};

use crate::publisher::PRODUCE;
use crate::{KafkaError, Publisher, Record};

/// The topic of an event type: the service that alone emits it, such as `orders`.
pub fn topic_of(event_type: EventType) -> &'static str {
    let source = event_type.source();
    source.rsplit_once('.').map_or(source, |(_, service)| service)
}

/// Publishes events to the topic of their service, keyed by aggregate, so that an aggregate's events are in one
/// partition in their order. The value is the envelope as it travels elsewhere.
///
/// None overtakes an earlier one of its aggregate that failed. In a transaction that is so anyway. Without one, the
/// second event of an aggregate in a call is sent when the first was acknowledged: a call takes as many rounds as its
/// busiest aggregate has events.
#[derive(Debug)]
pub struct KafkaEvents {
    publisher: Publisher,
}

impl KafkaEvents {
    /// Publishes through `publisher`.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// What it publishes through.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    fn rounds(&self, events: &[RawEnvelope<'_>]) -> Vec<Vec<usize>> {
        if self.publisher.settings().transactional_id.is_some() {
            return vec![(0..events.len()).collect()];
        }
        let mut rounds: Vec<Vec<usize>> = Vec::new();
        let mut next: HashMap<&str, usize> = HashMap::new();
        for (place, event) in events.iter().enumerate() {
            let round = next.entry(event.metadata.aggregate_id.as_str()).or_default();
            if *round == rounds.len() {
                rounds.push(Vec::new());
            }
            rounds[*round].push(place);
            *round += 1;
        }
        rounds
    }
}

impl Publish for KafkaEvents {
    async fn publish(&self, events: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        let mut outcomes: Vec<Result<(), PublishError>> = vec![Ok(()); events.len()];
        let mut stuck: HashSet<&str> = HashSet::new();
        for round in self.rounds(events) {
            let mut places = Vec::with_capacity(round.len());
            let mut records = Vec::with_capacity(round.len());
            for place in round {
                let event = &events[place];
                if stuck.contains(event.metadata.aggregate_id.as_str()) {
                    outcomes[place] = Err(held_back().into());
                    continue;
                }
                match record(event) {
                    Ok(record) => {
                        places.push(place);
                        records.push(record);
                    }
                    Err(error) => outcomes[place] = Err(error.into()),
                }
            }
            for (place, outcome) in places.into_iter().zip(self.publisher.publish(&records).await) {
                outcomes[place] = outcome.map(drop).map_err(PublishError::from);
                if outcomes[place].as_ref().is_err_and(|error| !concerns_one(error)) {
                    stuck.insert(events[place].metadata.aggregate_id.as_str());
                }
            }
        }
        outcomes
    }
}

/// Whether the event alone is refused, for good: what follows need not wait for it.
fn concerns_one(error: &PublishError) -> bool {
    error.class == Class::Fatal
        && matches!(
            error.code.as_str(),
            "EntryTooLarge" | "MessageTooLarge" | "RecordListTooLarge" | "InvalidRecord"
        )
}

fn record(event: &RawEnvelope<'_>) -> Result<Record<'static>, KafkaError> {
    let value = event
        .encode()
        .map_err(|error| KafkaError::new(Class::Fatal, PRODUCE, error.fault().code(), &error.to_string()))?;
    let key = Bytes::copy_from_slice(event.metadata.aggregate_id.as_str().as_bytes());
    Ok(Record::new(topic_of(event.event_type), key, value))
}

fn held_back() -> KafkaError {
    let message = "an earlier event of the same aggregate could not be sent yet";
    KafkaError::new(Class::Transient, PRODUCE, "HeldBack", message)
}
