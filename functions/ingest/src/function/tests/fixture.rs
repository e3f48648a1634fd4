//! The function over ports in memory, which fail when they are told to.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use semel_aws::Message;
use semel_contracts::Timestamp;
use semel_exactly_once::{Claimed, Class, Idempotency, Record, RecordStore, StoreError};
use semel_lambda::Failure;
use semel_lambda::http::Request;
use semel_lambda::intake::{Counts, Intake};
use semel_testkit::{MemoryRecords, SimulatedClock, block_on};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::ports::{DeadLetters, Outgoing, Publisher, Unpublished};
use crate::{Answer, Auth, Ingest};

/// What happened to the ports, and what shall happen next.
#[derive(Debug, Default)]
struct Seen {
    published: Vec<(String, String)>,
    calls: usize,
    record_writes: usize,
    letters: Vec<Message>,
    fail_places: Option<Vec<usize>>,
    fail_letters: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Ports(Arc<Mutex<Seen>>);

impl Publisher for Ports {
    async fn publish(&self, events: &[Outgoing<'_>]) -> Result<(), Unpublished> {
        let mut seen = self.0.lock().expect("no panic");
        seen.calls += 1;
        let failed = seen.fail_places.take().unwrap_or_default();
        let sent = events.iter().enumerate().filter(|(place, _)| !failed.contains(place));
        seen.published.extend(sent.map(|(_, event)| (event.key.to_owned(), event.value.to_owned())));
        if failed.is_empty() {
            return Ok(());
        }
        Err(Unpublished { failed, class: Class::Transient, source: "the broker is away".into() })
    }
}

impl DeadLetters for Ports {
    async fn keep(&self, letters: &[Message]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut seen = self.0.lock().expect("no panic");
        if std::mem::take(&mut seen.fail_letters) {
            return Err("the queue is away".into());
        }
        seen.letters.extend_from_slice(letters);
        Ok(())
    }
}

/// Records in memory, whose writes are counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    records: MemoryRecords,
    ports: Ports,
}

impl Counted {
    fn count(&self) {
        self.ports.0.lock().expect("no panic").record_writes += 1;
    }
}

impl RecordStore for Counted {
    async fn claim(&self, key: &str, record: &Record, now: Timestamp) -> Result<Claimed, StoreError> {
        self.count();
        self.records.claim(key, record, now).await
    }

    async fn complete(
        &self,
        key: &str,
        owner: u64,
        response: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.count();
        self.records.complete(key, owner, response, expires_at).await
    }

