//! What the plain path costs in DynamoDB, held: one read and one conditional write an event, and items below 1 KB.
//!
//! `cargo semel bench` prints the same figures; docs/benchmarks.md quotes them.

#[allow(dead_code, reason = "shared with the benchmarks, which use other parts of it")]
mod journey;

use journey::cost::{Row, of_order};
use journey::item::{self, KeysOnly, UNIT_BYTES};
use journey::shop;
use serde_json::{Value, json};

/// Write units of the usual order's whole life, indexes included.
const UNITS_OF_A_LIFE: usize = 36;

/// Who, on hearing what, makes which requests.
type Promised = (&'static str, &'static str, &'static [(&'static str, u64)]);

/// Every step of the life of a usual order, and the requests that it makes.
const LIFE: [Promised; 18] = [
    ("storefront", "POST /orders", &[("BatchGetItem", 1), ("PutItem", 1)]),
    // No payment can be there yet, so nothing is read. The intent, then the gateway's answer.
    ("payments", "OrderCreated", &[("PutItem", 2)]),
    // Several articles and the reservation move together: the only transaction.
    ("inventory", "OrderCreated", &[("TransactWriteItems", 1)]),
    // Claimed, then completed with the mail's id.
    ("notifications", "OrderCreated", MAIL),
    ("orders", "PaymentAuthorized", PLAIN),
    ("orders", "InventoryReserved", PLAIN),
    ("payments", "OrderConfirmed", EFFECT),
    ("shipping", "OrderConfirmed", PLAIN),
    ("notifications", "OrderConfirmed", MAIL),
    ("orders", "PaymentProcessed", PLAIN),
    ("shipping", "PaymentProcessed", EFFECT),
    ("notifications", "PaymentProcessed", MAIL),
    ("orders", "ShipmentCreated", PLAIN),
    ("orders", "ShipmentDispatched", PLAIN),
    ("notifications", "ShipmentDispatched", MAIL),
    ("sweeper", "parcel arrived", PLAIN),
    ("orders", "ShipmentDelivered", PLAIN),
    ("notifications", "ShipmentDelivered", MAIL),
];
/// Read, decide, write.
const PLAIN: &[(&str, u64)] = &[("GetItem", 1), ("PutItem", 1)];
/// The same with an effect outside: its intent is a write, and so is its answer.
const EFFECT: &[(&str, u64)] = &[("GetItem", 1), ("PutItem", 2)];
const MAIL: &[(&str, u64)] = &[("PutItem", 1), ("UpdateItem", 1)];

fn requests(row: &Row) -> Vec<(&str, u64)> {
    row.requests.iter().map(|(name, count)| (name.as_str(), *count)).collect()
}

#[tokio::test]
async fn each_event_of_a_usual_order_costs_what_the_protocol_promises() {
    let rows = of_order(shop::LINES).await;
    let made: Vec<_> = rows.iter().map(|row| (row.service, row.about.as_str(), requests(row))).collect();
    let promised: Vec<_> = LIFE.iter().map(|(by, about, made)| (*by, *about, made.to_vec())).collect();
    assert_eq!(made, promised);
}

#[tokio::test]
async fn no_usual_item_takes_more_than_one_write_unit_a_write() {
    let rows = of_order(shop::LINES).await;
    let mut units = 0;
    for row in &rows {
        // DynamoDB writes each item of a transaction twice, and bills it so.
        let each = if row.count("TransactWriteItems") > 0 { 2 } else { 1 };
        for written in &row.written {
            assert!(written.bytes <= UNIT_BYTES, "{written:?}");
            assert_eq!(written.units, each * written.writes, "{written:?}");
        }
        // The rules of `item` and the database in this process agree on the bill.
        let (ours, reported) = (row.units(), row.reported_units);
        assert!((f64::from(u32::try_from(ours).unwrap_or(u32::MAX)) - reported).abs() < 0.1, "{row:?}");
        units += ours;
    }
    assert_eq!(units, UNITS_OF_A_LIFE, "docs/benchmarks.md quotes it");
}

#[test]
fn an_item_weighs_its_names_and_values() {
    let item = |value: Value| item::bytes(&json!({ "a": value }));
    assert_eq!(item::bytes(&json!({ "pk": { "S": "order#1" }, "version": { "N": "12" } })), 2 + 7 + 7 + 2);
    assert_eq!(item(json!({ "S": "\u{e9}" })), 1 + 2, "text counts in UTF-8");
    assert_eq!(item(json!({ "B": "AAECAw==" })), 1 + 4);
    for (digits, bytes) in
        [("0", 1), ("7", 2), ("12", 2), ("123", 3), ("1200", 2), ("-7", 3), ("1795366200000", 5)]
    {
        assert_eq!(item(json!({ "N": digits })), 1 + bytes, "{digits}");
    }
}

#[test]
fn a_write_is_billed_by_the_larger_of_before_and_after() {
    let item = |bytes: usize| json!({ "a": { "S": "x".repeat(bytes - 1) } });
    assert_eq!(item::units(&item(UNIT_BYTES), None), 1);
    assert_eq!(item::units(&item(UNIT_BYTES + 1), None), 2);
    assert_eq!(item::units(&item(10), Some(&item(UNIT_BYTES + 1))), 2);
}

#[test]
fn an_index_is_billed_when_its_entry_comes_moves_or_goes() {
    let index = KeysOnly { name: "due".to_owned(), attributes: vec!["shard".to_owned(), "at".to_owned()] };
    let entry = |at: &str| json!({ "pk": { "S": "a" }, "shard": { "S": "1" }, "at": { "N": at } });
    let none = json!({ "pk": { "S": "a" }, "shard": { "S": "1" } });
    let cases =
        [(&none, None, 0), (&entry("1"), None, 1), (&none, Some(&none), 0), (&entry("1"), Some(&none), 1)];
    for (new, old, units) in cases {
        assert_eq!(index.units(new, old), units, "{old:?} -> {new}");
    }
    assert_eq!(index.units(&entry("1"), Some(&entry("1"))), 0);
    assert_eq!(index.units(&entry("2"), Some(&entry("1"))), 2);
    assert_eq!(index.units(&none, Some(&entry("1"))), 1);
}
