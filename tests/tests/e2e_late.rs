//! What comes late, again or out of a dead-letter queue, on the deployed stack: one effect, and one winner.

use std::collections::BTreeMap;
use std::time::Duration;

use semel_contracts::events::{InventoryReserved, PaymentAuthorized};
use semel_contracts::{EventId, OrderLine, StockLine};
use semel_domain::PlaceOrder;
use semel_exactly_once::fingerprint;
use semel_tests::{
    Goods, Stack, assert_books_match, assert_subjects, confirmed, created, envelope, event_with_id,
    eventually, wait_for_mails,
};
use serde_json::{Value, json};

/// How long the orders of these tests may stay pending: longer than the tests take.
const WHILE: Duration = Duration::from_mins(30);

fn authorized(order: &PlaceOrder) -> PaymentAuthorized {
    let authorization_id = "au_of_a_test".parse().expect("a reference");
    PaymentAuthorized { order_id: order.order_id, amount: order.total, authorization_id }
}

fn reserved(order: &PlaceOrder) -> InventoryReserved {
    let held = |line: &OrderLine| StockLine { sku: line.sku.clone(), quantity: line.quantity };
    InventoryReserved { order_id: order.order_id, lines: order.lines.map(held) }
}

#[test]
fn an_order_past_its_deadline_is_cancelled_once_and_late_success_changes_nothing() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let order = goods.order(Duration::ZERO);
    let order_id = order.order_id.to_string();
    stack.put_silent(&order);

    // Nobody sweeps here: the schedule of the stack does, within a minute.
    let cancelled = stack.wait_for_status(&order_id, "cancelled");
    assert_eq!(cancelled.text("cancellation_reason"), "deadline_passed");
    let late = [envelope(authorized(&order)), envelope(reserved(&order))];
    stack.send("Orders", &late.map(|event| event.encode().expect("small")));
    stack.wait_until_consumed("Orders");
    stack.sweep();

    assert_eq!(stack.order(&order_id), cancelled);
    assert_eq!(cancelled.timeline().iter().filter(|what| **what == "cancelling").count(), 1);
    assert_eq!(stack.bookings(&order_id), BTreeMap::new());
    assert_eq!(stack.available(&goods.sku), Some(1_000));
    let mails = wait_for_mails(&stack, order.customer.customer_id.as_str(), 1);
    assert_subjects(&mails, &["Your order is cancelled"]);
}

#[test]
fn a_deadline_and_a_success_at_the_same_moment_have_one_winner() {
    let stack = Stack::from_environment();
    for n in 0..6 {
        let goods = Goods::usual(&stack);
        // Around the time that securing money and stock takes.
        let order = goods.order(Duration::from_millis(10 * n));
        let order_id = order.order_id.to_string();
        stack.put(&order);
        let ended = eventually(&format!("order {order_id} comes to an end"), || {
            stack.sweep();
            let order = stack.order(&order_id);
            let ended = matches!(order.text("status"), "delivered" | "cancelled");
            if ended { Ok(order) } else { Err(format!("{order:?}")) }
        });
        let timeline = ended.timeline();
        let won = ["confirmed", "cancelling"].map(|end| timeline.iter().filter(|what| **what == end).count());
        assert!(won == [1, 0] || won == [0, 1], "{ended:?}");
        assert_books_match(&stack, &ended, &goods, 1);
        let told = if won == [1, 0] { 5 } else { 2 };
        let mails = wait_for_mails(&stack, order.customer.customer_id.as_str(), told);
        assert_eq!(mails.len(), told, "{mails:?}");
    }
}

