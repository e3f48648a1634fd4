//! Bad input: a problem document that names what is wrong, and nothing written.

use super::*;

/// Asserts a problem that names `words` in its detail, and its pointer if `words` is one.
#[track_caller]
fn assert_problem(answer: &Response, status: u16, words: &str) {
    assert_eq!(answer.status(), status, "{}", answer.body());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = body(answer);
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains(words)), "{problem} says {words:?}");
    if words.starts_with('/') {
        assert_eq!(problem["errors"][0]["pointer"], words);
    }
}

#[tokio::test]
async fn a_bad_order_is_refused_by_its_field() {
    let shop = Shop::open(Auth::Anonymous).await;
    let with_field = |pointer: &str| {
        let mut order = order();
        order.pointer_mut(pointer).expect("the pointer is right")["gift"] = json!(true);
        order
    };
    let mut wrong_total = order();
    wrong_total["expected_total"] = json!({ "amount": 5_299, "currency": "EUR" });
    let mut wrong_currency = order();
    wrong_currency["expected_total"] = json!({ "amount": 5_300, "currency": "USD" });
    let lines = |lines: Value| order_with("/lines", lines);
    let cases = [
        (order_with("/lines/0/quantity", json!("2")), 400, "/lines/0/quantity"),
        (order_with("/lines/1/quantity", json!(0)), 400, "/lines/1/quantity"),
        (order_with("/lines/1/quantity", json!(-1)), 400, "/lines/1/quantity"),
        (order_with("/lines/1/quantity", json!(10_001)), 400, "/lines/1/quantity"),
        (order_with("/lines/1/sku", json!("MUG-BLUE")), 400, "/lines/1/sku"),
        (lines(json!([])), 400, "/lines"),
        (lines(json!("MUG-BLUE")), 400, "/lines"),
        (order_with("/ship_to/country", json!("dk")), 400, "/ship_to/country"),
        (order_with("/shipping_method", json!("teleport")), 400, "/shipping_method"),
        (order_with("/customer/email", json!("ann")), 400, "/customer/email"),
        (order_with("/customer", Value::Null), 400, "/customer"),
        (with_field(""), 400, "/gift"),
        (with_field("/ship_to"), 400, "/ship_to/gift"),
        (with_field("/lines/0"), 400, "/lines/0/gift"),
        (order_with("/lines/1/sku", json!("CAP")), 422, "/lines/1/sku"),
        (order_with("/lines/1/sku", json!("KIMONO")), 422, "/lines/1/sku"),
        (lines(json!([{ "sku": "YACHT", "quantity": 2 }])), 422, "/lines/0/quantity"),
        (
            lines(json!([{ "sku": "MUG-BLUE", "quantity": 1 }, { "sku": "YACHT", "quantity": 1 }])),
            422,
            "/lines/1/quantity",
        ),
        (wrong_total, 422, "/expected_total"),
        (wrong_currency, 422, "/expected_total"),
    ];
    for (order, status, pointer) in cases {
        assert_problem(&shop.ask(place("k-1", &order)).await, status, pointer);
        assert!(shop.orders().is_empty(), "nothing is written for {order}");
    }
    placed(&shop.ask(place("k-1", &order())).await);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let shop = Shop::open(Auth::Anonymous).await;
    let ask = async |more: Value| {
        let mut event = json!({ "headers": { "idempotency-key": "k-1" } });
        for (name, value) in more.as_object().expect("an object") {
            event[name] = value.clone();
        }
        shop.ask(request("POST /orders", &event)).await
    };
    for text in ["", "{", "[]", "null", "7", "{}x"] {
        assert_problem(&ask(json!({ "body": text })).await, 400, "The body");
    }
    assert_problem(&ask(json!({})).await, 400, "The body");
    assert_problem(&ask(json!({ "body": "{}" })).await, 400, "is missing");
    assert_problem(&ask(json!({ "body": "e30", "isBase64Encoded": true })).await, 400, "base64");
    assert_problem(&ask(json!({ "body": "/w==", "isBase64Encoded": true })).await, 400, "UTF-8");
    let padded = order().to_string() + &" ".repeat(64 * 1024);
    assert_problem(&ask(json!({ "body": padded })).await, 413, "65536 bytes");
    assert!(shop.orders().is_empty());
}

