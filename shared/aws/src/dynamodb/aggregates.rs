//! `DynamoAggregates`: one item per aggregate, one conditional write per commit.
//!
//! A plain commit is one `PutItem` that also returns what it lost against. Only a commit that moves counters or
//! spills ids is a transaction. Knows nothing of what the state means.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::{Adjustment, AggregateStore, Class, CommitError, StoreError, Stored, Write};

use super::item::{self, EXPIRES_AT, Item, PK, VERSION, n};
use crate::error::{class_of, class_of_code};
use crate::requests::Requests;

/// Aggregates of one table.
#[derive(Debug, Clone)]
pub struct DynamoAggregates {
    client: Client,
    table: String,
    requests: Requests,
}

impl DynamoAggregates {
    /// Aggregates in `table`; consumed capacity is reported to `requests`.
    pub fn new(client: Client, table: impl Into<String>, requests: Requests) -> Self {
        Self { client, table: table.into(), requests }
    }

    async fn put(&self, write: &Write<'_>) -> Result<(), CommitError> {
        let condition = Condition::on(write.expected);
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::of_write(write)))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(Some(condition.names))
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(lost)) => Err(CommitError::Conflict(
                    lost_against("DynamoDB PutItem", write.key, lost.item.clone())?,
                )),
                Some(PutItemError::TransactionConflictException(_)) => Err(CommitError::Busy),
                _ => Err(failed("DynamoDB PutItem", write.key, class_of(&error), error).into()),
            },
        }
    }

    async fn transact(&self, write: &Write<'_>) -> Result<(), CommitError> {
        const OPERATION: &str = "DynamoDB TransactWriteItems";
        let items =
            self.transaction(write).map_err(|error| failed(OPERATION, write.key, Class::Fatal, error))?;
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(write.token.to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                Ok(())
            }
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    let reasons = canceled.cancellation_reasons();
                    let class = class_of_cancelled(reasons);
                    let known = cancelled(write, reasons)?;
                    Err(known.unwrap_or_else(|| failed(OPERATION, write.key, class, error).into()))
                }
                _ => Err(failed(OPERATION, write.key, class_of(&error), error).into()),
            },
        }
    }

    /// The item first, then its counters, then its spilled ids: [`cancelled`] relies on that order.
    fn transaction(
        &self,
        write: &Write<'_>,
    ) -> Result<Vec<TransactWriteItem>, aws_sdk_dynamodb::error::BuildError> {
        let condition = Condition::on(write.expected);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item::of_write(write)))
            .condition_expression(condition.expression)
            .set_expression_attribute_names(Some(condition.names))
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        let mut items = vec![TransactWriteItem::builder().put(put).build()];
        for adjustment in write.adjust {
            items.push(TransactWriteItem::builder().update(self.adjustment(adjustment)?).build());
        }
        for entry in write.spill {
            let put = Put::builder()
                .table_name(&self.table)
                .item(PK, AttributeValue::S(spill_key(write.key, entry.id)))
                .item(EXPIRES_AT, n(entry.expires_s))
                .build()?;
            items.push(TransactWriteItem::builder().put(put).build());
        }
        Ok(items)
    }

    fn adjustment(&self, adjustment: &Adjustment) -> Result<Update, aws_sdk_dynamodb::error::BuildError> {
        // Written as "is there at least what is taken", because a condition cannot compute.
        let needed = adjustment.delta.min(0).unsigned_abs();
        Update::builder()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(adjustment.key.clone()))
            .update_expression("SET #counter = #counter + :delta")
            .condition_expression("#counter >= :needed")
            .expression_attribute_names("#counter", adjustment.attribute)
            .expression_attribute_values(":delta", n(adjustment.delta))
            .expression_attribute_values(":needed", n(needed))
            .build()
    }
}

