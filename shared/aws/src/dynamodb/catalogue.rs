//! `DynamoCatalogue`: what is for sale, one item per article, in the table where inventory keeps its reservations.
//!
//! | attribute | type | what |
//! | --- | --- | --- |
//! | `pk` | S | `sku#<SKU>` |
//! | `sku`, `name`, `currency` | S | the article |
//! | `unit_amount` | N | the price of one unit, in minor units |
//! | `available` | N | units that are free; reservations move it |
//! | `catalogue`, `listed_at` | S, N | the sparse index `catalogue`, which lists articles and nothing else |
//!
//! A delivery of new stock is an item of its own, `restock#<id>`: it guards against being counted twice, for good.
//! An article is never deleted: units that are held for orders come back to it. Knows nothing of reservations.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem, Update};
use semel_contracts::{EventId, Quantity, Sku, Timestamp};
use semel_domain::StockItem;
use semel_domain::stock::AVAILABLE;
use semel_exactly_once::{Class, StoreError};

use super::aggregates::{class_of_cancelled, failed, failed_check};
use super::item::{self, CorruptItem, Item, PK, n};
use super::reads::{DynamoReads, IndexQuery};
use crate::error::class_of;
use crate::requests::Requests;

/// Name of the index, and of the attribute that is its partition key.
const CATALOGUE: &str = "catalogue";
/// The value that all articles have there: a catalogue is small, and listing it is rare.
const EVERYTHING: &str = "all";
const LISTED_AT: &str = "listed_at";
const SKU: &str = "sku";
const NAME: &str = "name";
const UNIT_AMOUNT: &str = "unit_amount";
const CURRENCY: &str = "currency";

/// Articles of one table.
#[derive(Debug, Clone)]
pub struct DynamoCatalogue {
    client: Client,
    reads: DynamoReads,
    table: String,
    requests: Requests,
}

/// One page of the catalogue, the article listed first coming first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CataloguePage {
    /// The articles.
    pub articles: Vec<StockItem>,
    /// Where the page ended, if there are more: the last article and when it was listed. Pass it as `after`.
    pub next: Option<(Sku, u64)>,
}

/// What became of a delivery of new stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restocked {
    /// The units were added now.
    Added,
    /// The units were added before.
    Repeated,
    /// There is no such article; nothing was added.
    NotListed,
}

impl DynamoCatalogue {
    /// The catalogue in `table`; consumed capacity is reported to `requests`.
    pub fn new(client: Client, table: impl Into<String>, requests: Requests) -> Self {
        let table = table.into();
        Self { reads: DynamoReads::new(client.clone(), table.clone()), client, table, requests }
    }

