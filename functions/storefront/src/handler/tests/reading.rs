//! Orders and stock as they are read.

use super::*;

#[tokio::test]
async fn an_order_is_read_whole() {
    let shop = Shop::open(Auth::Anonymous).await;
    let order_id = placed(&shop.ask(place("k-1", &order())).await);
    let answer = shop.ask(read(&order_id)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        body(&answer),
        json!({
            "order_id": order_id,
            "status": "pending",
            "payment": "pending",
            "stock": "pending",
            "shipment": "pending",
            "lines": [
                { "sku": "MUG-BLUE", "quantity": 2, "unit_amount": 1_450 },
                { "sku": "TEE-M", "quantity": 1, "unit_amount": 2_400 },
            ],
            "total": { "amount": 5_300, "currency": "EUR" },
            "shipping_method": "express",
            "ship_to": order()["ship_to"],
            "placed_at": "2026-01-01T00:00:00.000Z",
            "timeline": [{ "at": "2026-01-01T00:00:00.000Z", "what": "placed" }],
        })
    );
}

#[tokio::test]
async fn a_customers_orders_are_listed_newest_first_and_page_by_page() {
    let shop = Shop::open(Auth::Anonymous).await;
    let mut placed_ids = Vec::new();
    for n in 0..5 {
        shop.clock.advance(Duration::from_secs(1));
        placed_ids.push(placed(&shop.ask(place(&format!("k-{n}"), &order())).await));
    }
    let other = order_with("/customer/customer_id", json!("c-2"));
    placed(&shop.ask(place("k-1", &other)).await);

    let mut listed = Vec::new();
    let mut query = json!({ "customer_id": "c-1", "limit": "2" });
    loop {
        let answer = shop.ask(list(&query)).await;
        assert_eq!(answer.status(), 200, "{}", answer.body());
        let page = body(&answer);
        let orders = page["orders"].as_array().expect("orders");
        assert!(orders.len() <= 2);
        listed.extend(orders.iter().map(|order| order["order_id"].as_str().expect("an id").to_owned()));
        let Some(next) = page.get("next") else { break };
        query["next"] = next.clone();
    }
    placed_ids.reverse();
    assert_eq!(listed, placed_ids);

    let all = body(&shop.ask(list(&json!({ "customer_id": "c-1" }))).await);
    assert_eq!(all["orders"].as_array().map(Vec::len), Some(5));
    assert_eq!(all.get("next"), None);
    assert_eq!(
        all["orders"][4],
        json!({
            "order_id": placed_ids[4],
            "status": "pending",
            "total": { "amount": 5_300, "currency": "EUR" },
            "placed_at": "2026-01-01T00:00:01.000Z",
        })
    );
}

#[tokio::test]
async fn a_customer_without_orders_has_an_empty_list() {
    let shop = Shop::open(Auth::Anonymous).await;
    let answer = shop.ask(list(&json!({ "customer_id": "nobody" }))).await;
    assert_eq!((answer.status(), body(&answer)), (200, json!({ "orders": [] })));
}

#[tokio::test]
async fn stock_is_listed_page_by_page_and_read_by_article() {
    let shop = Shop::open(Auth::Anonymous).await;
    let page = async |query: Value| {
        body(&shop.ask(request("GET /stock", &json!({ "queryStringParameters": query }))).await)
    };
    let skus = |page: &Value| -> Vec<String> {
        let stock = page["stock"].as_array().expect("stock");
        stock.iter().map(|article| article["sku"].as_str().expect("a SKU").to_owned()).collect()
    };
    let first = page(json!({ "limit": "3" })).await;
    assert_eq!(skus(&first), ["MUG-BLUE", "TEE-M", "KIMONO"]);
    let second = page(json!({ "limit": "3", "next": first["next"] })).await;
    assert_eq!((skus(&second), second.get("next")), (vec!["YACHT".to_owned()], None));

    let one =
        shop.ask(request("GET /stock/{sku}", &json!({ "pathParameters": { "sku": "MUG-BLUE" } }))).await;
    let mug = json!({
        "sku": "MUG-BLUE", "name": "mug-blue", "unit_price": { "amount": 1_450, "currency": "EUR" }, "available": 40,
    });
    assert_eq!((one.status(), body(&one)), (200, mug.clone()));
    assert_eq!(first["stock"][0], mug);
}