impl AggregateStore for DynamoAggregates {
    async fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        const OPERATION: &str = "DynamoDB GetItem";
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(key.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| failed(OPERATION, key, class_of(&error), error))?;
        output
            .item
            .map(|found| item::stored(found).map_err(|e| failed(OPERATION, key, Class::Fatal, e)))
            .transpose()
    }

    async fn commit(&self, write: &Write<'_>) -> Result<(), CommitError> {
        if write.adjust.is_empty() && write.spill.is_empty() {
            self.put(write).await
        } else {
            self.transact(write).await
        }
    }

    async fn spilled(&self, key: &str, ids: &[EventId], now: Timestamp) -> Result<Vec<EventId>, StoreError> {
        let mut open = Vec::new();
        for chunk in ids.chunks(BATCH_GET_KEYS_MAX) {
            let mut keys: Vec<Item> = chunk
                .iter()
                .map(|id| Item::from([(PK.to_owned(), AttributeValue::S(spill_key(key, *id)))]))
                .collect();
            // BatchGetItem refuses a key twice.
            keys.sort_by(|a, b| item::text(a, PK).cmp(&item::text(b, PK)));
            keys.dedup();
            let found = crate::dynamodb::reads::batch_get(&self.client, &self.table, keys, true).await?;
            let open_at = |item: &Item| {
                let expires_s: Option<u64> = item::number(item, EXPIRES_AT);
                expires_s.is_some_and(|s| s > now.as_millis() / 1_000)
            };
            let found: Vec<Item> = found.into_iter().filter(open_at).collect();
            open.extend(chunk.iter().copied().filter(|id| {
                let wanted = spill_key(key, *id);
                found.iter().any(|item| item::text(item, PK) == Some(&wanted))
            }));
        }
        Ok(open)
    }
}

/// Keys that one `BatchGetItem` takes.
const BATCH_GET_KEYS_MAX: usize = 100;

/// A condition on the version that was read.
struct Condition {
    expression: &'static str,
    names: HashMap<String, String>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Condition {
    fn on(expected: Option<u64>) -> Self {
        match expected {
            None => Self {
                expression: "attribute_not_exists(#pk)",
                names: HashMap::from([("#pk".to_owned(), PK.to_owned())]),
                values: None,
            },
            Some(version) => Self {
                expression: "#version = :version",
                names: HashMap::from([("#version".to_owned(), VERSION.to_owned())]),
                values: Some(HashMap::from([(":version".to_owned(), n(version))])),
            },
        }
    }
}

/// What a cancelled transaction means; `None` if its reasons are none that the protocol knows.
fn cancelled(write: &Write<'_>, reasons: &[CancellationReason]) -> Result<Option<CommitError>, StoreError> {
    if let Some(lost) = reasons.first().filter(|r| failed_check(r)) {
        let newer = lost_against("DynamoDB TransactWriteItems", write.key, lost.item.clone())?;
        return Ok(Some(CommitError::Conflict(newer)));
    }
    // A conflict says nothing about the counters: try again before calling one short.
    if reasons.iter().any(|r| r.code() == Some("TransactionConflict")) {
        return Ok(Some(CommitError::Busy));
    }
    let counters = reasons.iter().skip(1).take(write.adjust.len()).enumerate();
    let short: Vec<usize> = counters.filter(|(_, r)| failed_check(r)).map(|(at, _)| at).collect();
    Ok((!short.is_empty()).then_some(CommitError::Short(short)))
}

pub(super) fn failed_check(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// A cancelled transaction has one error code whatever cancelled it: throttling shows in its reasons only.
pub(super) fn class_of_cancelled(reasons: &[CancellationReason]) -> Class {
    let mut codes = reasons.iter().filter_map(CancellationReason::code);
    if codes.any(|code| class_of_code(code) == Class::Transient) { Class::Transient } else { Class::Fatal }
}

fn lost_against(
    operation: &'static str,
    key: &str,
    found: Option<Item>,
) -> Result<Option<Box<Stored>>, StoreError> {
    found
        .map(|found| item::stored(found).map(Box::new).map_err(|e| failed(operation, key, Class::Fatal, e)))
        .transpose()
}

fn spill_key(key: &str, id: EventId) -> String {
    format!("{key}/seen/{id}")
}

pub(crate) fn failed(
    operation: &'static str,
    key: &str,
    class: Class,
    source: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError { class, operation, key: key.to_owned(), source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect()
    }

    #[test]
    fn a_throttled_transaction_may_succeed_later() {
        for code in ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"] {
            assert_eq!(class_of_cancelled(&reasons(&["None", code])), Class::Transient, "{code}");
        }
        for code in ["ValidationError", "ItemCollectionSizeLimitExceeded"] {
            assert_eq!(class_of_cancelled(&reasons(&["None", code])), Class::Fatal, "{code}");
        }
        assert_eq!(class_of_cancelled(&[]), Class::Fatal);
    }
}
