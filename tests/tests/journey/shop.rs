//! What is for sale, and the order that is usual: two articles, an address of five short fields, a card.

use semel_contracts::{Currency, EmailAddress, MinorUnits, Sku};
use semel_domain::StockItem;
use semel_exactly_once::StoreError;
use serde_json::{Value, json};
use storefront::{Catalogue, Page, Paging};

/// Units of each article: no order of a run is short.
pub const UNITS: u32 = 10_000_000;

/// Lines of the usual order.
pub const LINES: usize = 2;

/// What is for sale: SKU, name and price. The first [`LINES`] are the usual order's.
const SOLD: [(&str, &str, i64); 5] = [
    ("MUG-BLUE", "Mug, blue", 1_450),
    ("TEE-M", "T-shirt, size M", 2_400),
    ("BOOK-RUST", "Rust in commerce", 3_950),
    ("LAMP-DESK", "Desk lamp", 6_900),
    ("MUG-GREEN", "Mug, green", 1_450),
];

/// The articles.
pub fn articles() -> Vec<StockItem> {
    let article = |(sku, name, unit_amount): (&str, &str, i64)| StockItem {
        sku: sku.parse().expect("a SKU"),
        name: name.to_owned(),
        unit_amount: MinorUnits::new(unit_amount).expect("an amount"),
        currency: Currency::EUR,
        available: u64::from(UNITS),
    };
    SOLD.map(article).into()
}

/// Who writes to customers.
pub fn sender() -> EmailAddress {
    "shop@example.com".parse().expect("an address")
}

/// What API Gateway hands over for an order of so many lines, of which the first is for two units.
pub fn request(key: &str, lines: usize) -> String {
    let quantity = |line: usize| if line == 0 { 2 } else { 1 };
    let lines = SOLD[..lines].iter().enumerate();
    let lines: Vec<_> =
        lines.map(|(line, article)| json!({ "sku": article.0, "quantity": quantity(line) })).collect();
    let body = json!({
        "customer": { "customer_id": "c-20417", "email": "ada.lovelace@example.com" },
        "lines": lines,
        "shipping_method": "standard",
        "ship_to": {
            "name": "Ada Lovelace", "line1": "12 Rue de la Paix", "city": "Paris", "postal_code": "75002",
            "country": "FR",
        },
        "payment_method": "pm_card_visa",
    });
    gateway_event(key, &body).to_string()
}

fn gateway_event(key: &str, body: &Value) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /orders",
        "rawPath": "/orders",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-type": "application/json",
            "host": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "idempotency-key": key,
            "user-agent": "shop/1.0",
            "x-amzn-trace-id": "Root=1-6561b0c8-0af7651916cd43dd8448eb21",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": "POST", "path": "/orders", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "shop/1.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /orders",
            "stage": "$default",
            "time": "22/Nov/2026:16:50:00 +0000",
            "timeEpoch": 1_795_366_200_000_u64,
        },
        "body": body.to_string(),
        "isBase64Encoded": false,
    })
}

/// A catalogue that needs no table.
#[derive(Debug, Clone)]
pub struct Shelf(Vec<StockItem>);

impl Default for Shelf {
    fn default() -> Self {
        Self(articles())
    }
}

impl Catalogue for Shelf {
    async fn articles(&self, skus: &[Sku]) -> Result<Vec<StockItem>, StoreError> {
        Ok(self.0.iter().filter(|article| skus.contains(&article.sku)).cloned().collect())
    }

    async fn page(&self, _: &Paging<Sku>) -> Result<Page<StockItem, Sku>, StoreError> {
        Ok(Page { entries: self.0.clone(), next: None })
    }
}
