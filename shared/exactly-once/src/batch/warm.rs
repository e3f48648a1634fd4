//! Partitions that a container keeps in memory between invocations, within a bound.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fence::FenceKey;
use super::state::PartitionState;

/// States at their fences. One that is in use is not in here: a second user of it loads its own, and one of the two
/// loses the race for the fence. A future that is dropped half-way loses its state with it.
#[derive(Debug)]
pub(super) struct Warm {
    slots: Mutex<Slots>,
    ids_max: usize,
}

#[derive(Debug, Default)]
struct Slots {
    states: HashMap<FenceKey, Slot>,
    uses: u64,
}

#[derive(Debug)]
struct Slot {
    state: Box<PartitionState>,
    used: u64,
}

impl Warm {
    pub(super) fn new(ids_max: usize) -> Self {
        Self { slots: Mutex::default(), ids_max }
    }

    pub(super) fn take(&self, key: &FenceKey) -> Option<Box<PartitionState>> {
        self.lock().states.remove(key).map(|slot| slot.state)
    }

    /// Keeps a state, and drops those used least recently while there are too many ids; never the one just used.
    pub(super) fn keep(&self, state: Box<PartitionState>) {
        let mut slots = self.lock();
        slots.uses += 1;
        let used = slots.uses;
        slots.states.insert(state.key().clone(), Slot { state, used });
        while slots.states.len() > 1 && slots.ids() > self.ids_max {
            let oldest = slots.states.iter().min_by_key(|(_, slot)| slot.used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            slots.states.remove(&oldest);
        }
    }

    /// Partitions and ids in memory.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let slots = self.lock();
        (slots.states.len(), slots.ids())
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        // Nothing in here can be left half-done by a panic.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn ids(&self) -> usize {
        self.states.values().map(|slot| slot.state.ledger().len()).sum()
    }
}
