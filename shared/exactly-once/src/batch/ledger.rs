//! The ids of a partition that still have to be known, in memory and exact. Does no IO and knows no offsets.
//!
//! Entries lie in blocks in the log's order; a hash table holds their positions, four bytes each. An id is known as
//! long as its event's second is not before the floor's, whether or not its block is still there: so what is known
//! does not depend on when memory is given back.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use semel_contracts::EventId;

use super::fence::LedgerEntry;

/// Entries of a block, 96 KiB: what is given back at once.
const BLOCK: usize = 4_096;

/// Known ids with the hash of their content.
#[derive(Debug, Default)]
pub struct Ledger {
    log: Log,
    /// Positions in the log, their low 32 bits: no more entries than that are ever held at once.
    table: HashTable<u32>,
    /// Seeded by the process: ids are chosen by clients.
    hasher: RandomState,
    /// Entries since [`Ledger::settle`] whose id stood elsewhere before, forgotten: (new position, old position).
    replaced: Vec<(u64, u64)>,
}

/// Entries by position. Positions count up from zero and are never used again.
#[derive(Debug, Default)]
struct Log {
    blocks: VecDeque<Block>,
    /// Position of the first block's first entry; a multiple of [`BLOCK`].
    base: u64,
    /// Position of the entry to come.
    next: u64,
}

/// All blocks but the last are full, or were given back and are empty.
#[derive(Debug, Default)]
struct Block {
    entries: Vec<LedgerEntry>,
    newest_s: u32,
}

impl Ledger {
    /// Makes room for `ids` more.
    pub fn reserve(&mut self, ids: usize) {
        let Self { log, table, hasher, .. } = self;
        table.reserve(ids, |low| log.at_low(*low).map_or(0, |e| hash(hasher, e.id)));
    }

    /// The content hash of a known id. `floor_s` is the second before which ids are forgotten.
    pub fn content_of(&self, id: EventId, floor_s: u32) -> Option<u32> {
        let same = |low: &u32| self.log.at_low(*low).is_some_and(|e| e.id == id);
        let low = self.table.find(hash(&self.hasher, id), same)?;
        self.log.at_low(*low).filter(|e| e.time_s >= floor_s).map(|e| e.content)
    }

    /// Adds an id that is not known.
    pub fn push(&mut self, entry: LedgerEntry) {
        let Self { log, table, hasher, replaced } = self;
        let position = log.next;
        let same = |low: &u32| log.at_low(*low).is_some_and(|e| e.id == entry.id);
        let rehash = |low: &u32| log.at_low(*low).map_or(0, |e| hash(hasher, e.id));
        match table.entry(hash(hasher, entry.id), same, rehash) {
            Entry::Occupied(mut held) => {
                replaced.push((position, log.widen(*held.get())));
                *held.get_mut() = low_half(position);
            }
            Entry::Vacant(place) => {
                place.insert(low_half(position));
            }
        }
        log.push(entry);
    }

    /// Position of the entry to come.
    pub fn next(&self) -> u64 {
        self.log.next
    }

    /// Entries at these positions that are not forgotten, in the log's order.
    pub fn known(&self, positions: Range<u64>, floor_s: u32) -> impl Iterator<Item = LedgerEntry> + '_ {
        self.log.range(positions).filter(move |e| e.time_s >= floor_s)
    }

    /// Takes back every entry from `position` on; none of them may have been settled.
    pub fn rollback(&mut self, position: u64) {
        while self.log.next > position {
            let Some(entry) = self.log.pop() else { return };
            let taken = self.log.next;
            let low = low_half(taken);
            let Ok(mut held) = self.table.find_entry(hash(&self.hasher, entry.id), |p| *p == low) else {
                continue;
            };
            match self.replaced.pop_if(|(new, _)| *new == taken) {
                Some((_, old)) => *held.get_mut() = low_half(old),
                None => {
                    held.remove();
                }
            }
        }
    }

    /// Makes what was pushed final, and gives back the memory of blocks that hold nothing but forgotten ids.
    pub fn settle(&mut self, floor_s: u32) {
        self.replaced.clear();
        let Self { log, table, hasher, .. } = self;
        for (block, first) in log.blocks.iter_mut().zip((log.base..).step_by(BLOCK)) {
            if block.newest_s >= floor_s || block.entries.len() < BLOCK {
                continue;
            }
            let forgotten = std::mem::take(&mut block.entries);
            for (entry, position) in forgotten.iter().zip(first..) {
                let low = low_half(position);
                // Absent if the id was applied again since: then the table points to the newer entry.
                if let Ok(held) = table.find_entry(hash(hasher, entry.id), |p| *p == low) {
                    held.remove();
                }
            }
        }
        while log.blocks.front().is_some_and(|b| b.entries.is_empty()) && log.blocks.len() > 1 {
            log.blocks.pop_front();
            log.base += BLOCK as u64;
        }
        if table.capacity() > BLOCK && table.len() < table.capacity() / 4 {
            table.shrink_to(table.len() * 2, |low| log.at_low(*low).map_or(0, |e| hash(hasher, e.id)));
        }
    }

    /// How many entries it holds, those included that are forgotten but lie among others.
    pub fn len(&self) -> usize {
        self.log.blocks.iter().map(|b| b.entries.len()).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes it has allocated.
    pub fn bytes(&self) -> usize {
        let entries: usize = self.log.blocks.iter().map(|b| b.entries.capacity()).sum();
        entries * size_of::<LedgerEntry>()
            + self.log.blocks.capacity() * size_of::<Block>()
            + self.table.allocation_size()
            + self.replaced.capacity() * size_of::<(u64, u64)>()
    }
}

impl Log {
    fn at_low(&self, low: u32) -> Option<&LedgerEntry> {
        self.at(self.widen(low))
    }

    /// The position whose low half this is: at most 2^32 from the base.
    fn widen(&self, low: u32) -> u64 {
        self.base + u64::from(low.wrapping_sub(low_half(self.base)))
    }

    fn at(&self, position: u64) -> Option<&LedgerEntry> {
        let index = usize::try_from(position.checked_sub(self.base)?).ok()?;
        self.blocks.get(index / BLOCK)?.entries.get(index % BLOCK)
    }

    fn range(&self, positions: Range<u64>) -> impl Iterator<Item = LedgerEntry> + '_ {
        let from = positions.start.max(self.base);
        (from..positions.end.min(self.next)).filter_map(|p| self.at(p).copied())
    }

    fn push(&mut self, entry: LedgerEntry) {
        if !self.has_open_block() {
            self.blocks.push_back(Block::default());
        }
        if let Some(block) = self.blocks.back_mut() {
            block.newest_s = block.newest_s.max(entry.time_s);
            block.entries.push(entry);
            self.next += 1;
        }
    }

    /// Whether the position to come has a block already.
    fn has_open_block(&self) -> bool {
        (self.next - self.base) / (BLOCK as u64) < self.blocks.len() as u64
    }

    fn pop(&mut self) -> Option<LedgerEntry> {
        if self.blocks.back().is_some_and(|b| b.entries.is_empty()) {
            self.blocks.pop_back();
        }
        let entry = self.blocks.back_mut()?.entries.pop()?;
        self.next -= 1;
        Some(entry)
    }
}

/// The low 32 bits.
pub(super) fn low_half(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn hash(hasher: &RandomState, id: EventId) -> u64 {
    hasher.hash_one(u128::from_ne_bytes(*id.as_bytes()))
}
