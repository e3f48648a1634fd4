//! What each function is invoked with: the payloads of many usual orders, made by letting them run their course once.
//!
//! A batch holds ten messages of ten orders, so that nothing folds: every event is a read and a write of its own.

use semel_domain::StockItem;
use semel_domain::stock::AVAILABLE;
use semel_testkit::{MemoryAggregates, MemoryRecords, block_on};
use serde_json::{Value, json};

use crate::journey::ports::Image;
use crate::journey::shop::{self, Shelf};
use crate::journey::{Journey, Stores};

/// The `BatchSize` of the queues in template.yaml.
const MESSAGES: usize = 10;
/// Records of one invocation of the relay: the bound in template.yaml, which a busy stream fills.
const RECORDS: usize = 100;

/// The invocations of one function.
#[derive(Debug, Default)]
pub struct Invocations {
    /// Their payloads, as Lambda hands them over.
    pub payloads: Vec<Vec<u8>>,
    /// Events in all of them: requests placed, messages consumed, events published.
    pub events: usize,
}

/// Messages of one type to one consumer. Both are kept in the order in which they first come.
struct Heard {
    service: &'static str,
    about: String,
    bodies: Vec<String>,
}

/// The invocations of all.
#[derive(Debug, Default)]
pub struct Inputs {
    services: Vec<(&'static str, Invocations)>,
}

impl Inputs {
    /// Lets `count` usual orders run their course.
    pub fn of_orders(count: usize) -> Self {
        let store = MemoryAggregates::default;
        let mut journey = Journey::over(Stores {
            orders: store(),
            payments: store(),
            inventory: stocked(),
            shipments: store(),
            records: MemoryRecords::default(),
            catalogue: Shelf::default(),
        });
        for order in 0..count {
            journey.order(&format!("order-{order}"), shop::LINES);
        }
        let mut placed = Vec::new();
        let mut records = Vec::new();
        let mut heard: Vec<Heard> = Vec::new();
        while let Some(step) = block_on(journey.step()) {
            // What has no outbox does not pass the filter of the relay's event source.
            let told = step.written.iter().filter(|image| image.new.get("outbox").is_some());
            records.extend(told.map(Image::stream_record));
            if step.service == "storefront" {
                placed.push(step.input);
            } else if step.consumer.is_some() {
                let alike = |heard: &&mut Heard| heard.service == step.service && heard.about == step.about;
                match heard.iter_mut().find(alike) {
                    Some(heard) => heard.bodies.push(step.input),
                    None => heard.push(Heard {
                        service: step.service,
                        about: step.about,
                        bodies: vec![step.input],
                    }),
                }
            }
        }
        Self::collect(placed, &heard, &records)
    }

    fn collect(placed: Vec<String>, heard: &[Heard], records: &[Value]) -> Self {
        let mut inputs = Self::default();
        let requests = Invocations {
            events: placed.len(),
            payloads: placed.into_iter().map(String::into_bytes).collect(),
        };
        inputs.services.push(("storefront", requests));
        for Heard { service, bodies, .. } in heard {
            let invocations = inputs.of_mut(service);
            invocations.events += bodies.len();
            invocations.payloads.extend(bodies.chunks(MESSAGES).map(|bodies| queue_event(service, bodies)));
        }
        let relay = inputs.of_mut("relay");
        // One event each: no decision of a usual order emits two.
        relay.events = records.len();
        relay.payloads =
            records.chunks(RECORDS).map(|records| bytes(&json!({ "Records": records }))).collect();
        inputs
    }

    fn of_mut(&mut self, service: &'static str) -> &mut Invocations {
        let found = self.services.iter().position(|(name, _)| *name == service).unwrap_or_else(|| {
            self.services.push((service, Invocations::default()));
            self.services.len() - 1
        });
        &mut self.services[found].1
    }

    /// Each function with its invocations.
    pub fn by_service(&self) -> impl Iterator<Item = (&'static str, &Invocations)> {
        self.services.iter().map(|(service, invocations)| (*service, invocations))
    }

    /// The requests that place the orders.
    pub fn places(&self) -> &Invocations {
        &self.services[0].1
    }
}

/// A store with the counters that reservations move.
pub fn stocked() -> MemoryAggregates {
    let store = MemoryAggregates::default();
    for article in shop::articles() {
        store.set_counter(&StockItem::key(&article.sku), AVAILABLE, i64::from(shop::UNITS));
    }
    store
}

/// What Lambda hands over for a batch of messages.
fn queue_event(service: &str, bodies: &[String]) -> Vec<u8> {
    let record = |(place, body): (usize, &String)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-66197{place:07}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a".repeat(6),
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795366200000",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1795366200001",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:eu-central-1:123456789012:semel-{service}"),
            "awsRegion": "eu-central-1",
        })
    };
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    bytes(&json!({ "Records": records }))
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
