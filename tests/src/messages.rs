//! Events as consumers get them.

use semel_aws::SystemClock;
use semel_contracts::{Envelope, Event, EventId, Metadata};
use semel_exactly_once::Clock;
use uuid::Uuid;

/// A fresh event.
pub fn envelope(data: impl Into<Event>) -> Envelope {
    event_with_id(EventId::from_bytes(Uuid::new_v4().into_bytes()), data)
}

/// An event under an id that it has already.
pub fn event_with_id(event_id: EventId, data: impl Into<Event>) -> Envelope {
    const VALID: &str = "made of valid parts";
    let data: Event = data.into();
    let producer = data.source().rsplit('.').next().unwrap_or_default();
    let metadata = Metadata {
        producer_id: producer.parse().expect(VALID),
        version: data.kind().version(),
        aggregate_id: data.order_id().into(),
        sequence: 1,
        correlation_id: data.order_id().to_string().parse().expect(VALID),
        causation_id: None,
        traceparent: None,
    };
    Envelope { event_id, timestamp: SystemClock.now(), data, metadata }
}
