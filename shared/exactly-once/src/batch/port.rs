//! The ports of the batch protocol: where fences, aggregates and parked records are kept, and where ledger objects.
//!
//! An adapter says what happened in these terms and nothing more: it neither decides what a moved fence means, nor
//! looks into what it is given.

use std::collections::BTreeMap;
use std::future::Future;

use semel_contracts::{EventId, Timestamp};
use uuid::Uuid;

use super::fence::{Fence, FenceKey};
use crate::port::StoreError;

/// A value of an aggregate's attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// An aggregate's attributes, by name. What is neither text nor a whole number is left out.
pub type Attributes = BTreeMap<String, Scalar>;

/// Which item an aggregate is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

/// What one chunk changes in one aggregate. An item that is not there yet counts as all zeroes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The aggregate. Only the holder of one fence writes to it: its sort key ends in [`FenceKey::writer`].
    pub key: ItemKey,
    /// Numbers to add.
    pub add: Vec<(&'static str, i64)>,
    /// Attributes to set.
    pub set: Vec<(&'static str, Scalar)>,
    /// When the table may delete the item, in whole seconds; `None` leaves what is there.
    pub expires_at: Option<Timestamp>,
}

/// A record that cannot be applied, kept with its reason and never deleted by the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its place in the partition.
    pub offset: i64,
    /// Kafka's timestamp of the record; tells it from another record that has the same offset in a recreated topic.
    pub timestamp: Timestamp,
    /// Why, for machines: a code of [`super::reason`] or of the reducer's own.
    pub code: &'static str,
    /// Why, for people; at most [`super::DETAIL_BYTES_MAX`] bytes.
    pub detail: String,
    /// The event's id, if that much could be read.
    pub event_id: Option<EventId>,
    /// The record itself.
    pub payload: ParkedPayload,
}

/// Where a parked record's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParkedPayload {
    /// In the item: together at most [`super::INLINE_BYTES_MAX`] bytes.
    Inline {
        /// The record's key.
        key: Option<Vec<u8>>,
        /// The record's value; where it could not be decoded, what stood in its place.
        value: Option<Vec<u8>>,
        /// The record's headers.
        headers: Vec<(String, Vec<u8>)>,
    },
    /// In the object of this key, written before the fence moves: JSON with `key`, `value` and `headers` in base64.
    Object(String),
}

/// One conditional transaction: everything in it, or nothing.
#[derive(Debug)]
pub struct Advance<'a> {
    /// Which fence moves.
    pub key: &'a FenceKey,
    /// Where the fence has to stand ([`Fence::next_offset`]); `None`: there must not be one yet.
    pub from: Option<i64>,
    /// The fence afterwards; replaces the item.
    pub fence: &'a Fence,
    /// Changes of aggregates, each of another item. With `parked` at most [`super::ITEMS_MAX`].
    pub deltas: &'a [Delta],
    /// Records to keep aside, under [`FenceKey::parked_pk`] and [`FenceKey::parked_sk`].
    pub parked: &'a [Parked],
    /// The same for a repetition of the same transaction, so that an unknown outcome can be retried.
    pub token: Uuid,
}

/// Why a transaction did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The fence is not where it has to be: another invocation was first, or an earlier attempt took effect whose
    /// token the store has forgotten.
    #[error("the fence has moved")]
    Moved,
    /// Another transaction is under way on one of the items. Nothing was written, and nothing is known to have
    /// moved: the same transaction may be tried again.
    #[error("another transaction is under way")]
    Busy,
    /// The store could not answer: the outcome is unknown if the class is transient.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps fences, aggregates and parked records in one table.
pub trait FenceStore: Send + Sync {
    /// Reads a fence (a consistent read).
    fn load(&self, key: &FenceKey) -> impl Future<Output = Result<Option<Fence>, StoreError>> + Send;

    /// For each of `offsets`, in their order: [`Parked::timestamp`] of the record parked there, if there is one.
    fn parked(
        &self,
        key: &FenceKey,
        offsets: &[i64],
    ) -> impl Future<Output = Result<Vec<Option<Timestamp>>, StoreError>> + Send;

    /// Reads aggregates (consistent reads), in the order of `keys`; at most [`super::ITEMS_MAX`] of them.
    fn recall(
        &self,
        keys: &[ItemKey],
    ) -> impl Future<Output = Result<Vec<Option<Attributes>>, StoreError>> + Send;

    /// Moves the fence and writes the rest if the condition holds, else changes nothing.
    ///
    /// A repetition with the same token and content is answered like the first time, or with
    /// [`AdvanceError::Moved`] once the store has forgotten the token (`DynamoDB`: after ten minutes).
    fn advance(&self, advance: &Advance<'_>) -> impl Future<Output = Result<(), AdvanceError>> + Send;
}

/// Keeps objects that are written once. A key is never written twice with different bytes.
pub trait ObjectStore: Send + Sync {
    /// Writes an object; a repetition changes nothing.
    fn put(&self, key: &str, bytes: &[u8]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads an object; `None` if it is not there.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Deletes objects; one that is not there is no error.
    fn delete(&self, keys: &[String]) -> impl Future<Output = Result<(), StoreError>> + Send;
}
