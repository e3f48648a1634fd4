//! What is judged of an event, and nothing else of it: the same of one that was read in place and of one that could not
//! be.

use std::borrow::Cow;

use semel_contracts::borrowed::{EnvelopeRef, TelemetryEvent, TelemetryRef, TextRef};
use semel_contracts::{CustomerId, Envelope, EventId, Telemetry, TelemetryType, Timestamp};

/// What an event says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Facts<'a> {
    pub id: EventId,
    pub event_type: TelemetryType,
    pub timestamp: Timestamp,
    /// The session or the device.
    pub key: Cow<'a, str>,
    pub who: Who<'a>,
}

/// Who is said to have produced an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Who<'a> {
    /// A client, and for whom if it says so.
    Customer(Option<Cow<'a, str>>),
    /// A device, whose name is the event's key.
    Device,
}

impl<'a> From<TelemetryEvent<'a>> for Facts<'a> {
    fn from(event: TelemetryEvent<'a>) -> Self {
        match event {
            TelemetryEvent::Borrowed(envelope) => envelope.into(),
            TelemetryEvent::Owned(envelope) => (*envelope).into(),
        }
    }
}

impl<'a> From<EnvelopeRef<'a>> for Facts<'a> {
    fn from(envelope: EnvelopeRef<'a>) -> Self {
        let EnvelopeRef { event_id, timestamp, data, metadata: _ } = envelope;
        let customer = |id: Option<TextRef<'a, CustomerId>>| Who::Customer(id.map(|id| id.as_str().into()));
        let who = match &data {
            TelemetryRef::PageViewed(event) => customer(event.customer_id),
            TelemetryRef::ProductViewed(event) => customer(event.customer_id),
            TelemetryRef::CartUpdated(event) => customer(event.customer_id),
            TelemetryRef::ShelfCounted(_)
            | TelemetryRef::ItemScanned(_)
            | TelemetryRef::DeviceReported(_) => Who::Device,
        };
        Self { id: event_id, event_type: data.kind(), timestamp, key: data.aggregate().into(), who }
    }
}

impl From<Envelope<Telemetry>> for Facts<'_> {
    fn from(envelope: Envelope<Telemetry>) -> Self {
        let Envelope { event_id, timestamp, data, metadata } = envelope;
        let event_type = data.kind();
        let customer = |id: Option<CustomerId>| Who::Customer(id.map(|id| String::from(id).into()));
        let who = match data {
            Telemetry::PageViewed(event) => customer(event.customer_id),
            Telemetry::ProductViewed(event) => customer(event.customer_id),
            Telemetry::CartUpdated(event) => customer(event.customer_id),
            Telemetry::ShelfCounted(_) | Telemetry::ItemScanned(_) | Telemetry::DeviceReported(_) => {
                Who::Device
            }
        };
        // The contract has it that this is the data's session or device.
        Self { id: event_id, event_type, timestamp, key: String::from(metadata.aggregate_id).into(), who }
    }
}
