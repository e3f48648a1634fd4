//! Orders of every kind, run end to end on the deployed stack.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use semel_contracts::events::{InventoryReserved, PaymentAuthorized};
use semel_contracts::{Currency, EventId, OrderLine, StockLine};
use semel_domain::PlaceOrder;
use semel_exactly_once::fingerprint;
use semel_tests::{
    Goods, Mail, Reply, Stack, confirmed, created, envelope, event_with_id, eventually, order_request, unique,
};
use serde_json::{Value, json};

/// How long the orders of these tests may stay pending: longer than the tests take.
const WHILE: Duration = Duration::from_mins(30);

const COMPLETED: [&str; 10] = [
    "placed",
    "payment_authorized",
    "stock_reserved",
    "confirmed",
    "payment_captured",
    "shipment_created",
    "shipment_dispatched",
    "shipped",
    "shipment_delivered",
    "completed",
];

/// Waits until a customer has `count` mails, and answers them. One more than expected shows in the comparison.
fn mails(stack: &Stack, customer_id: &str, count: usize) -> Vec<Mail> {
    let address = format!("{customer_id}@example.com");
    eventually(&format!("{address} has {count} mails"), || {
        let mails = stack.mails_to(&address);
        if mails.len() >= count { Ok(mails) } else { Err(format!("{mails:?}")) }
    })
}

