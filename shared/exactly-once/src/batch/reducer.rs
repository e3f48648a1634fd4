//! What a team writes: how a value is read, and what an event adds to which aggregate. No IO, no clock.

use std::hash::Hash;

use semel_contracts::{EventId, Timestamp};

use super::fence::FenceKey;
use super::port::{Attributes, Delta};

/// An event that was read from a record's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed<E> {
    /// The producer's id: the key of the deduplication.
    pub id: EventId,
    /// When it happened, by the producer.
    pub time: Timestamp,
    /// The event.
    pub event: E,
}

/// A value that is no event of this consumer's contract. The record is parked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Unreadable {
    /// Why, for machines, such as `json` or `unknown_type`.
    pub code: &'static str,
    /// Why, for people.
    pub detail: String,
    /// The event's id, if that much could be read.
    pub event_id: Option<EventId>,
}

impl Unreadable {
    /// Without an id.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), event_id: None }
    }
}

/// Values that fold: merging is associative, and takes the log's order.
pub trait Merge {
    /// Takes in what came later in the log.
    fn merge(&mut self, later: Self);
}

/// Counts and sums. Saturates rather than wraps.
impl Merge for i64 {
    fn merge(&mut self, later: Self) {
        *self = self.saturating_add(later);
    }
}

/// Turns events into changes of aggregates.
///
/// Everything here is a pure function of its arguments: the same log gives the same changes, in every container and
/// however it is cut into batches.
pub trait Reducer: Send + Sync {
    /// An event, borrowing from the record's value.
    type Event<'a>: Send;
    /// Names an aggregate; may borrow from the record's value. Equal keys are one item, others are others.
    type Key<'a>: Eq + Hash + Clone + Send + Sync;
    /// What a chunk changes in an aggregate.
    type Value: Merge + Send + Sync;

    /// Reads a value. Refuses whatever is not in the contract; the record is then parked with the reason.
    fn observe<'a>(&self, topic: &str, value: &'a [u8]) -> Result<Observed<Self::Event<'a>>, Unreadable>;

    /// Appends what the event changes to `out`, which comes empty and is reused. At most [`super::ITEMS_MAX`]
    /// different keys, else the record is parked; none at all is fine.
    fn reduce<'a>(&self, event: &Observed<Self::Event<'a>>, out: &mut Vec<(Self::Key<'a>, Self::Value)>);

    /// The write for an aggregate. Its sort key ends in [`FenceKey::writer`].
    fn delta(&self, fence: &FenceKey, key: &Self::Key<'_>, value: &Self::Value) -> Delta;

    /// Whether this aggregate's write needs what is stored, such as "the last reading by event time". Costs a read
    /// for each chunk; counts and sums do without.
    fn needs_prior(&self, key: &Self::Key<'_>) -> bool {
        let _ = key;
        false
    }

    /// The stored item as a value, which the chunk's own is then merged into. Only asked where
    /// [`Reducer::needs_prior`] says so. An error stops the partition: the item is not what this program writes.
    fn recall(&self, key: &Self::Key<'_>, item: &Attributes) -> Result<Self::Value, Unreadable> {
        let _ = (key, item);
        Err(Unreadable::new("no_prior", "this reducer reads no stored aggregates"))
    }
}
