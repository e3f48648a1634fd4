//! Reads the payload as any JSON: whatever order, white space and escapes it has.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::event::{Decoded, Draft, Loading};

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    records: Partitions<'a>,
}

/// The partitions in the order of the payload.
struct Partitions<'a>(Vec<(Cow<'a, str>, Vec<WireRecord<'a>>)>);

#[derive(Deserialize)]
struct WireRecord<'a> {
    #[serde(borrow, default)]
    topic: Option<Cow<'a, str>>,
    #[serde(default)]
    partition: Option<i32>,
    offset: i64,
    #[serde(default)]
    timestamp: Option<i64>,
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    headers: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Partitions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartitionsVisitor;

        impl<'de> Visitor<'de> for PartitionsVisitor {
            type Value = Partitions<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of topic partitions with their records")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut partitions = Vec::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    partitions.push((name, map.next_value()?));
                }
                Ok(Partitions(partitions))
            }
        }

        deserializer.deserialize_map(PartitionsVisitor)
    }
}

/// Reads a payload. Fails if it is no JSON, or a record cannot be placed.
pub(super) fn read(payload: &[u8], loading: &mut Loading) -> Result<(), serde_json::Error> {
    let wire: Wire<'_> = serde_json::from_slice(payload)?;
    for (name, records) in wire.records.0 {
        // `topic-0`, for records that do not say themselves where they are from.
        let named = name.rsplit_once('-').and_then(|(topic, number)| Some((topic, number.parse().ok()?)));
        for record in records {
            let topic = record.topic.as_deref().or(named.map(|(topic, _)| topic));
            let partition = record.partition.or(named.map(|(_, number)| number));
            let (Some(topic), Some(partition)) = (topic, partition) else {
                let offset = record.offset;
                return Err(serde_json::Error::custom(format!("record {offset} has no topic or partition")));
            };
            let group = loading.partition(topic, partition);
            let draft = draft(&record, loading);
            loading.record(group, &draft);
        }
    }
    Ok(())
}

fn draft(record: &WireRecord<'_>, loading: &mut Loading) -> Draft {
    let mut draft = Draft {
        offset: record.offset,
        timestamp: record.timestamp.unwrap_or_default(),
        headers: loading.headers(),
        ..Draft::default()
    };
    match record.key.map(|raw| decode(raw, loading)) {
        Some((Ok(key), _)) => draft.key = Some(key),
        Some((Err(raw), _)) => (draft.key, draft.key_is_broken) = (Some(raw), true),
        None => {}
    }
    if let Some((value, is_strange)) = record.value.map(|raw| decode(raw, loading)) {
        (draft.value, draft.is_strange) = (Some(value), is_strange);
    }
    // What cannot be read of the headers is left out: they only go with what is parked.
    let headers: Vec<BTreeMap<Cow<'_, str>, Vec<i16>>> =
        record.headers.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    for (name, value) in headers.into_iter().flatten() {
        // Java's bytes have a sign.
        loading.header(&name, value.into_iter().map(|byte| byte.to_le_bytes()[0]));
    }
    draft
}

/// The bytes, or what stands in their place; and whether that is no string.
fn decode(raw: &RawValue, loading: &mut Loading) -> (Decoded, bool) {
    match serde_json::from_str::<Cow<'_, str>>(raw.get()) {
        Ok(text) => (loading.decode(text.as_bytes()), false),
        Err(_) => (Err(loading.keep(raw.get().as_bytes())), true),
    }
}
