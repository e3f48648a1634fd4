//! `DynamoRecords`: stand-alone idempotency records, every change conditional on the owner.
//!
//! | attribute | type | what |
//! | --- | --- | --- |
//! | `pk` | S | `<consumer>#<id>` |
//! | `owner` | N | random token of the attempt |
//! | `fingerprint` | S | hash of the payload |
//! | `lease_until` | N | milliseconds since the epoch; absent once done |
//! | `expires_at` | N | seconds since the epoch: the table's TTL, compared in every condition as well |
//! | `response` | S | JSON, once done |

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use semel_contracts::Timestamp;
use semel_exactly_once::{Claimed, Class, Record, RecordStore, StoreError};

use super::aggregates::failed;
use super::item::{self, CorruptItem, EXPIRES_AT, Item, PK, n};
use crate::error::class_of;
use crate::requests::Requests;

const OWNER: &str = "owner";
const FINGERPRINT: &str = "fingerprint";
const LEASE_UNTIL: &str = "lease_until";
const RESPONSE: &str = "response";

/// Idempotency records in one table.
#[derive(Debug, Clone)]
pub struct DynamoRecords {
    client: Client,
    table: String,
    requests: Requests,
}

impl DynamoRecords {
    /// Records in `table`; consumed capacity is reported to `requests`.
    pub fn new(client: Client, table: impl Into<String>, requests: Requests) -> Self {
        Self { client, table: table.into(), requests }
    }
}

impl RecordStore for DynamoRecords {
    async fn claim(&self, key: &str, record: &Record, now: Timestamp) -> Result<Claimed, StoreError> {
        const OPERATION: &str = "DynamoDB PutItem";
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(key, record)))
            .condition_expression(
                "attribute_not_exists(#pk) OR #expires_at <= :now_s \
                 OR (#lease_until <= :now_ms AND #fingerprint = :fingerprint)",
            )
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_names("#lease_until", LEASE_UNTIL)
            .expression_attribute_names("#fingerprint", FINGERPRINT)
            .expression_attribute_values(":now_s", n(now.as_millis() / 1_000))
            .expression_attribute_values(":now_ms", n(now.as_millis()))
            .expression_attribute_values(":fingerprint", AttributeValue::S(record.fingerprint.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                Ok(Claimed::Won)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(held)) => {
                    let held = held.item.as_ref().ok_or_else(|| CorruptItem::new(PK)).and_then(record_of);
                    held.map(Claimed::Held).map_err(|e| failed(OPERATION, key, Class::Fatal, e))
                }
                _ => Err(failed(OPERATION, key, class_of(&error), error)),
            },
        }
    }

    async fn complete(
        &self,
        key: &str,
        owner: u64,
        response: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(key.to_owned()))
            // A completion repeated by its own owner (its answer was lost) succeeds again.
            .condition_expression("#owner = :owner")
            .update_expression("SET #response = :response, #expires_at = :expires_at REMOVE #lease_until")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_names("#response", RESPONSE)
            .expression_attribute_names("#expires_at", EXPIRES_AT)
            .expression_attribute_names("#lease_until", LEASE_UNTIL)
            .expression_attribute_values(":owner", n(owner))
            .expression_attribute_values(":response", AttributeValue::S(response.to_owned()))
            .expression_attribute_values(":expires_at", n(expires_at.as_millis().div_ceil(1_000)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(failed("DynamoDB UpdateItem", key, class_of(&error), error)),
            },
        }
    }

    async fn release(&self, key: &str, owner: u64) -> Result<bool, StoreError> {
        let request = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(key.to_owned()))
            .condition_expression("#owner = :owner AND attribute_exists(#lease_until)")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_names("#lease_until", LEASE_UNTIL)
            .expression_attribute_values(":owner", n(owner))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                Ok(true)
            }
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(failed("DynamoDB DeleteItem", key, class_of(&error), error)),
            },
        }
    }
}

fn item_of(key: &str, record: &Record) -> Item {
    let mut item = Item::from([
        (PK.to_owned(), AttributeValue::S(key.to_owned())),
        (OWNER.to_owned(), n(record.owner)),
        (FINGERPRINT.to_owned(), AttributeValue::S(record.fingerprint.clone())),
        (EXPIRES_AT.to_owned(), n(record.expires_at.as_millis().div_ceil(1_000))),
    ]);
    if let Some(until) = record.lease_until {
        item.insert(LEASE_UNTIL.to_owned(), n(until.as_millis()));
    }
    if let Some(response) = &record.response {
        item.insert(RESPONSE.to_owned(), AttributeValue::S(response.clone()));
    }
    item
}

fn record_of(found: &Item) -> Result<Record, CorruptItem> {
    let expires_s: u64 = item::number(found, EXPIRES_AT).ok_or_else(|| CorruptItem::new(EXPIRES_AT))?;
    Ok(Record {
        owner: item::number(found, OWNER).ok_or_else(|| CorruptItem::new(OWNER))?,
        fingerprint: item::text(found, FINGERPRINT).ok_or_else(|| CorruptItem::new(FINGERPRINT))?.to_owned(),
        lease_until: item::number(found, LEASE_UNTIL).map(Timestamp::from_millis),
        expires_at: Timestamp::from_millis(expires_s.saturating_mul(1_000)),
        response: item::text(found, RESPONSE).map(str::to_owned),
    })
}
