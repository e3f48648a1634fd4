//! What a service must say about its aggregate: how a state and an input decide, and nothing else.
//!
//! Pure: no IO, no clock, no randomness. `now` is passed in, so that a history can be replayed.

use std::collections::BTreeMap;

use semel_contracts::{EventId, SchemaVersion, Timestamp, Traceparent};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// One consistency boundary: a state machine whose state is one item of a table.
///
/// `decide` is the whole of the business rule. The protocol around it loads the state, asks, and commits
/// state, deduplication ids and emitted events in one conditional write.
pub trait Aggregate: Send + Sync + 'static {
    /// First part of the item's key, `<KIND>#<id>`, for example `order`.
    const KIND: &'static str;
    /// The service that owns the aggregate; scopes the ids of the events it emits and names their producer.
    const CONSUMER: &'static str;
    /// The state, stored as compact JSON.
    type State: Clone + Send + Sync + Serialize + DeserializeOwned;
    /// An event or command that the aggregate understands.
    type Input: Send + Sync;
    /// An event that the aggregate emits.
    type Event: Emitted + Send + Sync;
    /// Why an input is refused. Always final: the same input at the same state is refused again.
    type Rejection: std::error::Error + Send + Sync + 'static;

    /// Decides what `input` does to `state` (`None` before the aggregate exists).
    ///
    /// Must be guarded by state, never a bare increment: an input that was applied, and is decided upon again
    /// after the deduplication window, has to come out as [`Decision::Unchanged`].
    fn decide(
        state: Option<&Self::State>,
        input: &Self::Input,
        now: Timestamp,
    ) -> Result<Decision<Self::State, Self::Event>, Self::Rejection>;

    /// Top-level attributes for secondary indexes; absent ones are left out, which makes an index sparse.
    fn index(_id: &str, _state: &Self::State) -> Index {
        Index::new()
    }

    /// The item's key for the aggregate's id.
    fn key(id: &str) -> String {
        format!("{}#{id}", Self::KIND)
    }
}

/// Attributes of an item that only its indexes need.
pub type Index = BTreeMap<&'static str, IndexValue>;

/// A value in an [`Index`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexValue {
    /// DynamoDB `S`.
    Text(String),
    /// DynamoDB `N`.
    Number(u64),
}

/// An event as the outbox keeps it.
pub trait Emitted {
    /// Its type, EventBridge's `DetailType`.
    fn event_type(&self) -> &'static str;
    /// The version of its data's shape. It is kept with the event: a newer program may publish what this one stored.
    /// A type that has never changed need not say.
    fn version(&self) -> SchemaVersion {
        SchemaVersion::FIRST
    }
    /// Its data as JSON text.
    fn data(&self) -> Result<Box<RawValue>, serde_json::Error>;
}

impl Emitted for semel_contracts::Event {
    fn event_type(&self) -> &'static str {
        Self::event_type(self)
    }

    fn version(&self) -> SchemaVersion {
        self.kind().version()
    }

    fn data(&self) -> Result<Box<RawValue>, serde_json::Error> {
        serde_json::value::to_raw_value(self)
    }
}

/// What an input does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<S, E> {
    /// Nothing: the input is late, repeated, or of no concern. Nothing is written.
    Unchanged,
    /// The aggregate moves on.
    Changed(Change<S, E>),
}

impl<S, E> Decision<S, E> {
    /// The aggregate moves to `state` and emits `events`.
    pub fn to(state: S, events: Vec<E>) -> Self {
        Self::Changed(Change { state, events, adjust: Vec::new() })
    }

    /// The same, if counters of other items can be adjusted in the same transaction.
    pub fn adjusting(state: S, events: Vec<E>, adjust: Vec<Adjustment>) -> Self {
        Self::Changed(Change { state, events, adjust })
    }
}

/// A new state with what goes with it, committed together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<S, E> {
    /// The state after the input.
    pub state: S,
    /// The events emitted, in order.
    pub events: Vec<E>,
    /// Counters of other items that move in the same transaction; empty for a plain write.
    pub adjust: Vec<Adjustment>,
}

/// A bounded counter on another item: it moves by `delta` unless that would take it below zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Full key of the item that holds the counter. It must exist.
    pub key: String,
    /// Name of the counter's attribute.
    pub attribute: &'static str,
    /// Signed amount.
    pub delta: i64,
}

/// An input with the id under which it is applied once.
#[derive(Debug, Clone)]
pub struct Delivery<I> {
    /// The producer's event id, or one derived from a command's or an effect's own key.
    pub id: EventId,
    /// What is asked of the aggregate.
    pub input: I,
    /// W3C trace context to hand on to emitted events.
    pub traceparent: Option<Traceparent>,
}

impl<I> Delivery<I> {
    /// A delivery without trace context.
    pub fn new(id: EventId, input: I) -> Self {
        Self { id, input, traceparent: None }
    }
}
