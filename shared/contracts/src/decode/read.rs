//! The single pass: an envelope, or an `EventBridge` event around one, straight into its types.
//!
//! Written by hand because the data's type depends on a neighbouring field; serde's own tagged enums would buffer.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Envelope, Event, EventId, EventType, Metadata, Timestamp};

/// An event as it came in.
pub(super) struct Incoming<'de> {
    pub(super) envelope: Envelope,
    /// What the bus says about it, if it came over the bus.
    pub(super) bus: Option<Bus<'de>>,
}

/// The fields of an `EventBridge` event that repeat what the envelope says.
pub(super) struct Bus<'de> {
    pub(super) source: Cow<'de, str>,
    pub(super) detail_type: Cow<'de, str>,
}

/// Text that is borrowed unless it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    EventId,
    EventType,
    Timestamp,
    Data,
    Metadata,
    Detail,
    Source,
    #[serde(rename = "detail-type")]
    DetailType,
    #[serde(other)]
    Unknown,
}

/// The fields of an envelope, as far as they have been met.
#[derive(Default)]
struct Parts<'de> {
    event_id: Option<EventId>,
    event_type: Option<EventType>,
    timestamp: Option<Timestamp>,
    data: Option<Event>,
    /// The data, if it came before its type.
    early_data: Option<&'de RawValue>,
    metadata: Option<Metadata>,
}

fn fill<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

impl<'de> Parts<'de> {
    /// Takes the value of one field; says whether the key was one of the envelope's.
    fn take<A: MapAccess<'de>>(&mut self, key: &Key, map: &mut A) -> Result<bool, A::Error> {
        match key {
            Key::EventId => fill(&mut self.event_id, "event_id", map)?,
            Key::EventType => fill(&mut self.event_type, "event_type", map)?,
            Key::Timestamp => fill(&mut self.timestamp, "timestamp", map)?,
            Key::Metadata => fill(&mut self.metadata, "metadata", map)?,
            Key::Data => {
                if self.data.is_some() || self.early_data.is_some() {
                    return Err(A::Error::duplicate_field("data"));
                }
                match self.event_type {
                    Some(event_type) => self.data = Some(map.next_value_seed(event_type)?),
                    None => self.early_data = Some(map.next_value()?),
                }
            }
            Key::Detail | Key::Source | Key::DetailType | Key::Unknown => return Ok(false),
        }
        Ok(true)
    }

    fn finish<E: Error>(self) -> Result<Envelope, E> {
        let event_id = self.event_id.ok_or_else(|| E::missing_field("event_id"))?;
        let event_type = self.event_type.ok_or_else(|| E::missing_field("event_type"))?;
        let timestamp = self.timestamp.ok_or_else(|| E::missing_field("timestamp"))?;
        let data = match (self.data, self.early_data) {
            (Some(event), _) => event,
            (None, Some(raw)) => event_type
                .deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
                .map_err(E::custom)?,
            (None, None) => return Err(E::missing_field("data")),
        };
        let metadata = self.metadata.ok_or_else(|| E::missing_field("metadata"))?;
        Ok(Envelope { event_id, timestamp, data, metadata })
    }
}

/// A bare envelope. Versions and ids are not compared here; [`decode`](crate::decode) does that.
impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvelopeVisitor;

        impl<'de> Visitor<'de> for EnvelopeVisitor {
            type Value = Envelope;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event envelope: an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
                let mut parts = Parts::default();
                while let Some(key) = map.next_key::<Key>()? {
                    if !parts.take(&key, &mut map)? {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                parts.finish()
            }
        }

        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

/// Reads either form.
pub(super) struct IncomingSeed;

impl<'de> DeserializeSeed<'de> for IncomingSeed {
    type Value = Incoming<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Incoming<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for IncomingSeed {
    type Value = Incoming<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event envelope, or an EventBridge event around one: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Incoming<'de>, A::Error> {
        let mut parts = Parts::default();
        let mut detail: Option<Envelope> = None;
        let mut bus_source: Option<Text<'de>> = None;
        let mut bus_detail_type: Option<Text<'de>> = None;
        while let Some(key) = map.next_key::<Key>()? {
            if parts.take(&key, &mut map)? {
                continue;
            }
            match key {
                Key::Detail => fill(&mut detail, "detail", &mut map)?,
                Key::Source => fill(&mut bus_source, "source", &mut map)?,
                Key::DetailType => fill(&mut bus_detail_type, "detail-type", &mut map)?,
                Key::EventId | Key::EventType | Key::Timestamp | Key::Data | Key::Metadata | Key::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Some(envelope) = detail else {
            return Ok(Incoming { envelope: parts.finish()?, bus: None });
        };
        let source = bus_source.ok_or_else(|| A::Error::missing_field("source"))?.0;
        let detail_type = bus_detail_type.ok_or_else(|| A::Error::missing_field("detail-type"))?.0;
        Ok(Incoming { envelope, bus: Some(Bus { source, detail_type }) })
    }
}