    /// Lists an article with the units it starts with. Answers whether it did: an article that is there already
    /// stays as it is, its counter above all.
    pub async fn list(&self, article: &StockItem, now: Timestamp) -> Result<bool, StoreError> {
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(article, now)))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                return Ok(true);
            }
            Err(error) => error,
        };
        if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) {
            return Ok(false);
        }
        Err(failed("DynamoDB PutItem", &StockItem::key(&article.sku), class_of(&error), error))
    }

    /// Adds units to an article, once for each `delivery`, however often it is asked for.
    pub async fn restock(
        &self,
        sku: &Sku,
        units: Quantity,
        delivery: EventId,
    ) -> Result<Restocked, StoreError> {
        const OPERATION: &str = "DynamoDB TransactWriteItems";
        let key = StockItem::key(sku);
        let items = self
            .restocking(sku, units, delivery)
            .map_err(|error| failed(OPERATION, &key, Class::Fatal, error))?;
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items.into()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match request.send().await {
            Ok(output) => {
                self.requests.written(output.consumed_capacity());
                return Ok(Restocked::Added);
            }
            Err(error) => error,
        };
        let class = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                match cancelled.cancellation_reasons() {
                    [record, _] if failed_check(record) => return Ok(Restocked::Repeated),
                    [_, counter] if failed_check(counter) => return Ok(Restocked::NotListed),
                    reasons => class_of_cancelled(reasons),
                }
            }
            _ => class_of(&error),
        };
        Err(failed(OPERATION, &key, class, error))
    }

    /// The articles with these SKUs, in no particular order; those that are not listed are left out. Consistent:
    /// an article that was listed a moment ago is not refused.
    pub async fn articles(&self, skus: &[Sku]) -> Result<Vec<StockItem>, StoreError> {
        let mut keys: Vec<String> = skus.iter().map(StockItem::key).collect();
        // BatchGetItem refuses a key twice.
        keys.sort_unstable();
        keys.dedup();
        self.reads.items(&keys, true).await?.iter().map(article).collect()
    }

    /// One page of the catalogue, at most 100 articles, in the order in which they were listed. Eventually
    /// consistent, as indexes are.
    pub async fn page(&self, limit: u8, after: Option<(&Sku, u64)>) -> Result<CataloguePage, StoreError> {
        let after = after.map(|(sku, listed_at)| (StockItem::key(sku), listed_at));
        let query = IndexQuery {
            index: CATALOGUE,
            partition: (CATALOGUE, EVERYTHING),
            sort: LISTED_AT,
            up_to: None,
            newest_first: false,
            limit: i32::from(limit.clamp(1, 100)),
            after: after.as_ref().map(|(key, listed_at)| (key.as_str(), *listed_at)),
        };
        let page = self.reads.query(&query).await?;
        let found = self.reads.items(&page.keys, false).await?;
        // A batch comes in no order.
        let of_key = |key: &String| found.iter().find(|item| item::text(item, PK) == Some(key));
        let articles = page.keys.iter().filter_map(of_key).map(article).collect::<Result<_, _>>()?;
        let next = page.next.map(|(key, listed_at)| sku_of(&key).map(|sku| (sku, listed_at))).transpose()?;
        Ok(CataloguePage { articles, next })
    }

    fn restocking(
        &self,
        sku: &Sku,
        units: Quantity,
        delivery: EventId,
    ) -> Result<[TransactWriteItem; 2], aws_sdk_dynamodb::error::BuildError> {
        let record = Put::builder()
            .table_name(&self.table)
            .item(PK, AttributeValue::S(format!("restock#{delivery}")))
            .item(SKU, AttributeValue::S(sku.to_string()))
            .item("units", n(units))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK)
            .build()?;
        let counter = Update::builder()
            .table_name(&self.table)
            .key(PK, AttributeValue::S(StockItem::key(sku)))
            .update_expression("SET #available = #available + :units")
            .condition_expression("attribute_exists(#available)")
            .expression_attribute_names("#available", AVAILABLE)
            .expression_attribute_values(":units", n(units))
            .build()?;
        Ok([
            TransactWriteItem::builder().put(record).build(),
            TransactWriteItem::builder().update(counter).build(),
        ])
    }
}

fn item_of(article: &StockItem, listed_at: Timestamp) -> Item {
    let StockItem { sku, name, unit_amount, currency, available } = article;
    Item::from([
        (PK.to_owned(), AttributeValue::S(StockItem::key(sku))),
        (SKU.to_owned(), AttributeValue::S(sku.to_string())),
        (NAME.to_owned(), AttributeValue::S(name.clone())),
        (UNIT_AMOUNT.to_owned(), n(unit_amount.get())),
        (CURRENCY.to_owned(), AttributeValue::S(currency.code().to_owned())),
        (AVAILABLE.to_owned(), n(available)),
        (CATALOGUE.to_owned(), AttributeValue::S(EVERYTHING.to_owned())),
        (LISTED_AT.to_owned(), n(listed_at.as_millis())),
    ])
}

fn article(item: &Item) -> Result<StockItem, StoreError> {
    let read = || {
        let text = |attribute| item::text(item, attribute).ok_or(CorruptItem::new(attribute));
        let corrupt = |attribute| move || CorruptItem::new(attribute);
        let unit_amount: i64 = item::number(item, UNIT_AMOUNT).ok_or_else(corrupt(UNIT_AMOUNT))?;
        Ok(StockItem {
            sku: text(SKU)?.parse().map_err(|_| CorruptItem::new(SKU))?,
            name: text(NAME)?.to_owned(),
            unit_amount: unit_amount.try_into().map_err(|_| CorruptItem::new(UNIT_AMOUNT))?,
            currency: text(CURRENCY)?.parse().map_err(|_| CorruptItem::new(CURRENCY))?,
            available: item::number(item, AVAILABLE).ok_or_else(corrupt(AVAILABLE))?,
        })
    };
    read().map_err(|error: CorruptItem| {
        let key = item::text(item, PK).unwrap_or_default();
        failed("DynamoDB BatchGetItem", key, Class::Fatal, error)
    })
}

fn sku_of(key: &str) -> Result<Sku, StoreError> {
    let sku = key.split_once('#').and_then(|(_, sku)| sku.parse().ok());
    sku.ok_or_else(|| failed("DynamoDB Query", key, Class::Fatal, CorruptItem::new(PK)))
}
