//! The ports of the protocols: where aggregates and records are kept, and what time it is.
//!
//! An adapter says what happened in these terms and nothing more: it neither retries a lost race nor decides
//! what a conflict means.

use std::future::Future;
use std::time::Duration;

use semel_contracts::{EventId, Timestamp};
use uuid::Uuid;

use crate::aggregate::{Adjustment, Index};
use crate::seen::{Seen, SeenEntry};

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Throttling, time-out, lost connection: the same request may succeed later.
    Transient,
    /// Bad request, missing right, corrupt item: the same request fails again.
    Fatal,
}

/// A store could not answer. The outcome of a write is then unknown, and every write here may be repeated.
#[derive(Debug, thiserror::Error)]
#[error("{operation} on {key} failed")]
pub struct StoreError {
    /// Whether trying again can help.
    pub class: Class,
    /// The request, for example `DynamoDB PutItem`.
    pub operation: &'static str,
    /// The item's key.
    pub key: String,
    /// What the store said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// An aggregate as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Counts the writes, from 1.
    pub version: u64,
    /// The state as JSON.
    pub state: String,
    /// Ids applied inside the window.
    pub seen: Seen,
    /// If ids were spilled to stand-alone records: the second at which the last of them expires.
    pub spilled_until_s: Option<u32>,
}

/// One conditional write: everything in it, or nothing.
#[derive(Debug)]
pub struct Write<'a> {
    /// The item's key.
    pub key: &'a str,
    /// The version that was read; `None` if the item must not exist yet.
    pub expected: Option<u64>,
    /// The state and the deduplication ids after the write, and the new version.
    pub stored: &'a Stored,
    /// The events of this version, encoded by [`crate::outbox`]; replaces the earlier version's, `None` removes them.
    pub outbox: Option<&'a str>,
    /// Attributes for indexes.
    pub index: &'a Index,
    /// Counters that move in the same transaction.
    pub adjust: &'a [Adjustment],
    /// Ids to keep as stand-alone records from now on.
    pub spill: &'a [SeenEntry],
    /// The same for a repetition of the same write, so that an unknown outcome can be retried.
    pub token: Uuid,
}

/// Why a write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The item is not at the expected version. Holds what is there now, if the store said so.
    #[error("another writer was first")]
    Conflict(Option<Box<Stored>>),
    /// Another transaction is under way on one of the items. Nothing was written, and nothing is known to have
    /// moved: the same write may be tried again.
    #[error("another transaction is under way")]
    Busy,
    /// These counters (positions in [`Write::adjust`]) do not exist or would go below zero.
    #[error("counters {0:?} cannot be adjusted")]
    Short(Vec<usize>),
    /// The store could not answer, or the item cannot be written at all.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps aggregates: one item each, written conditionally.
pub trait AggregateStore: Send + Sync {
    /// Reads the newest version of an item (a consistent read).
    fn load(&self, key: &str) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Writes if the condition holds, else changes nothing.
    fn commit(&self, write: &Write<'_>) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Which of `ids` have a spilled record of the item at `key` that is still open at `now`.
    fn spilled(
        &self,
        key: &str,
        ids: &[EventId],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<EventId>, StoreError>> + Send;
}

/// Tells the time, and waits. Simulated in tests.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits for `time`.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// 64 random bits: jitter, owners' tokens, version 7 ids.
    fn random(&self) -> u64;
}

/// A stand-alone idempotency record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who holds the lease, or did the work: a random token of each attempt, the fence.
    pub owner: u64,
    /// Hash of the payload that the key stands for.
    pub fingerprint: String,
    /// Until when the owner may work; `None` once the work is done.
    pub lease_until: Option<Timestamp>,
    /// End of the deduplication window.
    pub expires_at: Timestamp,
    /// What the work answered, once it is done.
    pub response: Option<String>,
}

/// How a claim ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The record is the claimant's until its lease ends.
    Won,
    /// The record is somebody's, or done: this is it.
    Held(Record),
}

/// Keeps stand-alone idempotency records. Every change is conditional on the owner.
pub trait RecordStore: Send + Sync {
    /// Writes `record` if there is none under `key`, or it has expired at `now`, or its lease ended before `now`
    /// and its fingerprint is the same.
    fn claim(
        &self,
        key: &str,
        record: &Record,
        now: Timestamp,
    ) -> impl Future<Output = Result<Claimed, StoreError>> + Send;

    /// Marks the work done with `response` if `owner` still holds the record; answers whether it did.
    fn complete(
        &self,
        key: &str,
        owner: u64,
        response: &str,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives the record up if `owner` still holds it, so that the next attempt starts at once.
    fn release(&self, key: &str, owner: u64) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
