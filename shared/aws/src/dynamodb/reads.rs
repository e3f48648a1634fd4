//! Reads beside the aggregates: pages of a secondary index, and batches of items by key.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use semel_exactly_once::{Class, Clock, StoreError, Stored};

use super::aggregates::failed;
use super::item::{self, Item, PK, n};
use crate::SystemClock;
use crate::error::class_of;
use crate::requests::Requests;

const BATCH_GET: &str = "DynamoDB BatchGetItem";

/// Reads of one table.
#[derive(Debug, Clone)]
pub struct DynamoReads {
    client: Client,
    table: String,
}

/// One page of keys from an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Keys of the items, in the index's order.
    pub keys: Vec<String>,
    /// The last one's position if there are more: (key, sort value). Pass it as `after`.
    pub next: Option<(String, u64)>,
}

/// A query on a secondary index with a text partition key and a numeric sort key.
#[derive(Debug, Clone)]
pub struct IndexQuery<'a> {
    /// Name of the index.
    pub index: &'a str,
    /// Partition key: attribute and value.
    pub partition: (&'a str, &'a str),
    /// Name of the sort key's attribute.
    pub sort: &'a str,
    /// Only items whose sort key is at most this.
    pub up_to: Option<u64>,
    /// Whether the largest sort key comes first.
    pub newest_first: bool,
    /// Most keys on the page.
    pub limit: i32,
    /// Where the last page ended.
    pub after: Option<(&'a str, u64)>,
}

impl DynamoReads {
    /// Reads of `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// One page of an index (eventually consistent, as indexes are).
    pub async fn query(&self, query: &IndexQuery<'_>) -> Result<Page, StoreError> {
        let (attribute, value) = query.partition;
        let condition = match query.up_to {
            Some(_) => "#partition = :partition AND #sort <= :up_to",
            None => "#partition = :partition",
        };
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(query.index)
            .key_condition_expression(condition)
            .expression_attribute_names("#partition", attribute)
            .expression_attribute_values(":partition", AttributeValue::S(value.to_owned()))
            .scan_index_forward(!query.newest_first)
            .limit(query.limit);
        if let Some(up_to) = query.up_to {
            request = request
                .expression_attribute_names("#sort", query.sort)
                .expression_attribute_values(":up_to", n(up_to));
        }
        if let Some((key, sort)) = query.after {
            request = request
                .exclusive_start_key(PK, AttributeValue::S(key.to_owned()))
                .exclusive_start_key(attribute, AttributeValue::S(value.to_owned()))
                .exclusive_start_key(query.sort, n(sort));
        }
        let output =
            request.send().await.map_err(|error| failed("DynamoDB Query", value, class_of(&error), error))?;
        let keys = output.items().iter().filter_map(|i| item::text(i, PK)).map(str::to_owned).collect();
        let next = output
            .last_evaluated_key()
            .and_then(|last| Some((item::text(last, PK)?.to_owned(), item::number(last, query.sort)?)));
        Ok(Page { keys, next })
    }

    /// The items under `keys` (at most 100, each once), in no particular order; absent ones are left out.
    pub async fn items(&self, keys: &[String], consistent: bool) -> Result<Vec<Item>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys = keys.iter().map(|k| Item::from([(PK.to_owned(), AttributeValue::S(k.clone()))])).collect();
        batch_get(&self.client, &self.table, keys, consistent).await
    }

    /// The aggregates under `keys`, each with its key; absent ones are left out.
    pub async fn aggregates(&self, keys: &[String]) -> Result<Vec<(String, Stored)>, StoreError> {
        let items = self.items(keys, false).await?;
        let read = |found: Item| {
            let key = item::text(&found, PK).unwrap_or_default().to_owned();
            let stored = item::stored(found).map_err(|error| failed(BATCH_GET, &key, Class::Fatal, error))?;
            Ok((key, stored))
        };
        items.into_iter().map(read).collect()
    }

    /// One page of the table's items whose key starts with `prefix`. Reads the whole table: for catalogues and
    /// operators, not for a hot path.
    pub async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let mut request = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("begins_with(#pk, :prefix)")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()));
        if let Some(after) = after {
            request = request.exclusive_start_key(PK, AttributeValue::S(after.to_owned()));
        }
        let output =
            request.send().await.map_err(|error| failed("DynamoDB Scan", prefix, class_of(&error), error))?;
        let next = output.last_evaluated_key().and_then(|k| item::text(k, PK)).map(str::to_owned);
        Ok((output.items.unwrap_or_default(), next))
    }
}

/// Rounds of unprocessed keys before giving up.
const ROUNDS_MAX: u32 = 5;
/// Longest wait before the second round; the bound doubles with each.
const ROUND_WAIT_MS: u64 = 10;

pub(super) async fn batch_get(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
    consistent: bool,
) -> Result<Vec<Item>, StoreError> {
    let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build();
    let wanted = wanted.map_err(|error| failed(BATCH_GET, table, Class::Fatal, error))?;
    get_all(client, table, wanted, &Requests::default()).await
}

/// The items that are `wanted` of `table`, in no particular order. Keys that DynamoDB leaves unprocessed, because it
/// throttles or the answer is full, are asked for again.
pub(super) async fn get_all(
    client: &Client,
    table: &str,
    mut wanted: KeysAndAttributes,
    requests: &Requests,
) -> Result<Vec<Item>, StoreError> {
    let mut found = Vec::with_capacity(wanted.keys().len());
    for round in 0..ROUNDS_MAX {
        if round > 0 {
            let wait_ms = SystemClock.random() % (ROUND_WAIT_MS << round);
            SystemClock.sleep(Duration::from_millis(wait_ms)).await;
        }
        let output = client
            .batch_get_item()
            .request_items(table, wanted)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| failed(BATCH_GET, table, class_of(&error), error))?;
        requests.read(output.consumed_capacity());
        found.extend(output.responses.unwrap_or_default().remove(table).unwrap_or_default());
        match output.unprocessed_keys.unwrap_or_default().remove(table) {
            Some(rest) if !rest.keys().is_empty() => wanted = rest,
            Some(_) | None => return Ok(found),
        }
    }
    Err(failed(BATCH_GET, table, Class::Transient, Unprocessed))
}

#[derive(Debug, thiserror::Error)]
#[error("keys were left unprocessed {ROUNDS_MAX} times")]
struct Unprocessed;
