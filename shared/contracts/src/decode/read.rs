//! The single pass: an envelope, or an `EventBridge` event around one, straight into its types.
//!
//! Written by hand because the data's type depends on a neighbouring field; serde's own tagged enums would buffer.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Envelope, EventId, Family, Metadata, Timestamp};

/// An event as it came in.
pub(super) struct Incoming<'de, E> {
    pub(super) envelope: Envelope<E>,
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
struct Parts<'de, E: Family> {
    event_id: Option<EventId>,
    event_type: Option<E::Kind>,
    timestamp: Option<Timestamp>,
    data: Option<E>,
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

impl<'de, E: Family> Parts<'de, E> {
    fn none() -> Self {
        Self {
            event_id: None,
            event_type: None,
            timestamp: None,
            data: None,
            early_data: None,
            metadata: None,
        }
    }

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

    fn finish<F: Error>(self) -> Result<Envelope<E>, F> {
        let event_id = self.event_id.ok_or_else(|| F::missing_field("event_id"))?;
        let event_type = self.event_type.ok_or_else(|| F::missing_field("event_type"))?;
        let timestamp = self.timestamp.ok_or_else(|| F::missing_field("timestamp"))?;
        let data = match (self.data, self.early_data) {
            (Some(event), _) => event,
            (None, Some(raw)) => event_type
                .deserialize(&mut serde_json::Deserializer::from_str(raw.get()))
                .map_err(F::custom)?,
            (None, None) => return Err(F::missing_field("data")),
        };
        let metadata = self.metadata.ok_or_else(|| F::missing_field("metadata"))?;
        Ok(Envelope { event_id, timestamp, data, metadata })
    }
}

/// A bare envelope. Versions and ids are not compared here; [`decode`](crate::decode) does that.
impl<'de, E: Family> Deserialize<'de> for Envelope<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EnvelopeVisitor<E>(PhantomData<E>);

        impl<'de, E: Family> Visitor<'de> for EnvelopeVisitor<E> {
            type Value = Envelope<E>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event envelope: an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<E>, A::Error> {
                let mut parts = Parts::none();
                while let Some(key) = map.next_key::<Key>()? {
                    if !parts.take(&key, &mut map)? {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                parts.finish()
            }
        }

        deserializer.deserialize_map(EnvelopeVisitor(PhantomData))
    }
}

/// Reads either form.
pub(super) struct IncomingSeed<E>(pub(super) PhantomData<E>);

impl<'de, E: Family> DeserializeSeed<'de> for IncomingSeed<E> {
    type Value = Incoming<'de, E>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Incoming<'de, E>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, E: Family> Visitor<'de> for IncomingSeed<E> {
    type Value = Incoming<'de, E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event envelope, or an EventBridge event around one: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Incoming<'de, E>, A::Error> {
        let mut parts = Parts::none();
        let mut detail: Option<Envelope<E>> = None;
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
