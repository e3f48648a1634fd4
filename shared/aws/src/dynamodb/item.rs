//! What an aggregate's item looks like, and reading attributes from it. Knows nothing of requests.
//!
//! | attribute | type | what |
//! | --- | --- | --- |
//! | `pk` | S | `<kind>#<id>` |
//! | `version` | N | counts the writes |
//! | `state` | S | the aggregate as JSON |
//! | `seen` | B | ids applied inside the window, 20 bytes each |
//! | `spilled_until` | N | while ids of the window are kept in records of their own: seconds since the epoch |
//! | `outbox` | S | the events of this version |
//! | any other | S, N | keys of secondary indexes |

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use semel_exactly_once::{IndexValue, Seen, Stored, Write};

/// An item as the SDK hands it over.
pub type Item = HashMap<String, AttributeValue>;

pub(crate) const PK: &str = "pk";
pub(crate) const VERSION: &str = "version";
pub(crate) const STATE: &str = "state";
pub(crate) const SEEN: &str = "seen";
pub(crate) const SPILLED_UNTIL: &str = "spilled_until";
pub(crate) const OUTBOX: &str = "outbox";
/// Deleted by the table's TTL, seconds since the epoch.
pub(crate) const EXPIRES_AT: &str = "expires_at";

/// An item is not what this program writes.
#[derive(Debug, thiserror::Error)]
#[error("attribute {attribute} is missing or of another type")]
pub(crate) struct CorruptItem {
    attribute: &'static str,
}

impl CorruptItem {
    pub(crate) fn new(attribute: &'static str) -> Self {
        Self { attribute }
    }
}

/// A text attribute.
pub fn text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

/// A numeric attribute.
pub fn number<T: std::str::FromStr>(item: &Item, attribute: &str) -> Option<T> {
    item.get(attribute)?.as_n().ok()?.parse().ok()
}

pub(crate) fn n(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(format!("{value}"))
}

/// The item that a write leaves behind.
pub(crate) fn of_write(write: &Write<'_>) -> Item {
    let stored = write.stored;
    let mut item = Item::with_capacity(6 + write.index.len());
    item.insert(PK.to_owned(), AttributeValue::S(write.key.to_owned()));
    item.insert(VERSION.to_owned(), n(stored.version));
    item.insert(STATE.to_owned(), AttributeValue::S(stored.state.clone()));
    if !stored.seen.is_empty() {
        item.insert(SEEN.to_owned(), AttributeValue::B(Blob::new(stored.seen.as_bytes())));
    }
    if let Some(until) = stored.spilled_until_s {
        item.insert(SPILLED_UNTIL.to_owned(), n(until));
    }
    if let Some(outbox) = write.outbox {
        item.insert(OUTBOX.to_owned(), AttributeValue::S(outbox.to_owned()));
    }
    for (name, value) in write.index {
        let value = match value {
            IndexValue::Text(text) => AttributeValue::S(text.clone()),
            IndexValue::Number(number) => n(number),
        };
        item.insert((*name).to_owned(), value);
    }
    item
}

/// Reads the aggregate out of its item.
pub(crate) fn stored(mut item: Item) -> Result<Stored, CorruptItem> {
    let version = number(&item, VERSION).ok_or_else(|| CorruptItem::new(VERSION))?;
    let spilled_until_s = number(&item, SPILLED_UNTIL);
    let Some(AttributeValue::S(state)) = item.remove(STATE) else {
        return Err(CorruptItem::new(STATE));
    };
    let seen = match item.remove(SEEN) {
        None => Seen::default(),
        Some(AttributeValue::B(bytes)) => {
            Seen::from_bytes(bytes.into_inner()).ok_or_else(|| CorruptItem::new(SEEN))?
        }
        Some(_) => return Err(CorruptItem::new(SEEN)),
    };
    Ok(Stored { version, state, seen, spilled_until_s })
}
