//! Orders of every kind, run end to end on the deployed stack.

use std::thread;
use std::time::Duration;

use semel_contracts::Currency;
use semel_tests::{
    Goods, Reply, Stack, assert_booked, assert_books_match, assert_subjects, created, envelope,
    order_request, unique, wait_for_end, wait_for_mails,
};
use serde_json::json;

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
    let mails = wait_for_mails(&stack, &customer_id, 5);
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
        assert!(bookings["authorize"].1.starts_with("declined "), "{bookings:?}");
        let mails = wait_for_mails(&stack, &customer_id, 2);
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
    assert_subjects(
        &wait_for_mails(&stack, &customer_id, 2),
        &["We have your order", "Your order is cancelled"],
    );
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
