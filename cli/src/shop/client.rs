//! A client of the HTTP API that behaves as a good one should: what got no answer is sent again with the same key.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use crate::error::Error;
use crate::interrupt;

const TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 12;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// Keeps connections to one API.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    api: String,
}

/// An answer below 500.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body; null if it is empty.
    pub body: Value,
    /// How often the request was sent until somebody answered.
    pub attempts: u32,
}

impl Reply {
    /// A text field of the body.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }
}

impl Client {
    /// A client of the API at `api`, without a slash at its end.
    pub fn new(api: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        Self { agent: config.build().into(), api: api.to_owned() }
    }

    /// Places an order under an idempotency key.
    pub fn place(&self, key: &str, order: &Value) -> Result<Reply, Error> {
        until_answered("POST /orders", || {
            let request = self.agent.post(format!("{}/orders", self.api)).header("idempotency-key", key);
            request.content_type("application/json").send(order.to_string())
        })
    }

    /// Cancels an order.
    pub fn cancel(&self, order_id: &str) -> Result<Reply, Error> {
        until_answered("POST /orders/{order_id}/cancel", || {
            self.agent.post(format!("{}/orders/{order_id}/cancel", self.api)).send_empty()
        })
    }

    /// Reads an order.
    pub fn read(&self, order_id: &str) -> Result<Reply, Error> {
        until_answered("GET /orders/{order_id}", || {
            self.agent.get(format!("{}/orders/{order_id}", self.api)).call()
        })
    }
}

fn until_answered(
    what: &str,
    send: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Reply, Error> {
    let mut backoff = BACKOFF_FIRST;
    let mut trouble = String::new();
    for attempts in 1..=ATTEMPTS_MAX {
        interrupt::check()?;
        match send() {
            Ok(mut answer) if answer.status().as_u16() < 500 => {
                let status = answer.status().as_u16();
                match answer.body_mut().read_to_string() {
                    Ok(text) => return reply(what, status, &text, attempts),
                    Err(error) => trouble = error.to_string(),
                }
            }
            Ok(answer) => trouble = answer.status().to_string(),
            Err(error) => trouble = error.to_string(),
        }
        thread::sleep(backoff);
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
    Err(Error::Unexpected(format!("{what} got no answer in {ATTEMPTS_MAX} attempts; the last: {trouble}")))
}

fn reply(what: &str, status: u16, text: &str, attempts: u32) -> Result<Reply, Error> {
    let body = if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(text) };
    let body = body.map_err(|error| Error::Unexpected(format!("{what} answered {status} with {error}")))?;
    Ok(Reply { status, body, attempts })
}

/// A request for an order of one article.
pub fn order(
    customer_id: &str,
    sku: &str,
    quantity: u32,
    payment_method: &str,
    shipping_method: &str,
) -> Value {
    json!({
        "customer": { "customer_id": customer_id, "email": format!("{customer_id}@example.com") },
        "lines": [{ "sku": sku, "quantity": quantity }],
        "shipping_method": shipping_method,
        "ship_to": {
            "name": "Ada Lovelace", "line1": "12 Rue de la Paix", "city": "Paris", "postal_code": "75002",
            "country": "FR",
        },
        "payment_method": payment_method,
    })
}
