//! The ports around the services that stand for other companies and carriers, in memory, and a store that remembers
//! what was written to it.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use notifications::handler::Post;
use payments::simulated::Ledger;
use semel_aws::dynamodb::{Entry, Recorded};
use semel_aws::{AwsError, Delay, Email, Message};
use semel_contracts::{CustomerId, EventId, OrderId, RawEnvelope, Timestamp, decode};
use semel_domain::Order;
use semel_exactly_once::{
    AggregateStore, CommitError, IndexValue, Publish, PublishError, StoreError, Stored, Write,
};
use semel_lambda::sqs::{DeadLetters, Delays};
use serde_json::{Value, json};
use storefront::{History, Page, Paging};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test that panicked elsewhere must not hide its reason behind a poisoned lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An item as a write left it, with what it replaced.
#[derive(Debug, Clone)]
pub struct Image {
    /// The table's logical id.
    pub table: &'static str,
    /// The item in DynamoDB's JSON.
    pub new: Value,
    /// The version before, if there was one.
    pub old: Option<Value>,
    /// Keys of the counters that moved in the same transaction.
    pub counters: Vec<String>,
}

impl Image {
    /// What the table's stream shows of it.
    pub fn stream_record(&self) -> Value {
        let version = self.new["version"]["N"].as_str().unwrap_or_default();
        let mut change = json!({
            "ApproximateCreationDateTime": 1_795_366_200,
            "Keys": { "pk": self.new["pk"] },
            "NewImage": self.new,
            "SequenceNumber": format!("4421584500000000017450{version}"),
            "SizeBytes": 1024,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        });
        if let Some(old) = &self.old {
            change["OldImage"] = old.clone();
        }
        json!({
            "eventID": "7de3041dd709b024af6f29e4fa13d34c",
            "eventName": if self.old.is_some() { "MODIFY" } else { "INSERT" },
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-central-1",
            "dynamodb": change,
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/semel/stream/2026-11-22T16:50:00.000",
        })
    }
}

/// Everything that was written and not taken yet. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Images(Arc<Mutex<Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    fresh: Vec<Image>,
    newest: BTreeMap<String, Value>,
}

impl Images {
    /// What was written since it was last asked for.
    pub fn take(&self) -> Vec<Image> {
        mem::take(&mut lock(&self.0).fresh)
    }

    fn remember(&self, table: &'static str, write: &Write<'_>) {
        let mut remembered = lock(&self.0);
        let new = item_of(write);
        let old = remembered.newest.insert(write.key.to_owned(), new.clone());
        let counters = write.adjust.iter().map(|adjustment| adjustment.key.clone()).collect();
        remembered.fresh.push(Image { table, new, old, counters });
    }
}

/// The item that a write leaves behind, as shared/aws has it.
fn item_of(write: &Write<'_>) -> Value {
    let stored = write.stored;
    let mut item = json!({
        "pk": { "S": write.key },
        "version": { "N": stored.version.to_string() },
        "state": { "S": stored.state },
    });
    if !stored.seen.is_empty() {
        item["seen"] = json!({ "B": STANDARD.encode(stored.seen.as_bytes()) });
    }
    if let Some(outbox) = write.outbox {
        item["outbox"] = json!({ "S": outbox });
    }
    for (name, value) in write.index {
        item[*name] = match value {
            IndexValue::Text(text) => json!({ "S": text }),
            IndexValue::Number(number) => json!({ "N": number.to_string() }),
        };
    }
    item
}

/// A store that remembers what was written to it.
#[derive(Debug, Clone)]
pub struct Recording<S> {
    store: S,
    table: &'static str,
    images: Images,
}

impl<S: Clone> Recording<S> {
    /// Remembers in `images` what goes to `store`.
    pub fn new(store: &S, table: &'static str, images: &Images) -> Self {
        Self { store: store.clone(), table, images: images.clone() }
    }
}

impl<S: AggregateStore> AggregateStore for Recording<S> {
    async fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.store.load(key).await
    }

    async fn commit(&self, write: &Write<'_>) -> Result<(), CommitError> {
        self.store.commit(write).await?;
        self.images.remember(self.table, write);
        Ok(())
    }

    async fn spilled(&self, key: &str, ids: &[EventId], now: Timestamp) -> Result<Vec<EventId>, StoreError> {
        self.store.spilled(key, ids, now).await
    }
}

