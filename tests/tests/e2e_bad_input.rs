//! Bad input against the deployed stack: refused over HTTP by its field with nothing written, and put aside from a
//! queue with its reason while its neighbours take effect.

use std::time::Duration;

use semel_aws::dynamodb::text;
use semel_contracts::{Currency, Event, Lines, MAX_ENVELOPE_BYTES, OrderId, StockLine};
use semel_domain::PlaceOrder;
use semel_tests::{Goods, Reply, Stack, confirmed, created, envelope, eventually, order_request, unique};
use serde_json::{Value, json};

/// How long the orders of these tests may stay pending: longer than the tests take.
const WHILE: Duration = Duration::from_mins(30);

/// Asserts a problem document that names `words`, as its pointer if it is one.
#[track_caller]
fn assert_problem(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{words}: {reply:?}");
    assert_eq!(reply.media_type, "application/problem+json", "{words}: {reply:?}");
    assert_eq!(reply.body["status"], status, "{words}: {reply:?}");
    assert!(reply.text("detail").contains(words), "{reply:?} does not name {words:?}");
    if words.starts_with('/') {
        assert_eq!(reply.body["errors"][0]["pointer"], words, "{reply:?}");
    }
}

/// Asserts that no order of the customer is in the table, and that they are listed none.
#[track_caller]
fn assert_nothing_written(stack: &Stack, customer_id: &str) {
    let orders = stack.items("OrdersTableName");
    let written =
        orders.iter().find(|item| text(item, "state").is_some_and(|state| state.contains(customer_id)));
    assert_eq!(written, None);
    let listed = stack.get(&format!("/orders?customer_id={customer_id}"));
    assert_eq!((listed.status, &listed.body["orders"]), (200, &json!([])), "{listed:?}");
    let order_id = OrderId::derive(customer_id, "k");
    assert_eq!(stack.order(&order_id.to_string()).status, 404);
}

/// The order with another value at `pointer`, which may be new.
fn with(order: &Value, pointer: &str, value: Value) -> Value {
    let mut order = order.clone();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    let parent = order.pointer_mut(parent).expect("the pointer's parent is there");
    if let Some(items) = parent.as_array_mut() {
        items[field.parse::<usize>().expect("an index")] = value;
    } else {
        parent[field] = value;
    }
    order
}

#[test]
fn a_bad_order_is_refused_by_its_field_and_nothing_is_written() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let dollars = Goods::list(&stack, 1_900, Currency::USD, 1_000);
    let island = Goods::list(&stack, 9_007_199_254_740_991 / 7, Currency::EUR, 1_000);
    let customer_id = unique("c");
    let good = order_request(&customer_id, &[(&goods.sku, 1)], "pm_card_visa");
    let line = |goods: &Goods, quantity: u32| json!({ "sku": goods.sku, "quantity": quantity });
    let cases = [
        // Wrong types.
        (with(&good, "/lines/0/quantity", json!("2")), 400, "/lines/0/quantity"),
        (with(&good, "/lines/0/quantity", json!(1.5)), 400, "/lines/0/quantity"),
        (with(&good, "/lines", json!("all of them")), 400, "/lines"),
        (with(&good, "/shipping_method", json!("teleport")), 400, "/shipping_method"),
        (with(&good, "/ship_to/country", json!("dk")), 400, "/ship_to/country"),
        (with(&good, "/customer/email", json!(format!("{customer_id} at example"))), 400, "/customer/email"),
        // Unknown fields, at any depth.
        (with(&good, "/coupon", json!("HALF")), 400, "/coupon"),
        (with(&good, "/ship_to/planet", json!("Mars")), 400, "/ship_to/planet"),
        (with(&good, "/lines/0/price", json!(1)), 400, "/lines/0/price"),
        // Quantities.
        (with(&good, "/lines/0/quantity", json!(-1)), 400, "/lines/0/quantity"),
        (with(&good, "/lines/0/quantity", json!(0)), 400, "/lines/0/quantity"),
        (with(&good, "/lines/0/quantity", json!(10_001)), 400, "/lines/0/quantity"),
        (with(&good, "/lines", json!([])), 400, "/lines"),
        (with(&good, "/lines", json!([line(&goods, 1), line(&goods, 2)])), 400, "/lines/1/sku"),
        // What the catalogue says no to.
        (with(&good, "/lines", json!([line(&island, 8)])), 422, "/lines/0/quantity"),
        (with(&good, "/lines", json!([line(&island, 7), line(&goods, 1)])), 422, "/lines/1/quantity"),
        (with(&good, "/lines", json!([line(&goods, 1), line(&dollars, 1)])), 422, "/lines/1/sku"),
        (with(&good, "/lines/0/sku", json!(unique("T").to_uppercase())), 422, "/lines/0/sku"),
        (with(&good, "/expected_total", json!({ "amount": 1, "currency": "EUR" })), 422, "/expected_total"),
        (
            with(&good, "/expected_total", json!({ "amount": 1_450, "currency": "USD" })),
            422,
            "/expected_total",
        ),
    ];
    for (order, status, pointer) in cases {
        assert_problem(&stack.post_order(Some("k"), &order.to_string()), status, pointer);
    }
    assert_nothing_written(&stack, &customer_id);
    assert_eq!(stack.available(&goods.sku), Some(1_000));
}