    async fn release(&self, key: &str, owner: u64) -> Result<bool, StoreError> {
        self.count();
        self.records.release(key, owner).await
    }
}

/// An answer over HTTP.
pub(super) struct Answered {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<String>,
}

impl Answered {
    /// What became of each event.
    pub fn statuses(&self) -> Vec<String> {
        let events = self.body["events"].as_array().into_iter().flatten();
        events.map(|event| event["status"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

pub(super) struct Fixture {
    ports: Ports,
    pub clock: SimulatedClock,
    ingest: Ingest<Ports, Counted, SimulatedClock, Ports>,
}

impl Default for Fixture {
    fn default() -> Self {
        Self::of(Auth::Anonymous)
    }
}

impl Fixture {
    pub fn of(auth: Auth) -> Self {
        let (ports, clock) = (Ports::default(), SimulatedClock::default());
        let records = Counted { records: MemoryRecords::default(), ports: ports.clone() };
        let window = Duration::from_secs(crate::limits::MEMORY_SECONDS_DEFAULT.into());
        let batches = Idempotency::new(records, clock.clone(), crate::NAME, crate::limits::LEASE, window);
        let ingest = Ingest {
            publisher: ports.clone(),
            batches,
            dead_letters: ports.clone(),
            clock: clock.clone(),
            auth,
        };
        Self { ports, clock, ingest }
    }

    pub fn request(&self, event: &Value) -> (Answered, Counts) {
        let request = Request::from_json(&event.to_string()).expect("an event");
        let (response, counts) = block_on(Intake::request(&self.ingest, request));
        let answered = Answered {
            status: response.status(),
            body: serde_json::from_str(response.body()).expect("JSON"),
            retry_after: response.header("retry-after").map(str::to_owned),
        };
        (answered, counts)
    }

    pub fn answer(&self, event: &Value) -> Answered {
        self.request(event).0
    }

    /// Invokes the function directly.
    pub fn invoke(&self, event: &Value) -> Result<(Answer, Counts), Failure> {
        let payload = RawValue::from_string(event.to_string()).expect("JSON");
        block_on(self.ingest.message(&payload))
    }

    /// The next call of Kafka fails for the events at these places.
    pub fn fail_next(&self, places: impl IntoIterator<Item = usize>) {
        self.ports.0.lock().expect("no panic").fail_places = Some(places.into_iter().collect());
    }

    pub fn fail_next_letters(&self) {
        self.ports.0.lock().expect("no panic").fail_letters = true;
    }

    pub fn published(&self) -> Vec<(String, String)> {
        self.ports.0.lock().expect("no panic").published.clone()
    }

    pub fn letters(&self) -> Vec<Message> {
        self.ports.0.lock().expect("no panic").letters.clone()
    }

    pub fn calls(&self) -> usize {
        self.ports.0.lock().expect("no panic").calls
    }

    pub fn record_writes(&self) -> usize {
        self.ports.0.lock().expect("no panic").record_writes
    }
}

fn id(number: usize) -> String {
    format!("0193557d-2a4b-7c1e-8f00-{number:012x}")
}

/// A good event of a client; the simulated clock starts on 2026-01-01.
pub(super) fn page(number: usize) -> Value {
    json!({
        "event_id": id(number),
        "event_type": "PageViewed",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "data": {
            "session_id": "s-1", "page": format!("/page/{number}"),
            "client": {"kind": "web", "os": "Linux", "app_version": "1.0", "locale": "en"},
        },
        "metadata": {
            "producer_id": "web", "version": "1.0", "aggregate_id": "s-1", "sequence": number, "correlation_id": "s-1",
        },
    })
}

/// A good event of a device.
pub(super) fn shelf(number: usize) -> Value {
    json!({
        "event_id": id(number),
        "event_type": "ShelfCounted",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "data": {"device_id": "d-1", "warehouse": "par1", "shelf": "A-1", "sku": "MUG-BLUE", "quantity": number},
        "metadata": {
            "producer_id": "shelf", "version": "1.0", "aggregate_id": "d-1", "sequence": number, "correlation_id": "d-1",
        },
    })
}

/// API Gateway's event of a client's request.
pub(super) fn post(body: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /events",
        "rawPath": "/events",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/events"}, "requestId": "r-1", "stage": "$default"},
        "body": body,
        "isBase64Encoded": false,
    })
}

pub(super) fn with_key(mut request: Value, key: &str) -> Value {
    request["headers"]["idempotency-key"] = json!(key);
    request
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// The same request, zipped.
pub(super) fn zip(request: &mut Value) {
    let zipped = gzip(request["body"].as_str().expect("a body").as_bytes());
    request["headers"]["content-encoding"] = json!("gzip");
    set_bytes(request, &zipped);
}

pub(super) fn set_bytes(request: &mut Value, bytes: &[u8]) {
    request["body"] = json!(STANDARD.encode(bytes));
    request["isBase64Encoded"] = json!(true);
}

/// What the rule hands over for a message of a device.
pub(super) fn message(bytes: &[u8]) -> Value {
    json!({
        "payload": STANDARD.encode(bytes), "topic": "semel/devices/d-1/events", "device_id": "d-1",
        "client_id": "c-1", "received_at": 1_767_225_600_000_u64,
    })
}
