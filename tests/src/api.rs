//! A customer's requests and what they are answered.

use serde_json::{Value, json};
use ureq::Body;
use ureq::http::Response;

use crate::stack::Stack;
use crate::wait::eventually;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its media type.
    pub media_type: String,
    /// Whether it repeats an earlier answer.
    pub is_replay: bool,
    /// Its body; null if it is not JSON.
    pub body: Value,
}

impl Reply {
    /// A text of the body.
    #[track_caller]
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text {field} in {self:?}"))
    }

    /// The names of what an order has come through, oldest first.
    pub fn timeline(&self) -> Vec<&str> {
        let entries = self.body["timeline"].as_array().into_iter().flatten();
        entries.filter_map(|entry| entry["what"].as_str()).collect()
    }
}

impl Stack {
    /// `POST /orders` with any body.
    pub fn post_order(&self, key: Option<&str>, body: &str) -> Reply {
        let mut request =
            self.agent.post(format!("{}/orders", self.api_url)).content_type("application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        reply(request.send(body))
    }

    /// Places an order that is accepted, and answers its id.
    #[track_caller]
    pub fn place(&self, key: &str, order: &Value) -> String {
        let reply = self.post_order(Some(key), &order.to_string());
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.text("order_id").to_owned()
    }

    /// `POST /orders/{order_id}/cancel`.
    pub fn cancel(&self, order_id: &str) -> Reply {
        reply(self.agent.post(format!("{}/orders/{order_id}/cancel", self.api_url)).send_empty())
    }

    /// `GET` of a path, which begins with a slash.
    pub fn get(&self, path: &str) -> Reply {
        reply(self.agent.get(format!("{}{path}", self.api_url)).call())
    }

    /// `GET /orders/{order_id}`.
    pub fn order(&self, order_id: &str) -> Reply {
        self.get(&format!("/orders/{order_id}"))
    }

    /// Units of an article that can be ordered.
    pub fn available(&self, sku: &str) -> Option<u64> {
        self.get(&format!("/stock/{sku}")).body["available"].as_u64()
    }

    /// Waits until an order has `status`, sweeping meanwhile so that parcels arrive without waiting for the minute.
    #[track_caller]
    pub fn wait_for_status(&self, order_id: &str, status: &str) -> Reply {
        eventually(&format!("order {order_id} is {status}"), || {
            let reply = self.order(order_id);
            if reply.body["status"] == status {
                return Ok(reply);
            }
            if reply.body["status"] == "dispatched" {
                self.sweep();
            }
            Err(format!("{:?}: {}", reply.timeline(), reply.body))
        })
    }

    /// Waits until an order has come through `milestone`.
    #[track_caller]
    pub fn wait_for_milestone(&self, order_id: &str, milestone: &str) -> Reply {
        eventually(&format!("order {order_id} has come through {milestone}"), || {
            let reply = self.order(order_id);
            if reply.timeline().contains(&milestone) { Ok(reply) } else { Err(reply.body.to_string()) }
        })
    }
}

/// A request for an order; the customer's address is `<customer_id>@example.com`.
pub fn order_request(customer_id: &str, lines: &[(&str, u32)], payment_method: &str) -> Value {
    let line = |(sku, quantity): &(&str, u32)| json!({ "sku": sku, "quantity": quantity });
    json!({
        "customer": { "customer_id": customer_id, "email": format!("{customer_id}@example.com") },
        "lines": lines.iter().map(line).collect::<Vec<_>>(),
        "shipping_method": "standard",
        "ship_to": {
            "name": "Ada Lovelace", "line1": "12 Rue de la Paix", "city": "Paris", "postal_code": "75002",
            "country": "FR",
        },
        "payment_method": payment_method,
    })
}

fn reply(answer: Result<Response<Body>, ureq::Error>) -> Reply {
    let mut answer = answer.expect("the API answers");
    let header =
        |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (media_type, replayed) = (header("content-type").unwrap_or_default(), header("idempotency-replayed"));
    let text = answer.body_mut().read_to_string().expect("a text");
    Reply {
        status: answer.status().as_u16(),
        media_type,
        is_replay: replayed.is_some(),
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    }
}
