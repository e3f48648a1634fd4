//! What fences, aggregates and parked records look like as items. Knows nothing of requests.
//!
//! | attribute of a fence | type | what |
//! | --- | --- | --- |
//! | `pk`, `sk` | S | `fence#<consumer>#<cluster>#<topic>-<partition>`, the epoch |
//! | `next` | N | every record below this offset is judged |
//! | `mark` | N | the watermark, in milliseconds, once there is one |
//! | `late` | N | events before it are late, in milliseconds |
//! | `seg` | S | name of the newest ledger segment, if there is one |
//! | `tail` | B | ids that are in no segment yet, 24 bytes each |
//! | `ok`, `dup`, `old`, `park` | N | records applied, duplicate, late, parked |
//!
//! A fence is written with every chunk, so its names are short: without a tail it stays below 300 bytes for names of
//! usual length, and 30 ids of tail fit into the first write unit.
//!
//! | attribute of a parked record | type | what |
//! | --- | --- | --- |
//! | `pk`, `sk` | S | `parked#<consumer>#<cluster>#<topic>-<partition>`, `<epoch>#<offset>` |
//! | `timestamp` | N | Kafka's, in milliseconds |
//! | `code`, `detail` | S | why |
//! | `event_id` | S | if it could be read |
//! | `key`, `value` | B | as they were; absent if null |
//! | `headers` | L | of lists of a name (S) and a value (B); absent if there are none |
//! | `object` | S | instead of the three: the object that holds them |
//!
//! An aggregate has `pk`, `sk`, `expires_at` and whatever its reducer writes, as S and N.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use semel_contracts::Timestamp;
use semel_exactly_once::batch::{
    Attributes, Delta, Fence, FenceKey, ItemKey, LedgerEntry, Parked, ParkedPayload, Scalar, SegmentRef,
    Totals,
};

use crate::dynamodb::item::{CorruptItem, EXPIRES_AT, Item, PK, n, number};

pub(super) const SK: &str = "sk";
pub(super) const NEXT: &str = "next";
pub(super) const TIMESTAMP: &str = "timestamp";
const MARK: &str = "mark";
const LATE: &str = "late";
const SEGMENT: &str = "seg";
const TAIL: &str = "tail";
const APPLIED: &str = "ok";
const DUPLICATE: &str = "dup";
const OLD: &str = "old";
const PARKED: &str = "park";

fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn b(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// The attributes that name an item.
pub(super) fn key(key: &ItemKey) -> Item {
    Item::from([(PK.to_owned(), s(&key.pk)), (SK.to_owned(), s(&key.sk))])
}

/// The item of a fence.
pub(super) fn of_fence(at: &FenceKey, fence: &Fence) -> Item {
    let mut item = key(&ItemKey { pk: at.pk(), sk: at.sk() });
    let mut put = |name: &str, value| item.insert(name.to_owned(), value);
    put(NEXT, n(fence.next_offset));
    put(LATE, n(fence.late_before.as_millis()));
    if let Some(watermark) = fence.watermark {
        put(MARK, n(watermark.as_millis()));
    }
    if let Some(segment) = &fence.segment {
        put(SEGMENT, s(segment.to_string()));
    }
    if !fence.tail.is_empty() {
        put(TAIL, b(fence.tail_bytes()));
    }
    let Totals { applied, duplicate, late, parked } = fence.totals;
    put(APPLIED, n(applied));
    put(DUPLICATE, n(duplicate));
    put(OLD, n(late));
    put(PARKED, n(parked));
    item
}

/// Reads a fence out of its item.
pub(super) fn fence(mut item: Item) -> Result<Fence, CorruptItem> {
    let needed = |name: &'static str| number(&item, name).ok_or_else(|| CorruptItem::new(name));
    let next_offset = number(&item, NEXT).ok_or_else(|| CorruptItem::new(NEXT))?;
    let late_before = Timestamp::from_millis(needed(LATE)?);
    let watermark = if item.contains_key(MARK) { Some(Timestamp::from_millis(needed(MARK)?)) } else { None };
    let totals = Totals {
        applied: needed(APPLIED)?,
        duplicate: needed(DUPLICATE)?,
        late: needed(OLD)?,
        parked: needed(PARKED)?,
    };
    let segment: Option<SegmentRef> = match item.get(SEGMENT) {
        None => None,
        Some(AttributeValue::S(name)) => Some(name.parse().map_err(|_| CorruptItem::new(SEGMENT))?),
        Some(_) => return Err(CorruptItem::new(SEGMENT)),
    };
    let tail = match item.remove(TAIL) {
        None => Vec::new(),
        Some(AttributeValue::B(bytes)) => {
            LedgerEntry::read_all(bytes.as_ref()).ok_or_else(|| CorruptItem::new(TAIL))?
        }
        Some(_) => return Err(CorruptItem::new(TAIL)),
    };
    Ok(Fence { next_offset, watermark, late_before, segment, tail, totals })
}

/// The item of a parked record.
pub(super) fn of_parked(at: &FenceKey, parked: &Parked) -> Item {
    let mut item = key(&ItemKey { pk: at.parked_pk(), sk: at.parked_sk(parked.offset) });
    let mut put = |name: &str, value| item.insert(name.to_owned(), value);
    put(TIMESTAMP, n(parked.timestamp.as_millis()));
    put("code", s(parked.code));
    put("detail", s(&parked.detail));
    if let Some(id) = parked.event_id {
        put("event_id", s(id.to_string()));
    }
    match &parked.payload {
        ParkedPayload::Inline { key, value, headers } => {
            if let Some(key) = key {
                put("key", b(key.as_slice()));
            }
            if let Some(value) = value {
                put("value", b(value.as_slice()));
            }
            if !headers.is_empty() {
                let header =
                    |(name, value): &(String, Vec<u8>)| AttributeValue::L(vec![s(name), b(value.as_slice())]);
                put("headers", AttributeValue::L(headers.iter().map(header).collect()));
            }
        }
        ParkedPayload::Object(object) => {
            put("object", s(object));
        }
    }
    item
}

/// An aggregate's attributes: texts and whole numbers, without what names the item.
pub(super) fn attributes(item: &Item) -> Attributes {
    let scalar = |(name, value): (&String, &AttributeValue)| {
        let number = || value.as_n().ok().and_then(|digits| digits.parse().ok()).map(Scalar::Number);
        let scalar = value.as_s().ok().map(|text| Scalar::Text(text.clone())).or_else(number);
        scalar.map(|scalar| (name.clone(), scalar))
    };
    item.iter().filter(|(name, _)| *name != PK && *name != SK).filter_map(scalar).collect()
}

/// A delta as an update's expression.
pub(super) struct Change {
    pub expression: String,
    pub names: HashMap<String, String>,
    pub values: HashMap<String, AttributeValue>,
}

impl Change {
    pub fn of(delta: &Delta) -> Self {
        let mut change = Self { expression: String::new(), names: HashMap::new(), values: HashMap::new() };
        let mut sets: Vec<String> = Vec::with_capacity(delta.set.len() + 1);
        for (name, value) in &delta.set {
            let value = match value {
                Scalar::Text(text) => s(text),
                Scalar::Number(number) => n(number),
            };
            sets.push(change.place(name, value, " = "));
        }
        if let Some(at) = delta.expires_at {
            sets.push(change.place(EXPIRES_AT, n(at.as_millis().div_ceil(1_000)), " = "));
        }
        let adds: Vec<String> =
            delta.add.iter().map(|(name, number)| change.place(name, n(number), " ")).collect();
        for (word, parts) in [("SET ", sets), ("ADD ", adds)] {
            if !parts.is_empty() {
                change.expression.push_str(word);
                change.expression.push_str(&parts.join(", "));
                change.expression.push(' ');
            }
        }
        change
    }

    fn place(&mut self, name: &str, value: AttributeValue, between: &str) -> String {
        let at = self.values.len();
        self.names.insert(format!("#{at}"), name.to_owned());
        self.values.insert(format!(":{at}"), value);
        format!("#{at}{between}:{at}")
    }
}
