//! What travels: an event with its identity, its time and where it came from.
//!
//! Reading is in `decode`; this file owns the shape and the writing.

use std::fmt;
use std::str::FromStr;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::text::text_type;
use crate::{
    AggregateId, ContractError, CorrelationId, Event, EventId, EventType, Family, Fault, InvalidValue, Kind,
    OrderId, ProducerId, Telemetry, TelemetryType, Timestamp,
};

/// The largest envelope, and the largest body that is decoded: 256 KiB, the least of what SNS, SQS and `EventBridge`
/// carry without being raised.
pub const MAX_ENVELOPE_BYTES: usize = 256 * 1024;

/// An event as it travels: on the bus as `detail`, over SNS and SQS as the message's body, over Kafka as the value.
/// `E` is the family it is of: an order's events unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<E = Event> {
    /// The event's identity; the key of its deduplication.
    pub event_id: EventId,
    /// When it happened, by the clock of its producer.
    pub timestamp: Timestamp,
    /// What happened. Its type is `event_type` on the wire.
    pub data: E,
    /// Where it came from.
    pub metadata: Metadata,
}

/// Where an event came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metadata {
    /// The service that produced it.
    pub producer_id: ProducerId,
    /// The version of the data's shape.
    pub version: SchemaVersion,
    /// The aggregate that emitted it: in an order's life the order's id, in telemetry the session's or the device's.
    pub aggregate_id: AggregateId,
    /// The version of the aggregate that emitted it, at most 2^53 - 1.
    #[serde(deserialize_with = "crate::integer::json_safe")]
    #[cfg_attr(feature = "schema", schemars(range(max = 9_007_199_254_740_991_u64)))]
    pub sequence: u64,
    /// Ties together everything that one request set off.
    pub correlation_id: CorrelationId,
    /// The event that it follows from, if it follows from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// W3C trace context of the work that emitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Traceparent>,
}

text_type! {
    /// W3C trace context: version, trace id, parent id and flags in lower-case hexadecimal.
    Traceparent, "a traceparent", "55 characters as W3C Trace Context has them: 00-<32 hex>-<16 hex>-<2 hex>",
    chars: 55..=55,
    pattern: "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
    accepts: |text| text.bytes().enumerate().all(|(at, byte)| match at {
        2 | 35 | 52 => byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    }),
}

/// The version of a data shape: readers of a major version understand all its minor versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaVersion {
    /// Moves when old readers cannot read the new shape.
    pub major: u16,
    /// Moves when fields are added that old readers may ignore.
    pub minor: u16,
}

impl SchemaVersion {
    /// The version that every event type begins with.
    pub const FIRST: Self = Self { major: 1, minor: 0 };
}

const INVALID_VERSION: InvalidValue = InvalidValue {
    what: "a version",
    rule: "major.minor, each 0 to 9999 without leading zeros, such as 1.0",
};

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for SchemaVersion {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let number = |digits: &str| -> Option<u16> {
            let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            let padded = digits.len() > 1 && digits.starts_with('0');
            if plain && !padded { digits.parse().ok() } else { None }
        };
        let (major, minor) = text.split_once('.').ok_or(INVALID_VERSION)?;
        Ok(Self {
            major: number(major).ok_or(INVALID_VERSION)?,
            minor: number(minor).ok_or(INVALID_VERSION)?,
        })
    }
}

impl Serialize for SchemaVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SchemaVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VersionVisitor;

        impl serde::de::Visitor<'_> for VersionVisitor {
            type Value = SchemaVersion;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}: {}", INVALID_VERSION.what, INVALID_VERSION.rule)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SchemaVersion, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(VersionVisitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SchemaVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SchemaVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": INVALID_VERSION.to_string(),
            "pattern": r"^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})$",
        })
    }
}

impl Envelope {
    /// Which type of event this is.
    pub const fn event_type(&self) -> EventType {
        self.data.kind()
    }

    /// The order whose life this event belongs to.
    pub const fn order_id(&self) -> OrderId {
        self.data.order_id()
    }
}

impl Envelope<Telemetry> {
    /// Which type of event this is.
    pub const fn event_type(&self) -> TelemetryType {
        self.data.kind()
    }
}

impl<E: Family> Envelope<E> {
    /// The JSON that travels. An envelope above [`MAX_ENVELOPE_BYTES`] is refused, before anything is committed.
    pub fn encode(&self) -> Result<String, ContractError> {
        encode(self, self.event_id, self.data.kind().name())
    }
}

/// Field order on the wire: `event_type` comes before `data`, so that a reader knows the type when it meets the data.
impl<E: Family> Serialize for Envelope<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut envelope = serializer.serialize_struct("Envelope", 5)?;
        envelope.serialize_field("event_id", &self.event_id)?;
        envelope.serialize_field("event_type", &self.data.kind())?;
        envelope.serialize_field("timestamp", &self.timestamp)?;
        envelope.serialize_field("data", &self.data)?;
        envelope.serialize_field("metadata", &self.metadata)?;
        envelope.end()
    }
}

/// An envelope around data that is JSON text already, such as an outbox's: the text is embedded as it is, neither
/// parsed nor written again. Same bytes as [`Envelope`] for the same event. Nothing checks the data against its type
/// here; the consumer's [`decode`](crate::decode) does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RawEnvelope<'a> {
    /// The event's identity.
    pub event_id: EventId,
    /// What type of event the data is.
    pub event_type: EventType,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The event's data as JSON text.
    #[serde(borrow)]
    pub data: &'a RawValue,
    /// Where it came from.
    pub metadata: Metadata,
}

impl RawEnvelope<'_> {
    /// The JSON that travels; see [`Envelope::encode`].
    pub fn encode(&self) -> Result<String, ContractError> {
        encode(self, self.event_id, self.event_type.as_str())
    }
}

fn encode(envelope: &impl Serialize, event_id: EventId, event_type: &str) -> Result<String, ContractError> {
    let refuse = |fault| ContractError::new(fault, Some(event_id), Some(event_type));
    let json = serde_json::to_string(envelope)
        .map_err(|error| refuse(Fault::NotJson { detail: error.to_string() }))?;
    if json.len() > MAX_ENVELOPE_BYTES {
        return Err(refuse(Fault::TooLarge { bytes: json.len() }));
    }
    Ok(json)
}

crate::strict::object!(Metadata);
