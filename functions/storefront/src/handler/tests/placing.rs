//! One order, from the request to the item.

use semel_contracts::OrderId;
use semel_exactly_once::outbox;

use super::*;

#[tokio::test]
async fn an_order_is_one_read_of_the_catalogue_and_one_write() {
    let shop = Shop::open(Auth::Anonymous).await;

    let answer = shop.ask(place("k-1", &order())).await;

    let order_id = OrderId::derive("c-1", "k-1").to_string();
    assert_eq!(answer.status(), 201, "{}", answer.body());
    assert_eq!(answer.header("location"), Some(format!("/orders/{order_id}").as_str()));
    assert!(!is_replay(&answer));
    assert_eq!(
        body(&answer),
        json!({
            "order_id": order_id,
            "status": "pending",
            "total": { "amount": 5_300, "currency": "EUR" },
            "placed_at": "2026-01-01T00:00:00.000Z",
        })
    );
    let usage = shop.aws.requests().take();
    assert_eq!(usage.requests["DynamoDB.BatchGetItem"], 1);
    assert_eq!(usage.requests["DynamoDB.PutItem"], 1);
    assert_eq!(usage.requests.len(), 2, "no other request: {usage:?}");
}

#[tokio::test]
async fn the_item_holds_the_order_and_the_event_that_tells_of_it() {
    let shop = Shop::open(Auth::Anonymous).await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = json!({ "idempotency-key": "k-1", "traceparent": traceparent });

    let answer =
        shop.ask(request("POST /orders", &json!({ "headers": headers, "body": order().to_string() }))).await;

    let order_id = placed(&answer);
    let items = shop.orders();
    let [item] = items.as_slice() else { panic!("one item: {items:?}") };
    assert_eq!(item["pk"]["S"], format!("order#{order_id}"));
    assert_eq!(item["customer_id"]["S"], "c-1");
    assert_eq!(item["due_at"]["N"], "1767226500000", "15 minutes after it was placed");
    let outbox = outbox::decode(item["outbox"]["S"].as_str().expect("an outbox")).expect("it decodes");
    let [created] = outbox.events.as_slice() else { panic!("one event") };
    assert_eq!((created.event_type, created.traceparent), ("OrderCreated", Some(traceparent)));
    let data: Value = serde_json::from_str(created.data.get()).expect("JSON");
    assert_eq!(
        data,
        json!({
            "order_id": order_id,
            "customer": { "customer_id": "c-1", "email": "ann@example.com" },
            "lines": [
                { "sku": "MUG-BLUE", "quantity": 2, "unit_amount": 1_450 },
                { "sku": "TEE-M", "quantity": 1, "unit_amount": 2_400 },
            ],
            "total": { "amount": 5_300, "currency": "EUR" },
            "shipping_method": "express",
            "payment_method": "pm_card_visa",
        })
    );
}

#[tokio::test]
async fn the_total_may_be_stated_if_it_is_right() {
    let shop = Shop::open(Auth::Anonymous).await;
    let mut order = order();
    order["expected_total"] = json!({ "amount": 5_300, "currency": "EUR" });
    placed(&shop.ask(place("k-1", &order)).await);
}

#[tokio::test]
async fn a_body_in_base64_is_the_same_body() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let shop = Shop::open(Auth::Anonymous).await;
    placed(&shop.ask(place("k-1", &order())).await);
    let body = STANDARD.encode(order().to_string());
    let encoded = json!({ "headers": { "Idempotency-Key": "k-1" }, "body": body, "isBase64Encoded": true });
    let answer = shop.ask(request("POST /orders", &encoded)).await;
    assert!(is_replay(&answer), "{}", answer.body());
}

#[tokio::test]
async fn guests_with_the_same_key_are_not_one() {
    let shop = Shop::open(Auth::Anonymous).await;
    let guest = |email: &str| order_with("/customer", json!({ "email": email }));
    let ann = placed(&shop.ask(place("k-1", &guest("ann@example.com"))).await);
    let bob = placed(&shop.ask(place("k-1", &guest("bob@example.com"))).await);
    assert_ne!(ann, bob);
    assert!(is_replay(&shop.ask(place("k-1", &guest("bob@example.com"))).await));
    assert_eq!(shop.orders().len(), 2);
}
