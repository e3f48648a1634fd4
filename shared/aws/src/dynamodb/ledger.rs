//! `DynamoLedger`: books in which every entry is written once, under its key, and never changed.
//!
//! | attribute | type | what |
//! | --- | --- | --- |
//! | `pk` | S | the entry's key |
//! | any other | S, N | what the entry says |
//!
//! Writing is one conditional `PutItem` that answers with what is there already, so that a repetition learns what
//! the first one did. Knows nothing of what the entries mean.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use semel_exactly_once::{Class, IndexValue, StoreError};

use super::aggregates::failed;
use super::item::{CorruptItem, Item, PK, n};
use crate::error::class_of;
use crate::requests::Requests;

/// What an entry says, by attribute; its key is not among them.
pub type Entry = BTreeMap<String, IndexValue>;

/// How the writing of an entry ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was written now.
    Fresh,
    /// There was an entry under this key, which stays: this one.
    Existing(Entry),
}

/// The ledger in one table.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
    requests: Requests,
}

impl DynamoLedger {
    /// The ledger in `table`; consumed capacity is reported to `requests`.
    pub fn new(client: Client, table: impl Into<String>, requests: Requests) -> Self {
        Self { client, table: table.into(), requests }
    }

    /// Writes `entry` unless there is one under `key`. May be repeated after an unknown outcome.
    pub async fn put_if_absent(&self, key: &str, entry: &Entry) -> Result<Recorded, StoreError> {
        const OPERATION: &str = "DynamoDB PutItem";
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(key, entry)))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                Ok(Recorded::Fresh)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(held)) => {
                    let entry = held.item.clone().ok_or_else(|| CorruptItem::new(PK)).and_then(entry_of);
                    entry.map(Recorded::Existing).map_err(|e| failed(OPERATION, key, Class::Fatal, e))
                }
                _ => Err(failed(OPERATION, key, class_of(&error), error)),
            },
        }
    }

    /// The entry under `key` (a consistent read).
    pub async fn find(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        const OPERATION: &str = "DynamoDB GetItem";
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(key.to_owned()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = request.send().await.map_err(|error| failed(OPERATION, key, class_of(&error), error))?;
        self.requests.read(output.consumed_capacity());
        let entry = output.item.map(entry_of).transpose();
        entry.map_err(|error| failed(OPERATION, key, Class::Fatal, error))
    }
}

fn item_of(key: &str, entry: &Entry) -> Item {
    let value = |value: &IndexValue| match value {
        IndexValue::Text(text) => AttributeValue::S(text.clone()),
        IndexValue::Number(number) => n(number),
    };
    let mut item: Item = entry.iter().map(|(name, v)| (name.clone(), value(v))).collect();
    item.insert(PK.to_owned(), AttributeValue::S(key.to_owned()));
    item
}

fn entry_of(mut item: Item) -> Result<Entry, CorruptItem> {
    item.remove(PK);
    let plain = |(name, value): (String, AttributeValue)| {
        let value = plain(&value).ok_or_else(|| CorruptItem::new("of a ledger's entry"))?;
        Ok((name, value))
    };
    item.into_iter().map(plain).collect()
}

/// The value, if it is of one of the two types that entries have.
fn plain(value: &AttributeValue) -> Option<IndexValue> {
    if let Ok(text) = value.as_s() {
        return Some(IndexValue::Text(text.clone()));
    }
    value.as_n().ok()?.parse().ok().map(IndexValue::Number)
}