/// Everything that is kept for an order, apart from the mails.
fn kept(stack: &Stack, order_id: &str) -> Vec<Value> {
    let tables = [
        ("OrdersTableName", "order"),
        ("PaymentsTableName", "payment"),
        ("InventoryTableName", "reservation"),
        ("ShipmentsTableName", "shipment"),
    ];
    let kept = tables.map(|(table, kind)| {
        let item = stack.item(table, &format!("{kind}#{order_id}"));
        let item = item.unwrap_or_else(|| panic!("there is no {kind} of {order_id}"));
        let text = |name: &str| semel_aws::dynamodb::text(&item, name).map(str::to_owned);
        let version: Option<u64> = semel_aws::dynamodb::number(&item, "version");
        json!({ "kind": kind, "version": version, "state": text("state"), "outbox": text("outbox") })
    });
    kept.into()
}

#[test]
fn events_that_come_again_under_new_messages_have_no_second_effect() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let mut order = goods.order(WHILE);
    order.fingerprint = fingerprint(b"of a test");
    let order_id = order.order_id.to_string();
    stack.put(&order);
    stack.wait_for_status(&order_id, "delivered");
    let customer_id = order.customer.customer_id.as_str();
    wait_for_mails(&stack, customer_id, 5);
    let before = (kept(&stack, &order_id), stack.bookings(&order_id), stack.available(&goods.sku));

    // As a redrive brings it: the same event under a new message. Then under a new id too: after the window
    // nobody knows the old one any more, and only the state machines are left to say no.
    let placing = EventId::derive_from(&["place", &order_id, &order.fingerprint]);
    let again =
        event_with_id(EventId::derive("orders", placing, 0), created(&order)).encode().expect("small");
    let late = envelope(created(&order)).encode().expect("small");
    stack.send("Notifications", std::slice::from_ref(&again));
    for consumer in ["Payments", "Inventory"] {
        stack.send(consumer, &[again.clone(), late.clone(), again.clone()]);
    }
    let confirmed_again = envelope(confirmed(&order)).encode().expect("small");
    for consumer in ["Payments", "Shipping"] {
        stack.send(consumer, std::slice::from_ref(&confirmed_again));
    }
    let facts = [envelope(authorized(&order)), envelope(reserved(&order))];
    stack.send("Orders", &facts.map(|event| event.encode().expect("small")));
    for consumer in ["Notifications", "Payments", "Inventory", "Shipping", "Orders"] {
        stack.wait_until_consumed(consumer);
    }

    let after = (kept(&stack, &order_id), stack.bookings(&order_id), stack.available(&goods.sku));
    assert_eq!(after, before);
    assert_eq!(wait_for_mails(&stack, customer_id, 5).len(), 5);
}

#[test]
fn a_dead_letter_takes_effect_once_it_is_redriven() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let order = goods.order(WHILE);
    let order_id = order.order_id.to_string();
    let event = envelope(reserved(&order));
    let body = event.encode().expect("small");

    // Given a fact about an order that is not there.
    stack.send("Orders", std::slice::from_ref(&body));
    let letter = stack.wait_for_dead_letter("Orders", |found| found == body);
    assert_eq!(letter.attributes.get("error_class").map(String::as_str), Some("rejected"), "{letter:?}");
    assert_eq!(letter.attributes.get("event_id"), Some(&event.event_id.to_string()), "{letter:?}");

    // When the order has come and the letter is sent again.
    stack.put_silent(&order);
    // A letter that somebody is looking at stays behind: it is asked for until it has come.
    let moved = eventually("the redriven letter takes effect", || {
        stack.redrive("Orders");
        let order = stack.order(&order_id);
        if order.text("stock") == "reserved" { Ok(order) } else { Err(format!("{order:?}")) }
    });

    // Then it has taken effect, and once.
    assert_eq!(moved.timeline(), ["placed", "stock_reserved"]);
    stack.send("Orders", &[body]);
    stack.wait_until_consumed("Orders");
    assert_eq!(stack.order(&order_id).timeline(), ["placed", "stock_reserved"]);
    assert_eq!(stack.cancel(&order_id).status, 202);
    stack.wait_for_status(&order_id, "cancelled");
}
