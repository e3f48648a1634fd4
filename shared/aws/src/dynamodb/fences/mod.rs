//! `DynamoFences`: fences, aggregates and parked records of one table, moved together by one transaction.
//!
//! An advance is one `TransactWriteItems`: the fence as a conditional put, each changed aggregate as an update, each
//! parked record as a put. Its token makes a repetition after an unknown outcome harmless. Nothing is retried here
//! beyond what the SDK does. What the items look like is in `item.rs`; knows nothing of what aggregates mean.

mod item;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, KeysAndAttributes, Put, ReturnConsumedCapacity, TransactWriteItem,
    Update,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use semel_contracts::Timestamp;
use semel_exactly_once::batch::{
    Advance, AdvanceError, Attributes, Delta, Fence, FenceKey, FenceStore, ItemKey,
};
use semel_exactly_once::{Class, StoreError};

use super::aggregates::{class_of_cancelled, failed, failed_check};
use super::item::{CorruptItem, Item, PK, number, text};
use super::reads::get_all;
use crate::error::{class_of, class_of_code};
use crate::requests::Requests;
use item::{NEXT, SK, TIMESTAMP};

const TRANSACT: &str = "DynamoDB TransactWriteItems";
const BATCH_GET: &str = "DynamoDB BatchGetItem";

/// Keys that one `BatchGetItem` takes.
const KEYS_MAX: usize = 100;

/// Fences of one table, with the aggregates and parked records beside them.
#[derive(Debug, Clone)]
pub struct DynamoFences {
    client: Client,
    table: String,
    requests: Requests,
}

impl DynamoFences {
    /// Fences in `table`; consumed capacity is reported to `requests`.
    pub fn new(client: Client, table: impl Into<String>, requests: Requests) -> Self {
        Self { client, table: table.into(), requests }
    }

    /// The items under `keys` (consistent reads), in no particular order; of each only `attribute` and its key if one
    /// is named.
    async fn items(&self, keys: &[ItemKey], attribute: Option<&str>) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(KEYS_MAX) {
            let mut wanted = KeysAndAttributes::builder()
                .set_keys(Some(chunk.iter().map(item::key).collect()))
                .consistent_read(true);
            if let Some(attribute) = attribute {
                wanted = wanted
                    .projection_expression("#pk, #sk, #attribute")
                    .expression_attribute_names("#pk", PK)
                    .expression_attribute_names("#sk", SK)
                    .expression_attribute_names("#attribute", attribute);
            }
            let wanted =
                wanted.build().map_err(|error| failed(BATCH_GET, &self.table, Class::Fatal, error))?;
            found.extend(get_all(&self.client, &self.table, wanted, &self.requests).await?);
        }
        Ok(found)
    }

    /// The fence first, then the aggregates, then the parked records: [`item_at`] relies on that order.
    fn transaction(&self, advance: &Advance<'_>) -> Result<Vec<TransactWriteItem>, BuildError> {
        let mut items = Vec::with_capacity(1 + advance.deltas.len() + advance.parked.len());
        items.push(TransactWriteItem::builder().put(self.fence(advance)?).build());
        for delta in changes(advance) {
            items.push(TransactWriteItem::builder().update(self.update(delta)?).build());
        }
        for parked in advance.parked {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item::of_parked(advance.key, parked)))
                .build()?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        Ok(items)
    }

    fn fence(&self, advance: &Advance<'_>) -> Result<Put, BuildError> {
        let put =
            Put::builder().table_name(&self.table).set_item(Some(item::of_fence(advance.key, advance.fence)));
        match advance.from {
            None => put
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", PK)
                .build(),
            Some(from) => put
                .condition_expression("#next = :from")
                .expression_attribute_names("#next", NEXT)
                .expression_attribute_values(":from", AttributeValue::N(from.to_string()))
                .build(),
        }
    }

    fn update(&self, delta: &Delta) -> Result<Update, BuildError> {
        let change = item::Change::of(delta);
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::key(&delta.key)))
            .update_expression(change.expression)
            .set_expression_attribute_names(Some(change.names))
            .set_expression_attribute_values(Some(change.values))
            .build()
    }
}

impl FenceStore for DynamoFences {
    async fn load(&self, key: &FenceKey) -> Result<Option<Fence>, StoreError> {
        const OPERATION: &str = "DynamoDB GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&ItemKey { pk: key.pk(), sk: key.sk() })))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| failed(OPERATION, &key.to_string(), class_of(&error), error))?;
        self.requests.read(output.consumed_capacity());
        let fence = output.item.map(item::fence).transpose();
        fence.map_err(|error| failed(OPERATION, &key.to_string(), Class::Fatal, error))
    }

