//! The API as its callers see it: payloads of API Gateway in, answers out, over tables in the test's own process and
//! over ports in memory where faults are injected.

mod access;
mod bad_input;
mod cancelling;
mod placing;
mod reading;
mod repeating;
mod samples;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use semel_aws::Aws;
use semel_aws::dynamodb::{DynamoAggregates, DynamoCatalogue, DynamoReads};
use semel_contracts::{Currency, CustomerId, MAX_MINOR_UNITS, MinorUnits, OrderId, Sku, Timestamp};
use semel_domain::{Order, StockItem};
use semel_exactly_once::{AggregateStore, Class, Committer, StoreError};
use semel_lambda::http::{Api, Request, Response};
use semel_testkit::{LocalDynamo, SimulatedClock};
use serde_json::{Value, json};

use super::Storefront;
use crate::caller::Auth;
use crate::page::Paging;
use crate::ports::{Catalogue, History, Page};

const WINDOW: Duration = Duration::from_mins(5);
const DEADLINE: Duration = Duration::from_mins(15);

/// The storefront on its real adapters.
struct Shop {
    dynamo: LocalDynamo,
    aws: Aws,
    clock: SimulatedClock,
    api: Storefront<DynamoAggregates, SimulatedClock, DynamoReads, DynamoCatalogue>,
}

impl Shop {
    async fn open(auth: Auth) -> Self {
        let dynamo = LocalDynamo::start().await;
        let aws = Aws::local(dynamo.endpoint()).await;
        let clock = SimulatedClock::default();
        let catalogue = aws.catalogue("InventoryTable");
        for (article, listed_at) in articles().iter().zip(1..) {
            catalogue.list(article, Timestamp::from_secs(listed_at)).await.expect("an article is listed");
        }
        aws.requests().take();
        let api = Storefront {
            committer: Committer::new(aws.aggregates("OrdersTable"), clock.clone(), WINDOW),
            history: aws.reads("OrdersTable"),
            catalogue,
            auth,
            deadline: DEADLINE,
        };
        Self { dynamo, aws, clock, api }
    }

    async fn ask(&self, request: Request) -> Response {
        self.api.handle(request).await
    }

    /// Every item of the orders table.
    fn orders(&self) -> Vec<Value> {
        self.dynamo.items("OrdersTable")
    }
}

/// The storefront on ports in memory.
fn in_memory<S: AggregateStore>(
    store: S,
    catalogue: &Shelf,
) -> Storefront<S, SimulatedClock, Forgetful, Shelf> {
    Storefront {
        committer: Committer::new(store, SimulatedClock::default(), WINDOW),
        history: Forgetful,
        catalogue: catalogue.clone(),
        auth: Auth::Anonymous,
        deadline: DEADLINE,
    }
}

/// A catalogue that can be changed behind the storefront's back. Clones share it; `None` is one that fails.
#[derive(Clone)]
struct Shelf(Arc<Mutex<Option<Vec<StockItem>>>>);

impl Shelf {
    fn full() -> Self {
        Self(Arc::new(Mutex::new(Some(articles()))))
    }

    fn replace(&self, articles: Option<Vec<StockItem>>) {
        *self.0.lock().expect("no panic") = articles;
    }

    fn read(&self) -> Result<Vec<StockItem>, StoreError> {
        self.0.lock().expect("no panic").clone().ok_or_else(|| StoreError {
            class: Class::Transient,
            operation: "reading the shelf",
            key: String::new(),
            source: "nobody answers".into(),
        })
    }
}

impl Catalogue for Shelf {
    async fn articles(&self, skus: &[Sku]) -> Result<Vec<StockItem>, StoreError> {
        Ok(self.read()?.into_iter().filter(|article| skus.contains(&article.sku)).collect())
    }

    async fn page(&self, _: &Paging<Sku>) -> Result<Page<StockItem, Sku>, StoreError> {
        Ok(Page { entries: self.read()?, next: None })
    }
}

/// A history that knows of no order: what is tested in memory lists none.
struct Forgetful;

impl History for Forgetful {
    async fn page(
        &self,
        _: &CustomerId,
        _: &Paging<OrderId>,
    ) -> Result<Page<(OrderId, Order), OrderId>, StoreError> {
        Ok(Page { entries: Vec::new(), next: None })
    }
}

fn article(sku: &str, unit_amount: i64, currency: Currency) -> StockItem {
    StockItem {
        sku: sku.parse().expect("a SKU"),
        name: sku.to_lowercase(),
        unit_amount: MinorUnits::new(unit_amount).expect("an amount"),
        currency,
        available: 40,
    }
}

fn articles() -> Vec<StockItem> {
    vec![
        article("MUG-BLUE", 1_450, Currency::EUR),
        article("TEE-M", 2_400, Currency::EUR),
        article("KIMONO", 9_000, Currency::JPY),
        article("YACHT", MAX_MINOR_UNITS, Currency::EUR),
    ]
}

/// A good order: two mugs and a shirt for 53.00 EUR.
fn order() -> Value {
    json!({
        "customer": { "customer_id": "c-1", "email": "ann@example.com" },
        "lines": [{ "sku": "MUG-BLUE", "quantity": 2 }, { "sku": "TEE-M", "quantity": 1 }],
        "shipping_method": "express",
        "ship_to": {
            "name": "Ann Olsen", "line1": "Main Street 1", "city": "Aarhus", "postal_code": "8000", "country": "DK",
        },
        "payment_method": "pm_card_visa",
    })
}

/// The good order with another value at `pointer`.
fn order_with(pointer: &str, value: Value) -> Value {
    let mut order = order();
    *order.pointer_mut(pointer).expect("the pointer is right") = value;
    order
}

/// What API Gateway hands over for `route`, such as `GET /orders/{order_id}`.
fn event(route: &str, more: &Value) -> Value {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "headers": {},
        "requestContext": {
            "stage": "$default", "requestId": "r-1", "http": { "method": method, "path": path },
        },
        "isBase64Encoded": false,
    });
    for (name, value) in more.as_object().expect("an object") {
        event[name] = value.clone();
    }
    event
}

fn request(route: &str, more: &Value) -> Request {
    Request::from_json(&event(route, more).to_string()).expect("an event")
}

fn place(key: &str, order: &Value) -> Request {
    request("POST /orders", &json!({ "headers": { "idempotency-key": key }, "body": order.to_string() }))
}

fn of_order(route: &str, order_id: &str) -> Request {
    request(route, &json!({ "pathParameters": { "order_id": order_id } }))
}

fn read(order_id: &str) -> Request {
    of_order("GET /orders/{order_id}", order_id)
}

fn cancel(order_id: &str) -> Request {
    of_order("POST /orders/{order_id}/cancel", order_id)
}

fn list(query: &Value) -> Request {
    request("GET /orders", &json!({ "queryStringParameters": query }))
}

fn body(response: &Response) -> Value {
    serde_json::from_str(response.body()).expect("a JSON body")
}

/// The id of the order that an answer is about.
#[track_caller]
fn placed(response: &Response) -> String {
    assert_eq!(response.status(), 201, "{}", response.body());
    body(response)["order_id"].as_str().expect("an order id").to_owned()
}

fn is_replay(response: &Response) -> bool {
    response.header("idempotency-replayed") == Some("true")
}
