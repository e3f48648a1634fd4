//! Telemetry without copies: an event read as slices of the bytes that hold it, for whoever reads very many.
//!
//! [`decode_telemetry`] is the contract. What is here only comes to its verdict sooner, for events that are written
//! the way that nearly everybody writes them: [`EnvelopeRef::read`] either reads an event, and then `decode_telemetry`
//! reads it too and finds the same values, or it says nothing at all. It never refuses. Escapes in strings, objects in
//! unknown fields, data before its type, and everything that is wrong go to the other reader, which takes about ten
//! times as long and has the errors.
//!
//! [`TelemetryEvent::decode`] is both in one.

mod cursor;
mod hex;
pub mod number;
mod object;
mod scan;
mod telemetry;
mod text;

pub use telemetry::{
    CartUpdatedRef, ClientRef, DeviceReportedRef, ItemScannedRef, PageViewedRef, ProductViewedRef,
    ShelfCountedRef, TelemetryRef,
};
pub use text::TextRef;

use crate::{
    AggregateId, ContractError, CorrelationId, Envelope, EventId, MAX_ENVELOPE_BYTES, Metadata, ProducerId,
    SchemaVersion, Telemetry, TelemetryType, Timestamp, Traceparent, decode_telemetry,
};

use cursor::Cursor;
use object::{Read, fields, object};

object! {
    /// See [`Metadata`].
    pub struct MetadataRef<'a> of Metadata {
        /// The client that produced it.
        producer_id: TextRef<'a, ProducerId>,
        /// The version of the data's shape.
        version: SchemaVersion,
        /// The session or device.
        aggregate_id: TextRef<'a, AggregateId>,
        /// The client's own count of its events, at most 2^53 - 1.
        sequence: u64,
        /// Ties together everything that one request set off.
        correlation_id: TextRef<'a, CorrelationId>,
        /// The event that it follows from, if it follows from one.
        causation_id: Option<EventId>,
        /// W3C trace context of the work that emitted it.
        traceparent: Option<TextRef<'a, Traceparent>>,
    }
}

/// See [`Envelope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvelopeRef<'a> {
    /// The event's identity.
    pub event_id: EventId,
    /// When it happened, by the clock of its producer.
    pub timestamp: Timestamp,
    /// What was observed.
    pub data: TelemetryRef<'a>,
    /// Where it came from.
    pub metadata: MetadataRef<'a>,
}

impl<'a> EnvelopeRef<'a> {
    /// Reads an event. `None` says nothing about it: [`decode_telemetry`] has to be asked.
    pub fn read(value: &'a [u8]) -> Option<Self> {
        if value.len() > MAX_ENVELOPE_BYTES {
            return None;
        }
        let mut cursor = Cursor::new(value)?;
        let envelope = fields!(&mut cursor => {
            event_id: EventId,
            event_type: TelemetryType,
            timestamp: Timestamp,
            data: TelemetryRef<'a> = |cursor| TelemetryRef::read(event_type?, cursor),
            metadata: MetadataRef<'a>,
        } then {
            let agrees = metadata.version.major == event_type.version().major
                && metadata.aggregate_id.as_str() == data.aggregate();
            agrees.then_some(Self { event_id, timestamp, data, metadata })
        })?;
        cursor.ends().then_some(envelope)
    }

    /// The same event as a value of its own.
    pub fn to_envelope(&self) -> Envelope<Telemetry> {
        Envelope {
            event_id: self.event_id,
            timestamp: self.timestamp,
            data: self.data.to_value(),
            metadata: self.metadata.to_value(),
        }
    }
}

/// A telemetry event, without copies where that is possible.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every event is the large one, and lives for one step only"
)]
pub enum TelemetryEvent<'a> {
    /// Read in place.
    Borrowed(EnvelopeRef<'a>),
    /// Written in an unusual way, so that reading meant copying.
    Owned(Box<Envelope<Telemetry>>),
}

impl<'a> TelemetryEvent<'a> {
    /// Reads an event: the verdict, the values and the errors are those of [`decode_telemetry`].
    pub fn decode(value: &'a [u8]) -> Result<Self, ContractError> {
        match EnvelopeRef::read(value) {
            Some(envelope) => Ok(Self::Borrowed(envelope)),
            None => decode_telemetry(value).map(|envelope| Self::Owned(Box::new(envelope))),
        }
    }

    /// The event's identity.
    pub fn event_id(&self) -> EventId {
        match self {
            Self::Borrowed(envelope) => envelope.event_id,
            Self::Owned(envelope) => envelope.event_id,
        }
    }

    /// When it happened, by the clock of its producer.
    pub fn timestamp(&self) -> Timestamp {
        match self {
            Self::Borrowed(envelope) => envelope.timestamp,
            Self::Owned(envelope) => envelope.timestamp,
        }
    }
}
