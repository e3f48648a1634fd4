//! What an order costs in DynamoDB: requests as the adapter counts them, units and sizes of every write.

use std::collections::BTreeMap;

use semel_aws::Aws;
use semel_contracts::Timestamp;
use semel_testkit::LocalDynamo;
use serde::Serialize;
use serde_json::Value;

use super::ports::Image;
use super::{Journey, Step, Stores, item, shop};

/// One step of the order's life.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Who.
    pub service: &'static str,
    /// What came in.
    pub about: String,
    /// Requests by name, without `DynamoDB.`.
    pub requests: BTreeMap<String, u64>,
    /// Write units that the database in this process reported, its indexes included.
    pub reported_units: f64,
    /// The items written.
    pub written: Vec<Written>,
}

/// One item written.
#[derive(Debug, Clone, Serialize)]
pub struct Written {
    /// The table's logical id.
    pub table: &'static str,
    /// What kind of item, the first part of its key.
    pub kind: String,
    /// Its version after the write; 0 for an item that has none.
    pub version: u64,
    /// Its size after the write.
    pub bytes: usize,
    /// Of these, the outbox.
    pub outbox_bytes: usize,
    /// How often it was written: once, or claimed and completed.
    pub writes: usize,
    /// Units of the writes themselves, doubled in a transaction.
    pub units: usize,
    /// Units of its indexes.
    pub index_units: usize,
}

impl Row {
    /// How often a request was made.
    pub fn count(&self, request: &str) -> u64 {
        self.requests.get(request).copied().unwrap_or_default()
    }

    /// All units that AWS bills for the writes.
    pub fn units(&self) -> usize {
        self.written.iter().map(|written| written.units + written.index_units).sum()
    }
}

/// Takes one order of so many lines from its placing to the parcel's arrival on a DynamoDB in this process.
pub async fn of_order(lines: usize) -> Vec<Row> {
    let dynamo = LocalDynamo::start().await;
    let aws = Aws::local(dynamo.endpoint()).await;
    let catalogue = aws.catalogue("InventoryTable");
    for (article, listed_at) in shop::articles().iter().zip(1..) {
        catalogue.list(article, Timestamp::from_secs(listed_at)).await.expect("an article is listed");
    }
    aws.requests().take();
    let mut journey = Journey::over(Stores {
        orders: aws.aggregates("OrdersTable"),
        payments: aws.aggregates("PaymentsTable"),
        inventory: aws.aggregates("InventoryTable"),
        shipments: aws.aggregates("ShipmentsTable"),
        records: aws.records("IdempotencyTable"),
        catalogue,
    });
    journey.order("7f9c2ba4-e88f-427d-9d3b-1d1f5d0c9a3e", lines);
    let mut rows = Vec::new();
    let mut records = 0;
    while let Some(step) = journey.step().await {
        let usage = aws.requests().take();
        let mut written: Vec<Written> = step.written.iter().flat_map(|image| weigh(&dynamo, image)).collect();
        for image in &step.written {
            let stored = stored(&dynamo, image.table, &image.new["pk"]);
            let newer = step.written.iter().filter(|other| other.new["pk"] == image.new["pk"]).count() > 1;
            assert!(newer || stored == image.new, "the adapter writes what is weighed here");
        }
        let in_table = dynamo.items("IdempotencyTable");
        if in_table.len() > records {
            records = in_table.len();
            written.extend(record(&step, &in_table));
        }
        let requests = usage.requests.into_iter();
        let requests =
            requests.map(|(name, n)| (name.trim_start_matches("DynamoDB.").to_owned(), n)).collect();
        let Step { service, about, .. } = step;
        rows.push(Row { service, about, requests, reported_units: usage.write_units, written });
    }
    rows
}

fn stored(dynamo: &LocalDynamo, table: &str, key: &Value) -> Value {
    let found = dynamo.items(table).into_iter().find(|item| item["pk"] == *key);
    found.unwrap_or_else(|| panic!("{table} has no {key}"))
}

/// The aggregate's item, and the counters that moved with it.
fn weigh(dynamo: &LocalDynamo, image: &Image) -> Vec<Written> {
    let transaction = if image.counters.is_empty() { 1 } else { 2 };
    let indexes = item::indexes(image.table);
    let weigh = |new: &Value, old: Option<&Value>| Written {
        table: image.table,
        kind: kind(new),
        version: new["version"]["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default(),
        bytes: item::bytes(new),
        outbox_bytes: new["outbox"]["S"].as_str().map_or(0, |text| "outbox".len() + text.len()),
        writes: 1,
        units: transaction * item::units(new, old),
        index_units: indexes.iter().map(|index| index.units(new, old)).sum(),
    };
    let counters = image.counters.iter().map(|key| {
        let counter = stored(dynamo, image.table, &serde_json::json!({ "S": key }));
        // Only its number moved.
        weigh(&counter, Some(&counter))
    });
    std::iter::once(weigh(&image.new, image.old.as_ref())).chain(counters).collect()
}

/// The idempotency record that a mail leaves: claimed by one write, completed by another. What it weighed when it was
/// claimed cannot be seen afterwards; it had a lease where it now has the mail's id.
fn record(step: &Step, records: &[Value]) -> Option<Written> {
    let id = serde_json::from_str::<Value>(&step.input).ok()?;
    let envelope = if id["detail"].is_object() { &id["detail"] } else { &id };
    let key = format!("notifications#{}", envelope["event_id"].as_str()?);
    let record = records.iter().find(|item| item["pk"]["S"] == *key)?;
    Some(Written {
        table: "IdempotencyTable",
        kind: kind(record),
        version: 0,
        bytes: item::bytes(record),
        outbox_bytes: 0,
        writes: 2,
        units: 2 * item::units(record, None),
        index_units: 0,
    })
}

fn kind(item: &Value) -> String {
    let key = item["pk"]["S"].as_str().unwrap_or_default();
    key.split('#').next().unwrap_or_default().to_owned()
}
