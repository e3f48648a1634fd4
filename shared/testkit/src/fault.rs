//! Faults at the ports, one at a time, everywhere.
//!
//! [`with_every_fault`] runs a scenario once to count its requests, and then once per request and fault: the crash
//! before each write and after it, the throttled request, the race lost at each commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::batch::{
    Advance, AdvanceError, Attributes, Fence, FenceKey, FenceStore, ItemKey, ObjectStore,
};
use semel_exactly_once::{
    AggregateStore, Claimed, Class, CommitError, Record, RecordStore, StoreError, Stored, Write,
};

/// What goes wrong at one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process dies, or the request is throttled, before anything happened.
    Before,
    /// The request took effect, and then the process died or the answer was lost.
    After,
    /// Another writer seems to have won: the store refuses without saying what is there.
    Conflict,
    /// Another transaction holds one of the items.
    Busy,
}

/// Which request fails, and how. Clones share the count of requests.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    at: Option<(usize, Fault)>,
    requests: Arc<AtomicUsize>,
}

impl Faults {
    /// Nothing fails.
    pub fn none() -> Self {
        Self::default()
    }

    /// The request at position `at` (from 0) fails.
    pub fn one(at: usize, fault: Fault) -> Self {
        Self { at: Some((at, fault)), requests: Arc::default() }
    }

    /// How many requests were made.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    fn next(&self) -> Option<Fault> {
        let position = self.requests.fetch_add(1, Ordering::SeqCst);
        self.at.filter(|(at, _)| *at == position).map(|(_, fault)| fault)
    }
}

/// A store that fails where its [`Faults`] say.
#[derive(Debug, Clone)]
pub struct Faulty<S> {
    store: S,
    faults: Faults,
}

impl<S> Faulty<S> {
    /// Wraps a store.
    pub fn new(store: S, faults: Faults) -> Self {
        Self { store, faults }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("injected fault")]
struct Injected;

fn injected(operation: &'static str, key: &str) -> StoreError {
    StoreError { class: Class::Transient, operation, key: key.to_owned(), source: Box::new(Injected) }
}

/// Runs a request around a fault that is not a conflict.
async fn around<T>(
    fault: Option<Fault>,
    operation: &'static str,
    key: &str,
    request: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match fault {
        Some(Fault::Before) => Err(injected(operation, key)),
        Some(Fault::After) => {
            request.await?;
            Err(injected(operation, key))
        }
        Some(Fault::Conflict | Fault::Busy) | None => request.await,
    }
}

impl<S: AggregateStore> AggregateStore for Faulty<S> {
    async fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        around(self.faults.next(), "load", key, self.store.load(key)).await
    }

    async fn commit(&self, write: &Write<'_>) -> Result<(), CommitError> {
        match self.faults.next() {
            Some(Fault::Before) => Err(injected("commit", write.key).into()),
            Some(Fault::After) => {
                self.store.commit(write).await?;
                Err(injected("commit", write.key).into())
            }
            Some(Fault::Conflict) => Err(CommitError::Conflict(None)),
            Some(Fault::Busy) => Err(CommitError::Busy),
            None => self.store.commit(write).await,
        }
    }

    async fn spilled(&self, key: &str, ids: &[EventId], now: Timestamp) -> Result<Vec<EventId>, StoreError> {
        around(self.faults.next(), "spilled", key, self.store.spilled(key, ids, now)).await
    }
}

impl<S: RecordStore> RecordStore for Faulty<S> {
    async fn claim(&self, key: &str, record: &Record, now: Timestamp) -> Result<Claimed, StoreError> {
        around(self.faults.next(), "claim", key, self.store.claim(key, record, now)).await
    }

    async fn complete(
        &self,
        key: &str,
        owner: u64,
        response: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        around(self.faults.next(), "complete", key, self.store.complete(key, owner, response, expires_at))
            .await
    }

    async fn release(&self, key: &str, owner: u64) -> Result<bool, StoreError> {
        around(self.faults.next(), "release", key, self.store.release(key, owner)).await
    }
}

impl<S: FenceStore> FenceStore for Faulty<S> {
    async fn load(&self, key: &FenceKey) -> Result<Option<Fence>, StoreError> {
        around(self.faults.next(), "load", &key.pk(), self.store.load(key)).await
    }

    async fn parked(&self, key: &FenceKey, offsets: &[i64]) -> Result<Vec<Option<Timestamp>>, StoreError> {
        around(self.faults.next(), "parked", &key.pk(), self.store.parked(key, offsets)).await
    }

    async fn recall(&self, keys: &[ItemKey]) -> Result<Vec<Option<Attributes>>, StoreError> {
        around(self.faults.next(), "recall", "items", self.store.recall(keys)).await
    }

    async fn advance(&self, advance: &Advance<'_>) -> Result<(), AdvanceError> {
        let lost = || injected("advance", &advance.key.pk()).into();
        match self.faults.next() {
            Some(Fault::Before) => Err(lost()),
            Some(Fault::After) => {
                self.store.advance(advance).await?;
                Err(lost())
            }
            Some(Fault::Conflict) => Err(AdvanceError::Moved),
            Some(Fault::Busy) => Err(AdvanceError::Busy),
            None => self.store.advance(advance).await,
        }
    }
}

impl<S: ObjectStore> ObjectStore for Faulty<S> {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        around(self.faults.next(), "put", key, self.store.put(key, bytes)).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        around(self.faults.next(), "get", key, self.store.get(key)).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), StoreError> {
        around(self.faults.next(), "delete", "objects", self.store.delete(keys)).await
    }
}

/// Runs `scenario` without a fault, then with each fault at each request that the first run made.
///
/// The scenario builds its world around the faults, redelivers until all is done, and asserts. Answers how many
/// runs there were, so that a caller can assert that faults were injected at all.
pub fn with_every_fault(mut scenario: impl FnMut(Faults)) -> usize {
    let calm = Faults::none();
    scenario(calm.clone());
    let mut runs = 1;
    for at in 0..calm.requests() {
        for fault in [Fault::Before, Fault::After, Fault::Conflict, Fault::Busy] {
            scenario(Faults::one(at, fault));
            runs += 1;
        }
    }
    runs
}
