//! The stores in memory, with the conditions of the real ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::{
    AggregateStore, Claimed, CommitError, Record, RecordStore, StoreError, Stored, Write,
};

/// Aggregates, counters and spilled ids in maps. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryAggregates {
    inner: Arc<Mutex<Tables>>,
}

#[derive(Debug, Default)]
struct Tables {
    items: BTreeMap<String, Stored>,
    counters: BTreeMap<(String, String), i64>,
    spilled: BTreeMap<(String, EventId), u32>,
    published: Vec<(String, u64, String)>,
}

impl MemoryAggregates {
    /// Creates or sets a counter.
    pub fn set_counter(&self, key: &str, attribute: &str, value: i64) {
        self.lock().counters.insert((key.to_owned(), attribute.to_owned()), value);
    }

    /// A counter's value.
    pub fn counter(&self, key: &str, attribute: &str) -> Option<i64> {
        self.lock().counters.get(&(key.to_owned(), attribute.to_owned())).copied()
    }

    /// Every outbox written so far, as (key, version, text): what a stream would show a relay.
    pub fn published(&self) -> Vec<(String, u64, String)> {
        self.lock().published.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // A test that panicked elsewhere must not hide its reason behind a poisoned lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AggregateStore for MemoryAggregates {
    async fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        Ok(self.lock().items.get(key).cloned())
    }

    async fn commit(&self, write: &Write<'_>) -> Result<(), CommitError> {
        let mut tables = self.lock();
        let found = tables.items.get(write.key);
        if found.map(|s| s.version) != write.expected {
            return Err(CommitError::Conflict(found.cloned().map(Box::new)));
        }
        let short: Vec<usize> = (0..write.adjust.len()).filter(|i| !tables.can_adjust(write, *i)).collect();
        if !short.is_empty() {
            return Err(CommitError::Short(short));
        }
        for adjustment in write.adjust {
            let counter = (adjustment.key.clone(), adjustment.attribute.to_owned());
            *tables.counters.entry(counter).or_default() += adjustment.delta;
        }
        for entry in write.spill {
            tables.spilled.insert((write.key.to_owned(), entry.id), entry.expires_s);
        }
        if let Some(outbox) = write.outbox {
            tables.published.push((write.key.to_owned(), write.stored.version, outbox.to_owned()));
        }
        tables.items.insert(write.key.to_owned(), write.stored.clone());
        Ok(())
    }

    async fn spilled(&self, key: &str, ids: &[EventId], now: Timestamp) -> Result<Vec<EventId>, StoreError> {
        let tables = self.lock();
        let open = |id: &EventId| {
            let expires = tables.spilled.get(&(key.to_owned(), *id));
            expires.is_some_and(|s| u64::from(*s) > now.as_millis() / 1_000)
        };
        Ok(ids.iter().copied().filter(open).collect())
    }
}

impl Tables {
    fn can_adjust(&self, write: &Write<'_>, position: usize) -> bool {
        let adjustment = &write.adjust[position];
        let counter = self.counters.get(&(adjustment.key.clone(), adjustment.attribute.to_owned()));
        counter.is_some_and(|value| value + adjustment.delta >= 0)
    }
}

/// Idempotency records in a map. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryRecords {
    records: Arc<Mutex<BTreeMap<String, Record>>>,
}

impl MemoryRecords {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecordStore for MemoryRecords {
    async fn claim(&self, key: &str, record: &Record, now: Timestamp) -> Result<Claimed, StoreError> {
        let mut records = self.lock();
        if let Some(held) = records.get(key) {
            let expired = held.expires_at <= now;
            let over = held.lease_until.is_some_and(|until| until <= now);
            let inherits = over && held.fingerprint == record.fingerprint;
            if !expired && !inherits {
                return Ok(Claimed::Held(held.clone()));
            }
        }
        records.insert(key.to_owned(), record.clone());
        Ok(Claimed::Won)
    }

    async fn complete(
        &self,
        key: &str,
        owner: u64,
        response: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let Some(held) = records.get_mut(key).filter(|r| r.owner == owner && r.lease_until.is_some()) else {
            return Ok(false);
        };
        held.lease_until = None;
        held.response = Some(response.to_owned());
        held.expires_at = expires_at;
        Ok(true)
    }

    async fn release(&self, key: &str, owner: u64) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let held = records.get(key).is_some_and(|r| r.owner == owner && r.lease_until.is_some());
        if held {
            records.remove(key);
        }
        Ok(held)
    }
}
