//! With tokens: a caller is the token's subject, and what is somebody else's is not there.

use super::*;

/// The request with a token that API Gateway has checked.
fn by(claims: &Value, route: &str, more: &Value) -> Request {
    let mut event = event(route, more);
    event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": null } });
    Request::from_json(&event.to_string()).expect("an event")
}

fn token(subject: &str) -> Value {
    json!({ "sub": subject })
}

fn placing(key: &str, order: &Value) -> Value {
    json!({ "headers": { "idempotency-key": key }, "body": order.to_string() })
}

/// The good order without a word about the customer.
fn anonymous_order() -> Value {
    let mut order = order();
    order.as_object_mut().expect("an object").remove("customer");
    order
}

#[tokio::test]
async fn the_subject_is_the_customer() {
    let shop = Shop::open(Auth::Jwt).await;
    let stated = order_with("/customer", json!({ "email": "ann@example.com" }));
    let answer = shop.ask(by(&token("ada"), "POST /orders", &placing("k-1", &stated))).await;
    assert_eq!(placed(&answer), OrderId::derive("ada", "k-1").to_string());
    assert_eq!(shop.orders()[0]["customer_id"]["S"], "ada");

    let same = order_with("/customer/customer_id", json!("ada"));
    placed(&shop.ask(by(&token("ada"), "POST /orders", &placing("k-2", &same))).await);

    let claims = json!({ "sub": "ada", "email": "ada@example.com" });
    let answer = shop.ask(by(&claims, "POST /orders", &placing("k-3", &anonymous_order()))).await;
    placed(&answer);
    let created = shop
        .orders()
        .into_iter()
        .any(|item| item["outbox"]["S"].as_str().is_some_and(|outbox| outbox.contains("ada@example.com")));
    assert!(created, "the token's address serves where the body states none");
}

#[tokio::test]
async fn nobody_orders_for_somebody_else() {
    let shop = Shop::open(Auth::Jwt).await;
    let answer = shop.ask(by(&token("eve"), "POST /orders", &placing("k-1", &order()))).await;
    assert_eq!(answer.status(), 403);
    assert!(answer.body().contains("/customer/customer_id"), "{}", answer.body());

    let answer = shop.ask(by(&token("eve"), "POST /orders", &placing("k-1", &anonymous_order()))).await;
    assert_eq!((answer.status(), &body(&answer)["errors"][0]["pointer"]), (400, &json!("/customer")));
    assert!(shop.orders().is_empty());
}

#[tokio::test]
async fn a_request_without_a_subject_is_refused() {
    let shop = Shop::open(Auth::Jwt).await;
    let order_id = OrderId::derive("ada", "k-1").to_string();
    let path = json!({ "pathParameters": { "order_id": order_id } });
    for (route, more) in [
        ("POST /orders", placing("k-1", &order())),
        ("GET /orders", json!({ "queryStringParameters": { "customer_id": "ada" } })),
        ("GET /orders/{order_id}", path.clone()),
        ("POST /orders/{order_id}/cancel", path),
    ] {
        assert_eq!(shop.ask(request(route, &more)).await.status(), 401, "{route} without a token");
        assert_eq!(shop.ask(by(&json!({}), route, &more)).await.status(), 401, "{route} without a subject");
        assert_eq!(
            shop.ask(by(&token("a b"), route, &more)).await.status(),
            403,
            "{route} by an odd subject"
        );
    }
    assert!(shop.orders().is_empty());
}

#[tokio::test]
async fn an_order_of_somebody_else_is_not_there() {
    let shop = Shop::open(Auth::Jwt).await;
    let stated = order_with("/customer", json!({ "email": "ann@example.com" }));
    let answer = shop.ask(by(&token("ada"), "POST /orders", &placing("k-1", &stated))).await;
    let order_id = placed(&answer);
    let before = shop.orders();
    let path = |order_id: &str| json!({ "pathParameters": { "order_id": order_id } });
    let unknown = OrderId::derive("ada", "never").to_string();
    for route in ["GET /orders/{order_id}", "POST /orders/{order_id}/cancel"] {
        let theirs = shop.ask(by(&token("eve"), route, &path(&order_id))).await;
        let nobodys = shop.ask(by(&token("eve"), route, &path(&unknown))).await;
        assert_eq!(theirs.status(), 404);
        assert_eq!(
            theirs.body().replace(&order_id, "ID"),
            nobodys.body().replace(&unknown, "ID"),
            "the answers do not tell the two apart"
        );
    }
    // The same key of another caller is another order.
    let eves = shop.ask(by(&token("eve"), "POST /orders", &placing("k-1", &stated))).await;
    assert!(placed(&eves) != order_id && !is_replay(&eves));
    assert_eq!(shop.orders().iter().filter(|item| before.contains(item)).count(), 1, "ada's is as it was");

    let mine = shop.ask(by(&token("ada"), "GET /orders/{order_id}", &path(&order_id))).await;
    assert_eq!(mine.status(), 200);
    let cancelled = shop.ask(by(&token("ada"), "POST /orders/{order_id}/cancel", &path(&order_id))).await;
    assert_eq!(cancelled.status(), 202);
}

#[tokio::test]
async fn a_list_is_the_subjects_own() {
    let shop = Shop::open(Auth::Jwt).await;
    let stated = order_with("/customer", json!({ "email": "ann@example.com" }));
    for subject in ["ada", "ada", "eve"] {
        shop.clock.advance(Duration::from_secs(1));
        let key = format!("k-{}", shop.orders().len());
        placed(&shop.ask(by(&token(subject), "POST /orders", &placing(&key, &stated))).await);
    }
    let list = async |subject: &str, query: Value| {
        shop.ask(by(&token(subject), "GET /orders", &json!({ "queryStringParameters": query }))).await
    };
    let adas = body(&list("ada", json!({ "limit": "1" })).await);
    assert_eq!(adas["orders"].as_array().map(Vec::len), Some(1));
    assert_eq!(list("eve", json!({ "customer_id": "ada" })).await.status(), 403);

    // A position from another's list opens nothing of it.
    let eves = body(&list("eve", json!({ "next": adas["next"] })).await);
    for order in eves["orders"].as_array().into_iter().flatten() {
        assert_eq!(order["order_id"], OrderId::derive("eve", "k-2").to_string());
    }
}