#[tokio::test]
async fn a_bad_idempotency_key_is_refused() {
    let shop = Shop::open(Auth::Anonymous).await;
    let long = "k".repeat(256);
    for headers in [
        json!({}),
        json!({ "idempotency-key": "" }),
        json!({ "idempotency-key": long }),
        json!({ "idempotency-key": "a key" }),
        json!({ "idempotency-key": "cl\u{e9}" }),
        json!({ "idempotency-key": "k\t" }),
    ] {
        let event = json!({ "headers": headers, "body": order().to_string() });
        assert_problem(&shop.ask(request("POST /orders", &event)).await, 400, "Idempotency-Key");
    }
    assert!(shop.orders().is_empty());
    placed(&shop.ask(place(&long[1..], &order())).await);
}

#[tokio::test]
async fn an_order_that_is_not_there_is_not_found() {
    let shop = Shop::open(Auth::Anonymous).await;
    let unknown = OrderId::derive("c-1", "never").to_string();
    for ask in [read, cancel] {
        assert_problem(&shop.ask(ask(&unknown)).await, 404, &unknown);
        for malformed in ["7", "", &unknown.to_uppercase()] {
            assert_problem(&shop.ask(ask(malformed)).await, 400, "order_id");
        }
    }
    assert!(shop.orders().is_empty());
}

#[tokio::test]
async fn a_bad_query_is_refused() {
    let shop = Shop::open(Auth::Anonymous).await;
    assert_problem(&shop.ask(list(&json!({}))).await, 400, "customer_id");
    assert_problem(&shop.ask(list(&json!({ "customer_id": "a b" }))).await, 400, "customer_id");
    for limit in ["0", "101", "-1", "ten", "", "1.5"] {
        let query = json!({ "customer_id": "c-1", "limit": limit });
        assert_problem(&shop.ask(list(&query)).await, 400, "limit");
    }
    for next in ["", "x", "MTIz", "%"] {
        let query = json!({ "customer_id": "c-1", "next": next });
        assert_problem(&shop.ask(list(&query)).await, 400, "next");
    }
}

#[tokio::test]
async fn a_bad_article_is_refused() {
    let shop = Shop::open(Auth::Anonymous).await;
    let ask = async |sku: &str| {
        shop.ask(request("GET /stock/{sku}", &json!({ "pathParameters": { "sku": sku } }))).await
    };
    assert_problem(&ask("CAP").await, 404, "CAP");
    assert_problem(&ask("cap").await, 400, "sku");
    assert_problem(&ask("").await, 400, "sku");
}

#[tokio::test]
async fn routes_that_are_none_are_refused() {
    let shop = Shop::open(Auth::Anonymous).await;
    let ask = async |method: &str, path: &str| {
        let http = json!({ "method": method, "path": path });
        let event = json!({
            "routeKey": "$default", "rawPath": path, "requestContext": { "stage": "$default", "http": http },
        });
        shop.ask(Request::from_json(&event.to_string()).expect("an event")).await
    };
    for (method, path, allowed) in [
        ("DELETE", "/orders", "GET, POST"),
        ("PATCH", "/orders/7", "GET"),
        ("GET", "/orders/7/cancel", "POST"),
        ("POST", "/stock", "GET"),
        ("PUT", "/stock/MUG", "GET"),
    ] {
        let answer = ask(method, path).await;
        assert_problem(&answer, 405, allowed);
        assert_eq!(answer.header("allow"), Some(allowed));
    }
    for path in ["/", "/order", "/orders/7/refund", "/orders/7/cancel/now", ""] {
        assert_problem(&ask("GET", path).await, 404, "path");
    }
}