/// Asserts that these are the mails' subjects, in any order.
#[track_caller]
fn assert_subjects(mails: &[Mail], expected: &[&str]) {
    let subject = |mail: &Mail| mail.subject.split(" (order ").next().unwrap_or_default().to_owned();
    let mut found: Vec<String> = mails.iter().map(subject).collect();
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// Asserts which operations the gateway did for an order, and that each was over `amount`.
#[track_caller]
fn assert_booked(stack: &Stack, order_id: &str, amount: i64, operations: &[&str]) {
    let bookings = stack.bookings(order_id);
    let found: Vec<&str> = bookings.keys().map(String::as_str).collect();
    assert_eq!(found, operations, "{bookings:?}");
    assert!(bookings.values().all(|(booked, _)| *booked == amount), "{bookings:?}");
}

/// Waits until an article has `units` again.
#[track_caller]
fn wait_for_available(stack: &Stack, goods: &Goods, units: u64) {
    eventually(&format!("{units} units of {} are free", goods.sku), || match stack.available(&goods.sku) {
        Some(available) if available == units => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

fn completes(shipping_method: &str) {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let customer_id = unique("c");
    let mut request = order_request(&customer_id, &[(&goods.sku, 2)], "pm_card_visa");
    request["shipping_method"] = json!(shipping_method);

    let order_id = stack.place("k", &request);
    let order = stack.wait_for_status(&order_id, "delivered");

    let mut timeline = order.timeline();
    assert_eq!((timeline.first(), timeline.last()), (Some(&"placed"), Some(&"completed")));
    timeline.sort_unstable();
    let mut expected = COMPLETED;
    expected.sort_unstable();
    assert_eq!(timeline, expected, "each once, and nothing else");
    for (field, value) in [
        ("payment", "captured"),
        ("stock", "reserved"),
        ("shipment", "delivered"),
        ("shipping_method", shipping_method),
    ] {
        assert_eq!(order.text(field), value, "{order:?}");
    }
    assert_eq!(order.body["total"], json!({ "amount": 2_900, "currency": "EUR" }));
    assert_booked(&stack, &order_id, 2_900, &["authorize", "capture"]);
    assert_eq!(stack.available(&goods.sku), Some(998));
    let mails = mails(&stack, &customer_id, 5);
    assert_subjects(
        &mails,
        &[
            "We have your order",
            "Your order is confirmed",
            "We have received your payment",
            "Your parcel is on its way",
            "Your parcel has arrived",
        ],
    );
    let tracking_number = order.text("tracking_number");
    assert_eq!(mails.iter().filter(|mail| mail.text.contains(tracking_number)).count(), 1);
}

#[test]
fn a_standard_order_is_paid_shipped_and_delivered() {
    completes("standard");
}

#[test]
fn an_express_order_is_paid_shipped_and_delivered() {
    completes("express");
}

#[test]
fn a_declined_card_cancels_the_order_and_frees_its_stock() {
    let stack = Stack::from_environment();
    for card in [
        "pm_card_chargeDeclined",
        "pm_card_chargeDeclinedInsufficientFunds",
        "pm_card_chargeDeclinedExpiredCard",
    ] {
        let goods = Goods::usual(&stack);
        let customer_id = unique("c");
        let order_id = stack.place("k", &order_request(&customer_id, &[(&goods.sku, 3)], card));
        let order = stack.wait_for_status(&order_id, "cancelled");
        assert_eq!(order.text("cancellation_reason"), "payment_declined");
        assert_eq!((order.text("payment"), order.text("stock")), ("declined", "released"), "{card}");
        assert_eq!(stack.available(&goods.sku), Some(1_000));
        let bookings = stack.bookings(&order_id);
        assert_eq!(bookings.keys().collect::<Vec<_>>(), ["authorize"]);
        assert!(bookings["authorize"].1.starts_with("declined:"), "{bookings:?}");
        let mails = mails(&stack, &customer_id, 2);
        assert_subjects(&mails, &["We have your order", "Your order is cancelled"]);
    }
}

#[test]
fn an_order_for_more_than_there_is_is_cancelled_and_its_money_released() {
    let stack = Stack::from_environment();
    let goods = Goods::list(&stack, 1_450, Currency::EUR, 1);
    let other = Goods::usual(&stack);
    let customer_id = unique("c");
    let lines = [(other.sku.as_str(), 1), (goods.sku.as_str(), 2)];
    let order_id = stack.place("k", &order_request(&customer_id, &lines, "pm_card_visa"));
    let order = stack.wait_for_status(&order_id, "cancelled");
    assert_eq!(order.text("cancellation_reason"), "out_of_stock");
    assert_eq!((order.text("payment"), order.text("stock")), ("voided", "rejected"));
    assert_eq!((stack.available(&goods.sku), stack.available(&other.sku)), (Some(1), Some(1_000)));
    // The cancellation may have come before the card was asked at all.
    let operations = stack.bookings(&order_id).into_keys().collect::<Vec<_>>();
    assert!(operations.is_empty() || operations == ["authorize", "void"], "{operations:?}");
    assert_subjects(&mails(&stack, &customer_id, 2), &["We have your order", "Your order is cancelled"]);
}

#[test]
fn a_pending_order_that_is_cancelled_is_undone_once() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let order = goods.order(WHILE);
    let order_id = order.order_id.to_string();
    stack.put_silent(&order);
    stack.send("Payments", &[envelope(created(&order)).encode().expect("small")]);
    stack.wait_for_milestone(&order_id, "payment_authorized");

    for _ in 0..3 {
        assert_eq!(stack.cancel(&order_id).status, 202);
    }

    let order = stack.wait_for_status(&order_id, "cancelled");
    assert_eq!(order.text("cancellation_reason"), "customer_request");
    assert_eq!((order.text("payment"), order.text("stock")), ("voided", "released"));
    assert_eq!(order.timeline().iter().filter(|what| **what == "cancelling").count(), 1);
    assert_booked(&stack, &order_id, 1_450, &["authorize", "void"]);
    assert_eq!(stack.available(&goods.sku), Some(1_000));
    assert_eq!(stack.cancel(&order_id).status, 202, "asking again is asking once");
}

/// The gateway's books and the stock say the same as the order, which is at its end.
#[track_caller]
fn assert_books_match(stack: &Stack, order: &Reply, goods: &Goods, units: u64) {
    let order_id = order.text("order_id");
    let operations = stack.bookings(order_id).into_keys().collect::<Vec<_>>();
    if order.text("status") == "delivered" {
        assert_eq!(operations, ["authorize", "capture"], "{order:?}");
        wait_for_available(stack, goods, 1_000 - units);
    } else {
        assert_eq!(order.text("status"), "cancelled", "{order:?}");
        let undone: [&[&str]; 3] = [&[], &["authorize", "void"], &["authorize", "capture", "refund"]];
        assert!(undone.iter().any(|each| operations == *each), "{operations:?} of {order:?}");
        wait_for_available(stack, goods, 1_000);
    }
}

/// Waits until an order is at its end.
#[track_caller]
fn wait_for_end(stack: &Stack, order_id: &str) -> Reply {
    eventually(&format!("order {order_id} comes to an end"), || {
        let order = stack.order(order_id);
        match order.text("status") {
            "delivered" | "cancelled" => Ok(order),
            "dispatched" => {
                stack.sweep();
                Err(format!("{order:?}"))
            }
            _ => Err(format!("{order:?}")),
        }
    })
}

#[test]
fn a_cancellation_at_any_moment_ends_in_one_of_two_ways() {
    let stack = Stack::from_environment();
    for milestone in ["placed", "payment_authorized", "confirmed", "payment_captured", "shipment_dispatched"]
    {
        let goods = Goods::usual(&stack);
        let order_id = stack.place("k", &order_request(&unique("c"), &[(&goods.sku, 2)], "pm_card_visa"));
        stack.wait_for_milestone(&order_id, milestone);
        let answer = stack.cancel(&order_id);
        assert!(matches!(answer.status, 202 | 409), "{answer:?}");
        let order = wait_for_end(&stack, &order_id);
        if answer.status == 409 {
            assert_eq!(order.text("status"), "delivered", "{order:?}");
        }
        assert_books_match(&stack, &order, &goods, 2);
    }
}

#[test]
fn a_delivered_order_cannot_be_cancelled() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let order_id = stack.place("k", &order_request(&unique("c"), &[(&goods.sku, 1)], "pm_card_visa"));
    let before = stack.wait_for_status(&order_id, "delivered");
    for _ in 0..2 {
        let answer = stack.cancel(&order_id);
        assert_eq!(
            (answer.status, answer.media_type.as_str()),
            (409, "application/problem+json"),
            "{answer:?}"
        );
    }
    assert_eq!(stack.order(&order_id), before);
    assert_booked(&stack, &order_id, 1_450, &["authorize", "capture"]);
}

#[test]
fn the_same_key_is_the_same_order_and_no_other_one() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let customer_id = unique("c");
    let request = order_request(&customer_id, &[(&goods.sku, 1)], "pm_card_visa");
    let mut other = request.clone();
    other["lines"][0]["quantity"] = json!(2);

    let place = || Stack::from_environment().post_order(Some("k"), &request.to_string());
    let answers: Vec<Reply> = thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(place)).collect();
        clients.into_iter().map(|client| client.join().expect("it is answered")).collect()
    });

    assert_eq!(answers.iter().filter(|answer| !answer.is_replay).count(), 1, "{answers:?}");
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &answers[0].body));
    }
    let refused = stack.post_order(Some("k"), &other.to_string());
    assert_eq!(
        (refused.status, refused.media_type.as_str()),
        (422, "application/problem+json"),
        "{refused:?}"
    );
    assert!(refused.text("detail").contains("Idempotency-Key"), "{refused:?}");
    let order_id = answers[0].text("order_id");
    stack.wait_for_status(order_id, "delivered");
    let again = stack.post_order(Some("k"), &request.to_string());
    assert_eq!((again.status, again.text("order_id")), (201, order_id));
    assert_booked(&stack, order_id, 1_450, &["authorize", "capture"]);
    assert_eq!(stack.available(&goods.sku), Some(999));
    let listed = stack.get(&format!("/orders?customer_id={customer_id}"));
    assert_eq!(listed.body["orders"].as_array().map(Vec::len), Some(1), "{listed:?}");
}

