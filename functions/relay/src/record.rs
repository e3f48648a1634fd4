//! Reads a stream record: which events, if any, the version that it shows has emitted.
//!
//! Pure. The events borrow from the record; their data stays the text that it is. What is copied is the aggregate's
//! id (twice: it also is the correlation id), the producer's name and the trace context, since [`Metadata`] owns its
//! texts.

use std::time::Duration;

use semel_contracts::{
    AggregateId, CorrelationId, EventType, Metadata, ProducerId, RawEnvelope, Timestamp, Traceparent,
};
use semel_exactly_once::outbox::{self, OutboxEventRef};
use semel_lambda::stream::StreamRecord;
use serde_dynamo::{AttributeValue, Item};

/// How long a record with an unknown event type may wait for a relay that knows it. A deployment replaces functions
/// one after another, and the producer may come first.
const PATIENCE: Duration = Duration::from_mins(15);

/// Why a record's events cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// A short stable name.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub detail: String,
}

/// The name of what a newer relay might understand.
const UNKNOWN_EVENT_TYPE: &str = "unknown_event_type";

impl Unreadable {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// Whether the record shall wait rather than be passed over.
    pub fn may_wait(&self, record: &StreamRecord, now: Timestamp) -> bool {
        let created_ms = record.change.approximate_creation_date_time.timestamp_millis();
        let created = Timestamp::from_millis(u64::try_from(created_ms).unwrap_or(0));
        self.code == UNKNOWN_EVENT_TYPE && now.saturating_since(created) < PATIENCE
    }
}

/// The events that `record` brought, in order; none if it is a deletion, has no outbox, or its version did not move.
pub fn read<'a>(record: &'a StreamRecord) -> Result<Vec<RawEnvelope<'a>>, Unreadable> {
    let (old, new) = (&record.change.old_image, &record.change.new_image);
    if record.event_name == "REMOVE" || !new.contains_key("outbox") {
        return Ok(Vec::new());
    }
    let sequence = version(new).ok_or_else(|| Unreadable::new("no_version", "the item has no version"))?;
    if version(old) == Some(sequence) {
        return Ok(Vec::new());
    }
    let key = text(new, "pk").unwrap_or_default();
    let id = key.split_once('#').map_or("", |(_kind, id)| id);
    let bad_key =
        |error| Unreadable::new("bad_key", format!("{key:?} is not the key of an aggregate: {error}"));
    let aggregate_id = AggregateId::new(id).map_err(bad_key)?;
    let correlation_id = CorrelationId::new(id).map_err(bad_key)?;
    let outbox = text(new, "outbox")
        .ok_or_else(|| Unreadable::new("bad_outbox", "the outbox is not a text"))
        .and_then(|text| {
            outbox::decode(text).map_err(|error| Unreadable::new("bad_outbox", error.to_string()))
        })?;
    let timestamp = Timestamp::from_millis(outbox.at);
    let envelope = |event: OutboxEventRef<'a>| {
        let event_type = EventType::parse(event.event_type).ok_or_else(|| {
            Unreadable::new(UNKNOWN_EVENT_TYPE, format!("no event is called {:?}", event.event_type))
        })?;
        let metadata = Metadata {
            producer_id: producer(event_type)?,
            // As it was written: this relay may know a newer one, and the data are of the one that they are of.
            version: event.version,
            aggregate_id: aggregate_id.clone(),
            sequence,
            correlation_id: correlation_id.clone(),
            causation_id: Some(event.cause),
            // A broken trace context is no reason to hold an event back.
            traceparent: event.traceparent.and_then(|text| Traceparent::new(text).ok()),
        };
        Ok(RawEnvelope { event_id: event.id, event_type, timestamp, data: event.data, metadata })
    };
    outbox.events.into_iter().map(envelope).collect()
}

/// The service that alone may emit this type; its source on the bus is the name behind a prefix.
fn producer(event_type: EventType) -> Result<ProducerId, Unreadable> {
    let service = event_type.source().rsplit('.').next().unwrap_or_default();
    ProducerId::new(service).map_err(|error| Unreadable::new("bad_producer", error.to_string()))
}

fn version(image: &Item) -> Option<u64> {
    match image.get("version") {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        Some(_) | None => None,
    }
}

/// The text of an attribute.
pub fn text<'a>(image: &'a Item, attribute: &str) -> Option<&'a str> {
    match image.get(attribute) {
        Some(AttributeValue::S(text)) => Some(text),
        Some(_) | None => None,
    }
}