#[test]
fn a_body_that_cannot_be_read_is_refused_and_nothing_is_written() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let customer_id = unique("c");
    let good = order_request(&customer_id, &[(&goods.sku, 1)], "pm_card_visa").to_string();
    let cut = &good[..good.len() - 1];
    let padded = good.clone() + &" ".repeat(64 * 1024);
    for (body, status, words) in [
        (cut, 400, "The body"),
        ("[]", 400, "The body"),
        ("null", 400, "The body"),
        (&padded, 413, "65536 bytes"),
    ] {
        assert_problem(&stack.post_order(Some("k"), body), status, words);
    }
    assert_problem(&stack.post_order(Some("k"), "{}"), 400, "/lines");
    assert_nothing_written(&stack, &customer_id);
}

#[test]
fn a_bad_idempotency_key_is_refused_and_nothing_is_written() {
    let stack = Stack::from_environment();
    let goods = Goods::usual(&stack);
    let customer_id = unique("c");
    let good = order_request(&customer_id, &[(&goods.sku, 1)], "pm_card_visa").to_string();
    for key in [None, Some(""), Some("a key"), Some(&*"k".repeat(256))] {
        assert_problem(&stack.post_order(key, &good), 400, "Idempotency-Key");
    }
    assert_nothing_written(&stack, &customer_id);
}

#[test]
fn what_is_not_there_is_not_found() {
    let stack = Stack::from_environment();
    let customer_id = unique("c");
    let order_id = OrderId::derive(&customer_id, "k").to_string();
    for reply in [stack.order(&order_id), stack.cancel(&order_id)] {
        assert_problem(&reply, 404, &order_id);
    }
    for reply in [stack.order("7"), stack.cancel("7")] {
        assert_problem(&reply, 400, "order_id");
    }
    let sku = unique("T").to_uppercase();
    assert_problem(&stack.get(&format!("/stock/{sku}")), 404, &sku);
    assert_problem(&stack.get("/stock/mug"), 400, "sku");
    assert_problem(&stack.get("/orders"), 400, "customer_id");
    assert_problem(&stack.get(&format!("/orders?customer_id={customer_id}&limit=0")), 400, "limit");
    assert_problem(&stack.get(&format!("/orders?customer_id={customer_id}&next=7")), 400, "next");
    assert_nothing_written(&stack, &customer_id);
}

/// Messages that can never take effect, each with the class of its error, marked so that its letter can be found.
fn poison(good: &Value, mark: &str) -> Vec<(String, &'static str)> {
    let at =
        |pointer: &str, value: Value| with(&with(good, "/mark", json!(mark)), pointer, value).to_string();
    vec![
        (format!("not JSON {mark}"), "not_json"),
        (at("/data/order_id", json!(7)), "wrong_type"),
        (at("/event_type", json!("OrderTeleported")), "unknown_event_type"),
        (at("/metadata/version", json!("2.0")), "unsupported_version"),
        (at("/padding", json!("x".repeat(MAX_ENVELOPE_BYTES))), "too_large"),
    ]
}

