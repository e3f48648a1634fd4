//! The simulated gateway's books in a map, for tests. Clones share them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use semel_aws::dynamodb::{Entry, Recorded};
use semel_exactly_once::StoreError;

use super::Ledger;

/// The books.
#[derive(Debug, Clone, Default)]
pub struct MemoryLedger(Arc<Mutex<BTreeMap<String, Entry>>>);

impl MemoryLedger {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operations that were booked, in the order of their names; one order's only.
    pub fn operations(&self) -> Vec<String> {
        let operation = |key: &String| key.rsplit('/').next().unwrap_or_default().to_owned();
        self.lock().keys().map(operation).collect()
    }

    /// An entry by its key.
    pub fn entry(&self, key: &str) -> Option<Entry> {
        self.lock().get(key).cloned()
    }
}

impl Ledger for MemoryLedger {
    async fn put_if_absent(&self, key: &str, entry: &Entry) -> Result<Recorded, StoreError> {
        let mut entries = self.lock();
        if let Some(existing) = entries.get(key) {
            return Ok(Recorded::Existing(existing.clone()));
        }
        entries.insert(key.to_owned(), entry.clone());
        Ok(Recorded::Fresh)
    }

    async fn find(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.entry(key))
    }
}
