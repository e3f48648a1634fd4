//! The ids of a partition that still have to be known, in memory and exact. Does no IO and knows no offsets.
//!
//! Entries lie in blocks in the log's order; an index finds their positions. An id is known as long as its event's
//! second is not before the floor's, whether or not its block is still there: so what is known does not depend on when
//! memory is given back.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
use semel_contracts::EventId;

use super::fence::LedgerEntry;
use super::index::Index;

/// Entries of a block, 96 KiB: what is given back at once.
const BLOCK: usize = 4_096;
/// After so many entries the index is made anew: a position that is long gone must not come again by its low half.
const REBUILT_AFTER: u64 = 1 << 30;

/// Known ids with the hash of their content.
#[derive(Debug, Default)]
pub struct Ledger {
    log: Log,
    index: Index,
    /// Seeded by the process: ids are chosen by clients.
    hasher: RandomState,
    /// Position at which the index is made anew.
    rebuild_at: u64,
}

/// Entries by position. Positions count up from zero and are never used again, but by what was rolled back.
#[derive(Debug, Default)]
struct Log {
    blocks: VecDeque<Block>,
    /// Position of the first block's first entry; a multiple of [`BLOCK`].
    base: u64,
    /// Position of the entry to come.
    next: u64,
    /// Entries in all blocks.
    held: usize,
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
        if !self.index.has_room_for(self.log.held + ids) {
            self.rebuild(self.log.held + ids);
        }
    }

    /// The content hash of a known id. `floor_s` is the second before which ids are forgotten.
    pub fn content_of(&self, id: EventId, floor_s: u32) -> Option<u32> {
        self.content_of_hashed(id, hash(&self.hasher, id), floor_s)
    }

    /// The hash under which an id is looked up, for [`Ledger::expect`].
    pub(super) fn hash(&self, id: EventId) -> u64 {
        hash(&self.hasher, id)
    }

    /// Asks memory for what looking up an id of this hash needs, and does not wait for it.
    #[inline]
    pub(super) fn expect(&self, hash: u64) {
        self.index.expect(hash);
    }

    /// [`Ledger::content_of`] an id whose hash is at hand.
    pub(super) fn content_of_hashed(&self, id: EventId, hash: u64, floor_s: u32) -> Option<u32> {
        // Of the entries of an id at most one is not forgotten: it is pushed again only then.
        let known = |low: u32| self.log.at_low(low).filter(|e| e.id == id && e.time_s >= floor_s);
        self.index.find(hash, self.log.base, known).map(|e| e.content)
    }

    /// Adds an id that is not known.
    pub fn push(&mut self, entry: LedgerEntry) {
        let hash = hash(&self.hasher, entry.id);
        self.push_hashed(entry, hash);
    }

    /// [`Ledger::push`] of an id whose hash is at hand.
    pub(super) fn push_hashed(&mut self, entry: LedgerEntry, hash: u64) {
        if !self.index.has_room_for(self.log.held + 1) {
            self.rebuild(self.log.held + 1);
        }
        let log = &self.log;
        self.index.insert(hash, low_half(log.next), |low| log.at_low(low).is_none());
        self.log.push(entry);
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
            self.index.remove(hash(&self.hasher, entry.id), low_half(self.log.next), self.log.base);
        }
    }

    /// Makes what was pushed final, and gives back the memory of blocks that hold nothing but forgotten ids.
    pub fn settle(&mut self, floor_s: u32) {
        self.log.forget(floor_s);
        if self.log.next >= self.rebuild_at || self.index.is_too_large_for(self.log.held) {
            self.rebuild(self.log.held);
        }
    }

    /// How many entries it holds, those included that are forgotten but lie among others.
    pub fn len(&self) -> usize {
        self.log.held
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
            + self.index.bytes()
    }

    /// Makes the index anew, with room for `ids`.
    fn rebuild(&mut self, ids: usize) {
        let Self { log, index, hasher, rebuild_at } = self;
        *rebuild_at = log.next.saturating_add(REBUILT_AFTER);
        // The old one goes first, so that there are never two.
        *index = Index::default();
        *index = Index::with_room_for(ids, log.base);
        for (position, entry) in log.all() {
            index.insert(hash(hasher, entry.id), low_half(position), |_| false);
        }
    }
}

impl Log {
    fn at_low(&self, low: u32) -> Option<&LedgerEntry> {
        // The position whose low half this is, at most 2^32 from the base: one before the base is none that exists.
        self.at(self.base + u64::from(low.wrapping_sub(low_half(self.base))))
    }

    fn at(&self, position: u64) -> Option<&LedgerEntry> {
        let index = usize::try_from(position.checked_sub(self.base)?).ok()?;
        self.blocks.get(index / BLOCK)?.entries.get(index % BLOCK)
    }

    fn range(&self, positions: Range<u64>) -> impl Iterator<Item = LedgerEntry> + '_ {
        let from = positions.start.max(self.base);
        (from..positions.end.min(self.next)).filter_map(|p| self.at(p).copied())
    }

    fn all(&self) -> impl Iterator<Item = (u64, &LedgerEntry)> {
        let blocks = self.blocks.iter().zip((self.base..).step_by(BLOCK));
        blocks.flat_map(|(block, first)| (first..).zip(&block.entries))
    }

    fn push(&mut self, entry: LedgerEntry) {
        if !self.has_open_block() {
            self.blocks.push_back(Block::default());
        }
        if let Some(block) = self.blocks.back_mut() {
            block.newest_s = block.newest_s.max(entry.time_s);
            block.entries.push(entry);
            self.next += 1;
            self.held += 1;
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
        self.held -= 1;
        Some(entry)
    }

    /// Gives back full blocks in which everything is forgotten.
    fn forget(&mut self, floor_s: u32) {
        for block in &mut self.blocks {
            if block.newest_s < floor_s && block.entries.len() == BLOCK {
                block.entries = Vec::new();
                self.held -= BLOCK;
            }
        }
        while self.blocks.front().is_some_and(|b| b.entries.is_empty()) && self.blocks.len() > 1 {
            self.blocks.pop_front();
            self.base += BLOCK as u64;
        }
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