#[test]
fn a_customers_orders_are_listed_newest_first_page_by_page() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let customer_id = unique("c");
    let request = order_request(&customer_id, &[(&goods.sku, 1)], "pm_card_visa");
    let mut placed: Vec<String> = (0..5).map(|n| stack.place(&format!("k-{n}"), &request)).collect();
    stack.place("k-0", &order_request(&unique("c"), &[(&goods.sku, 1)], "pm_card_visa"));
    placed.reverse();

    let mut listed = Vec::new();
    let mut next = String::new();
    for expected in [2, 2, 1] {
        let page = stack.get(&format!("/orders?customer_id={customer_id}&limit=2{next}"));
        let orders = page.body["orders"].as_array().expect("orders");
        assert_eq!(orders.len(), expected, "{page:?}");
        listed.extend(orders.iter().map(|order| order["order_id"].as_str().expect("an id").to_owned()));
        next = page.body["next"].as_str().map(|next| format!("&next={next}")).unwrap_or_default();
    }
    assert_eq!(next, "", "the last page says so");
    assert_eq!(listed, placed);
}

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
    let mails = mails(&stack, order.customer.customer_id.as_str(), 1);
    assert_subjects(&mails, &["Your order is cancelled"]);
}

#[test]
fn a_deadline_and_a_success_at_the_same_moment_have_one_winner() {
    let stack = Stack::from_environment();
    for n in 0..6 {
        let goods = Goods::usual(&stack);
        // Around the time that securing money and stock takes.
        let order = goods.order(Duration::from_millis(40 * n));
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
        let mails = mails(&stack, order.customer.customer_id.as_str(), told);
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
    mails(&stack, customer_id, 5);
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
    assert_eq!(mails(&stack, customer_id, 5).len(), 5);
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