/// Sends `event` to a consumer among everything that can be wrong with it. Each bad message must be put aside with
/// its reason; then `assert_effect` looks for what the good one did.
fn good_among_bad(stack: &Stack, consumer: &str, event: impl Into<Event>, assert_effect: impl FnOnce()) {
    let good = envelope(event).encode().expect("it is small");
    let mark = unique("mark");
    let bad = poison(&serde_json::from_str(&good).expect("JSON"), &mark);
    let mut bodies: Vec<String> = bad.iter().map(|(body, _)| body.clone()).collect();
    bodies.insert(2, good);
    stack.send(consumer, &bodies);

    assert_effect();
    for (body, class) in bad {
        let letter = stack.wait_for_dead_letter(consumer, |found| found == body);
        let attribute = |name: &str| letter.attributes.get(name).map_or("", String::as_str);
        assert_eq!(attribute("error_class"), class, "{:?}", letter.attributes);
        assert_eq!(attribute("consumer"), consumer.to_lowercase(), "{:?}", letter.attributes);
        for name in ["error", "failed_at", "receive_count", "message_id"] {
            assert_ne!(attribute(name), "", "{name} in {:?}", letter.attributes);
        }
    }
}

/// An order to which nothing happens but what a test tells of it.
fn silent_order(stack: &Stack) -> PlaceOrder {
    let order = Goods::usual(stack).order(WHILE);
    stack.put_silent(&order);
    order
}

/// A good event moves the order to `milestone` while the bad ones beside it are put aside.
fn assert_moves(stack: &Stack, consumer: &str, order: &PlaceOrder, event: impl Into<Event>, milestone: &str) {
    let order_id = order.order_id.to_string();
    good_among_bad(stack, consumer, event, || {
        stack.wait_for_milestone(&order_id, milestone);
    });
    assert_eq!(stack.cancel(&order_id).status, 202);
    stack.wait_for_status(&order_id, "cancelled");
}

#[test]
fn orders_puts_bad_messages_aside_and_takes_the_good_one() {
    let stack = Stack::from_environment();
    let order = silent_order(&stack);
    let held =
        |line: &semel_contracts::OrderLine| StockLine { sku: line.sku.clone(), quantity: line.quantity };
    let lines: Lines<StockLine> = order.lines.map(held);
    let event = semel_contracts::events::InventoryReserved { order_id: order.order_id, lines };
    assert_moves(&stack, "Orders", &order, event, "stock_reserved");
}

#[test]
fn payments_puts_bad_messages_aside_and_takes_the_good_one() {
    let stack = Stack::from_environment();
    let order = silent_order(&stack);
    assert_moves(&stack, "Payments", &order, created(&order), "payment_authorized");
}

#[test]
fn inventory_puts_bad_messages_aside_and_takes_the_good_one() {
    let stack = Stack::from_environment();
    let order = silent_order(&stack);
    assert_moves(&stack, "Inventory", &order, created(&order), "stock_reserved");
}

#[test]
fn shipping_puts_bad_messages_aside_and_takes_the_good_one() {
    let stack = Stack::from_environment();
    let order = silent_order(&stack);
    assert_moves(&stack, "Shipping", &order, confirmed(&order), "shipment_created");
}

#[test]
fn notifications_puts_bad_messages_aside_and_takes_the_good_one() {
    let stack = Stack::from_environment();
    let order = Goods::usual(&stack).order(WHILE);
    let address = order.customer.email.as_str();
    good_among_bad(&stack, "Notifications", created(&order), || {
        eventually("the customer is told", || {
            let mails = stack.mails_to(address);
            if mails.len() == 1 { Ok(()) } else { Err(format!("{mails:?}")) }
        });
    });
}
