//! The stores of the batch protocol in memory, with the conditions and the limits of the real ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use semel_contracts::Timestamp;
use semel_exactly_once::batch::{
    Advance, AdvanceError, Attributes, Delta, Fence, FenceKey, FenceStore, ITEMS_MAX, ItemKey, ObjectStore,
    Parked, Scalar,
};
use semel_exactly_once::{Class, StoreError};
use uuid::Uuid;

/// Fences, aggregates and parked records in maps. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryFences {
    inner: Arc<Mutex<Tables>>,
}

#[derive(Debug, Default)]
struct Tables {
    fences: BTreeMap<FenceKey, Fence>,
    items: BTreeMap<ItemKey, Attributes>,
    parked: BTreeMap<(FenceKey, i64), Parked>,
    /// Tokens with what they were used for.
    tokens: HashMap<Uuid, String>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(&'static str);

fn refused(operation: &'static str, key: &str, why: &'static str) -> StoreError {
    StoreError { class: Class::Fatal, operation, key: key.to_owned(), source: Box::new(Refused(why)) }
}

impl MemoryFences {
    /// Forgets the tokens of all transactions, as `DynamoDB` does after ten minutes.
    pub fn forget_tokens(&self) {
        self.lock().tokens.clear();
    }

    /// Every aggregate.
    pub fn items(&self) -> BTreeMap<ItemKey, Attributes> {
        self.lock().items.clone()
    }

    /// Every parked record, with where it is parked.
    pub fn all_parked(&self) -> BTreeMap<(FenceKey, i64), Parked> {
        self.lock().parked.clone()
    }

    /// Sets an aggregate behind the back of whatever is under test.
    pub fn set_item(&self, key: ItemKey, attributes: Attributes) {
        self.lock().items.insert(key, attributes);
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FenceStore for MemoryFences {
    async fn load(&self, key: &FenceKey) -> Result<Option<Fence>, StoreError> {
        Ok(self.lock().fences.get(key).cloned())
    }

    async fn parked(&self, key: &FenceKey, offsets: &[i64]) -> Result<Vec<Option<Timestamp>>, StoreError> {
        let tables = self.lock();
        let timestamp = |offset: &i64| tables.parked.get(&(key.clone(), *offset)).map(|p| p.timestamp);
        Ok(offsets.iter().map(timestamp).collect())
    }

    async fn recall(&self, keys: &[ItemKey]) -> Result<Vec<Option<Attributes>>, StoreError> {
        let tables = self.lock();
        Ok(keys.iter().map(|key| tables.items.get(key).cloned()).collect())
    }

    async fn advance(&self, advance: &Advance<'_>) -> Result<(), AdvanceError> {
        let mut tables = self.lock();
        check_limits(advance)?;
        let Advance { key, from, fence, deltas, parked, token } = advance;
        let content = format!("{key:?} {from:?} {fence:?} {deltas:?} {parked:?}");
        if let Some(before) = tables.tokens.get(token) {
            let why = "the token was used for another transaction";
            let same = *before == content;
            return if same { Ok(()) } else { Err(refused("advance", &key.pk(), why).into()) };
        }
        if tables.fences.get(key).map(|f| f.next_offset) != *from {
            return Err(AdvanceError::Moved);
        }
        tables.tokens.insert(*token, content);
        tables.fences.insert((*key).clone(), (*fence).clone());
        for delta in *deltas {
            tables.apply(delta);
        }
        for record in *parked {
            tables.parked.insert(((*key).clone(), record.offset), record.clone());
        }
        Ok(())
    }
}

/// What `TransactWriteItems` would answer with a validation error.
fn check_limits(advance: &Advance<'_>) -> Result<(), StoreError> {
    let keys: BTreeSet<&ItemKey> = advance.deltas.iter().map(|d| &d.key).collect();
    let refuse = |why| Err(refused("advance", &advance.key.pk(), why));
    if advance.deltas.len() + advance.parked.len() > ITEMS_MAX {
        return refuse("a transaction takes 100 items");
    }
    if keys.len() < advance.deltas.len() {
        return refuse("a transaction cannot include several operations on one item");
    }
    Ok(())
}

impl Tables {
    fn apply(&mut self, delta: &Delta) {
        let item = self.items.entry(delta.key.clone()).or_default();
        for (name, value) in &delta.set {
            item.insert((*name).to_owned(), value.clone());
        }
        for (name, by) in &delta.add {
            let before = match item.get(*name) {
                Some(Scalar::Number(before)) => *before,
                Some(Scalar::Text(_)) | None => 0,
            };
            item.insert((*name).to_owned(), Scalar::Number(before + by));
        }
    }
}

/// Objects in a map. Clones share it. Refuses to write a key twice with different bytes.
#[derive(Debug, Clone, Default)]
pub struct MemoryObjects {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl MemoryObjects {
    /// Every key, in order.
    pub fn keys(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Every key with its bytes.
    pub fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().clone()
    }

    /// Replaces an object, or creates it, behind the back of whatever is under test.
    pub fn overwrite(&self, key: &str, bytes: Vec<u8>) {
        self.lock().insert(key.to_owned(), bytes);
    }

    /// Takes an object away behind the back of whatever is under test.
    pub fn remove(&self, key: &str) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObjectStore for MemoryObjects {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let mut objects = self.lock();
        match objects.get(key) {
            Some(held) if held != bytes => Err(refused("put", key, "the object exists with other bytes")),
            Some(_) => Ok(()),
            None => {
                objects.insert(key.to_owned(), bytes.to_vec());
                Ok(())
            }
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().get(key).cloned())
    }

    async fn delete(&self, keys: &[String]) -> Result<(), StoreError> {
        let mut objects = self.lock();
        for key in keys {
            objects.remove(key);
        }
        Ok(())
    }
}