/// The simulated gateway's books: an outside company's, so they cost the platform nothing.
#[derive(Debug, Clone, Default)]
pub struct Books(Arc<Mutex<BTreeMap<String, Entry>>>);

impl Ledger for Books {
    async fn put_if_absent(&self, key: &str, entry: &Entry) -> Result<Recorded, StoreError> {
        let mut books = lock(&self.0);
        if let Some(existing) = books.get(key) {
            return Ok(Recorded::Existing(existing.clone()));
        }
        books.insert(key.to_owned(), entry.clone());
        Ok(Recorded::Fresh)
    }

    async fn find(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(lock(&self.0).get(key).cloned())
    }
}

/// Takes every mail.
#[derive(Debug, Clone, Copy)]
pub struct Mailbox;

impl Post for Mailbox {
    async fn send(&self, email: &Email<'_>) -> Result<String, AwsError> {
        // What the optimiser may not leave out.
        std::hint::black_box((email.subject, email.text, email.html));
        Ok("0107018f4e6b7a5c-2f1d9f9e-8a1c-4f0e-9f4b-5f2d7c9a1b3e-000000".to_owned())
    }
}

/// Lists nothing: no order of a journey is listed.
#[derive(Debug, Clone, Copy)]
pub struct NoHistory;

impl History for NoHistory {
    async fn page(
        &self,
        _: &CustomerId,
        _: &Paging<OrderId>,
    ) -> Result<Page<(OrderId, Order), OrderId>, StoreError> {
        Ok(Page { entries: Vec::new(), next: None })
    }
}

/// Takes letters and delays; whoever counts outcomes sees that there were any.
#[derive(Debug, Clone, Copy)]
pub struct NoLetters;

impl DeadLetters for NoLetters {
    async fn send(&self, messages: &[Message]) -> Vec<Result<(), AwsError>> {
        messages.iter().map(|_| Ok(())).collect()
    }
}

impl Delays for NoLetters {
    async fn delay(&self, delays: &[Delay]) -> Vec<Result<(), AwsError>> {
        delays.iter().map(|_| Ok(())).collect()
    }
}

/// What the relay published, in the order published.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    bus: Carrier,
    topic: Carrier,
}

/// The bus, or the topic: takes everything.
#[derive(Debug, Clone, Default)]
pub struct Carrier(Arc<Mutex<Vec<String>>>);

impl Publish for Carrier {
    async fn publish(&self, events: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        let bodies = events.iter().map(|event| event.encode().expect("it fits"));
        lock(&self.0).extend(bodies);
        events.iter().map(|_| Ok(())).collect()
    }
}

impl Outgoing {
    /// The bus.
    pub fn bus(&self) -> Carrier {
        self.bus.clone()
    }

    /// The topic.
    pub fn topic(&self) -> Carrier {
        self.topic.clone()
    }

    /// The bodies that queues get: what went to the topic as it is, and the rest as EventBridge wraps it.
    pub fn take(&self) -> Vec<String> {
        let topic = mem::take(&mut *lock(&self.topic.0));
        let bus = mem::take(&mut *lock(&self.bus.0));
        let alone = bus.into_iter().filter(|body| !topic.contains(body)).map(|body| wrapped(&body));
        let alone: Vec<String> = alone.collect();
        topic.into_iter().chain(alone).collect()
    }
}

/// An event as EventBridge hands it to a queue.
fn wrapped(body: &str) -> String {
    let envelope = decode(body).expect("what the relay publishes keeps the contract");
    let detail: Box<serde_json::value::RawValue> = serde_json::from_str(body).expect("JSON");
    let head = json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": envelope.event_type().as_str(),
        "source": envelope.data.source(),
        "account": "123456789012",
        "time": "2026-11-22T16:50:00Z",
        "region": "eu-central-1",
        "resources": [format!("arn:aws:semel:eu-central-1:123456789012:order/{}", envelope.order_id())],
    })
    .to_string();
    // The detail stays the bytes that it is.
    format!("{},\"detail\":{}}}", head.trim_end_matches('}'), detail.get())
}
