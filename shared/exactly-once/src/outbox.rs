//! The events of an item's newest version, as the item keeps them for the relay: compact JSON, nothing twice.
//!
//! What the item says elsewhere is left out: the aggregate's id is its key, the sequence its version.
//!
//! ```json
//! {"at":1764000000000,"events":[{"id":"<22 base64url>","cause":"<22 base64url>","type":"PaymentDeclined","v":"2.0","data":{}}]}
//! ```
//!
//! `v` is the version of the data as they were written, whatever the program that publishes them knows; 1.0 is left
//! out, which is what every outbox was of before there was another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use semel_contracts::{EventId, SchemaVersion, Timestamp, Traceparent};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::value::RawValue;

/// The events that one version emitted.
#[derive(Debug, Serialize)]
pub struct Outbox {
    /// When they happened, milliseconds since the epoch.
    pub at: u64,
    /// The events, in order.
    pub events: Vec<OutboxEvent>,
}

/// One event, owned: the writing side.
#[derive(Debug, Serialize)]
pub struct OutboxEvent {
    /// The event's id, derived from what caused it.
    #[serde(serialize_with = "write_id")]
    pub id: EventId,
    /// The id of the input that caused it.
    #[serde(serialize_with = "write_id")]
    pub cause: EventId,
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// The version of the data's shape.
    #[serde(rename = "v", skip_serializing_if = "is_first")]
    pub version: SchemaVersion,
    /// W3C trace context, if the input had one.
    #[serde(rename = "trace", skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Traceparent>,
    /// The event's data.
    pub data: Box<RawValue>,
}

/// The events that one version emitted, borrowed from the attribute's text: the relay's side.
#[derive(Debug, Deserialize)]
pub struct OutboxRef<'a> {
    /// When they happened, milliseconds since the epoch.
    pub at: u64,
    /// The events, in order.
    #[serde(borrow)]
    pub events: Vec<OutboxEventRef<'a>>,
}

/// One event, borrowed; its data stays the text it is.
#[derive(Debug, Deserialize)]
pub struct OutboxEventRef<'a> {
    /// The event's id.
    #[serde(deserialize_with = "read_id")]
    pub id: EventId,
    /// The id of the input that caused it.
    #[serde(deserialize_with = "read_id")]
    pub cause: EventId,
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: &'a str,
    /// The version of the data's shape, as they were written.
    #[serde(rename = "v", default = "first")]
    pub version: SchemaVersion,
    /// W3C trace context.
    #[serde(rename = "trace", default)]
    pub traceparent: Option<&'a str>,
    /// The event's data.
    #[serde(borrow)]
    pub data: &'a RawValue,
}

impl Outbox {
    /// An empty outbox of a write at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { at: now.as_millis(), events: Vec::new() }
    }

    /// The attribute's text; `None` if there is nothing to publish and the attribute is left out.
    pub fn encode(&self) -> Result<Option<String>, serde_json::Error> {
        if self.events.is_empty() { Ok(None) } else { serde_json::to_string(self).map(Some) }
    }
}

/// Reads an outbox attribute.
pub fn decode(text: &str) -> Result<OutboxRef<'_>, serde_json::Error> {
    serde_json::from_str(text)
}

fn first() -> SchemaVersion {
    SchemaVersion::FIRST
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_first(version: &SchemaVersion) -> bool {
    *version == SchemaVersion::FIRST
}

fn write_id<S: Serializer>(id: &EventId, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = [0; 22];
    // 16 bytes are always 22 characters.
    let length = URL_SAFE_NO_PAD.encode_slice(id.as_bytes(), &mut text).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(std::str::from_utf8(&text[..length]).map_err(serde::ser::Error::custom)?)
}

fn read_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EventId, D::Error> {
    let text = <&str>::deserialize(deserializer)?;
    // The decoder asks for room by its estimate, which is above the 16 bytes that come out.
    let mut bytes = [0; 18];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(D::Error::custom)?;
    let id =
        <[u8; 16]>::try_from(&bytes[..length]).map_err(|_| D::Error::custom("an event id has 16 bytes"))?;
    Ok(EventId::from_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_without_parsing_the_data() {
        let data = RawValue::from_string(r#"{"amount":1}"#.to_owned()).expect("JSON");
        let outbox = Outbox {
            at: 5,
            events: vec![OutboxEvent {
                id: EventId::from_bytes([1; 16]),
                cause: EventId::from_bytes([255; 16]),
                event_type: "OrderCreated",
                version: SchemaVersion::FIRST,
                traceparent: None,
                data,
            }],
        };
        let text = outbox.encode().expect("encodes").expect("not empty");
        let read = decode(&text).expect("decodes");
        assert_eq!(read.at, 5);
        assert_eq!(read.events[0].id, EventId::from_bytes([1; 16]));
        assert_eq!(read.events[0].cause, EventId::from_bytes([255; 16]));
        assert_eq!(read.events[0].event_type, "OrderCreated");
        assert_eq!(read.events[0].version, SchemaVersion::FIRST);
        assert_eq!(read.events[0].data.get(), r#"{"amount":1}"#);
    }

    #[test]
    fn the_version_of_writing_is_kept_and_the_first_costs_nothing() {
        let written = |version| {
            let data = RawValue::from_string("{}".to_owned()).expect("JSON");
            let id = EventId::from_bytes([1; 16]);
            let event = OutboxEvent { id, cause: id, event_type: "X", version, traceparent: None, data };
            Outbox { at: 5, events: vec![event] }.encode().expect("encodes").expect("not empty")
        };
        let newer = SchemaVersion { major: 2, minor: 13 };
        for version in [SchemaVersion::FIRST, newer] {
            let text = written(version);
            assert_eq!(decode(&text).expect("decodes").events[0].version, version);
        }
        assert_eq!(written(newer).len() - written(SchemaVersion::FIRST).len(), r#","v":"2.13""#.len());
        // As every program wrote it before versions were kept.
        let before = r#"{"at":5,"events":[{"id":"AQEBAQEBAQEBAQEBAQEBAQ","cause":"AQEBAQEBAQEBAQEBAQEBAQ","type":"X","data":{}}]}"#;
        assert_eq!(written(SchemaVersion::FIRST), before);
        let broken = before.replace(r#""data""#, r#""v":"two","data""#);
        assert!(decode(&broken).is_err());
    }

    #[test]
    fn nothing_to_publish_is_no_attribute() {
        assert!(Outbox::new(Timestamp::from_millis(1)).encode().expect("encodes").is_none());
    }

    #[test]
    fn an_id_of_another_length_is_refused() {
        let text = r#"{"at":1,"events":[{"id":"AAAA","cause":"AAAA","type":"X","data":1}]}"#;
        assert!(decode(text).is_err());
    }
}