    async fn parked(&self, key: &FenceKey, offsets: &[i64]) -> Result<Vec<Option<Timestamp>>, StoreError> {
        let of = |offset: &i64| ItemKey { pk: key.parked_pk(), sk: key.parked_sk(*offset) };
        let keys: Vec<ItemKey> = offsets.iter().map(of).collect();
        let found = self.items(&unique(&keys), Some(TIMESTAMP)).await?;
        let timestamp = |key: &ItemKey| {
            let Some(item) = found.iter().find(|item| is_at(item, key)) else { return Ok(None) };
            let corrupt = || failed(BATCH_GET, &named(key), Class::Fatal, CorruptItem::new(TIMESTAMP));
            let millis = number(item, TIMESTAMP).ok_or_else(corrupt)?;
            Ok(Some(Timestamp::from_millis(millis)))
        };
        keys.iter().map(timestamp).collect()
    }

    async fn recall(&self, keys: &[ItemKey]) -> Result<Vec<Option<Attributes>>, StoreError> {
        let found = self.items(&unique(keys), None).await?;
        Ok(keys.iter().map(|key| found.iter().find(|item| is_at(item, key)).map(item::attributes)).collect())
    }

    async fn advance(&self, advance: &Advance<'_>) -> Result<(), AdvanceError> {
        let items = self
            .transaction(advance)
            .map_err(|error| failed(TRANSACT, &advance.key.to_string(), Class::Fatal, error))?;
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(advance.token.to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                Ok(())
            }
            Err(error) => Err(refused(advance, error)),
        }
    }
}

/// `BatchGetItem` refuses a key twice.
fn unique(keys: &[ItemKey]) -> Vec<ItemKey> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn is_at(item: &Item, key: &ItemKey) -> bool {
    text(item, PK) == Some(&key.pk) && text(item, SK) == Some(&key.sk)
}

fn named(key: &ItemKey) -> String {
    format!("{} / {}", key.pk, key.sk)
}

/// What a transaction that was not accepted means.
fn refused(advance: &Advance<'_>, error: SdkError<TransactWriteItemsError, HttpResponse>) -> AdvanceError {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            let reasons = canceled.cancellation_reasons();
            if reasons.first().is_some_and(failed_check) {
                return AdvanceError::Moved;
            }
            if reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) {
                return AdvanceError::Busy;
            }
            let class = class_of_cancelled(reasons);
            // The item that the class is about: the transaction's own code is the same whatever went wrong.
            let at = reasons.iter().position(|reason| is_about(reason, class));
            let said = at.and_then(|at| reasons[at].message()).unwrap_or("no reason was given").to_owned();
            let key = at.map_or_else(|| advance.key.to_string(), |at| item_at(advance, at));
            failed(TRANSACT, &key, class, Cancelled { said, source: error }).into()
        }
        // This very transaction is still at work.
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => AdvanceError::Busy,
        _ => failed(TRANSACT, &advance.key.to_string(), class_of(&error), error).into(),
    }
}

/// Whether an item is why a transaction was cancelled with this class. Items that were fine have a reason, too.
fn is_about(reason: &CancellationReason, class: Class) -> bool {
    reason.code().is_some_and(|code| code != "None" && class_of_code(code) == class)
}

/// An update has to say something.
fn changes<'a>(advance: &Advance<'a>) -> impl Iterator<Item = &'a Delta> + use<'a> {
    let says = |delta: &&Delta| !delta.add.is_empty() || !delta.set.is_empty() || delta.expires_at.is_some();
    advance.deltas.iter().filter(says)
}

/// Names the item at a position of the transaction.
fn item_at(advance: &Advance<'_>, position: usize) -> String {
    let Some(position) = position.checked_sub(1) else { return advance.key.to_string() };
    if let Some(delta) = changes(advance).nth(position) {
        return named(&delta.key);
    }
    match advance.parked.get(position.saturating_sub(changes(advance).count())) {
        Some(parked) => format!("{} / {}", advance.key.parked_pk(), advance.key.parked_sk(parked.offset)),
        None => advance.key.to_string(),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the transaction was cancelled for this item: {said}")]
struct Cancelled {
    said: String,
    #[source]
    source: SdkError<TransactWriteItemsError, HttpResponse>,
}

#[cfg(test)]
mod tests;
