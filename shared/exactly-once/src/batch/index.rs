//! Where ids are in the ledger's log: a hash table of positions in which nothing is ever deleted one by one.
//!
//! A bucket is one line of the cache: looking an id up waits for memory once, and adding it then waits no more. What
//! the log has given back stays here until something else needs its place; it is told apart by its position alone.
//! Knows positions by their low 32 bits, and neither ids nor times.

use prefetch_index::prefetch_index;

/// Positions in a bucket: with two bytes of hash each, and a mark, they fill 64 bytes. One byte of hash would let every
/// twentieth lookup wait for the entry of another id.
const SLOTS: usize = 10;
/// Of so many slots, [`FILLED`] may be taken.
const FILLED_OF: usize = 100;
const FILLED: usize = 90;
/// How much larger than asked for it is made, and when it is too large, in per cent: growing by a fifth each time
/// costs each id five moves on the way.
const SPARE: usize = 120;
const TOO_LARGE: usize = 400;

/// Positions by hash.
#[derive(Debug, Default)]
pub(super) struct Index {
    buckets: Vec<Bucket>,
    room: usize,
}

#[derive(Debug, Clone)]
#[repr(align(64))]
struct Bucket {
    /// Zero: the slot is free.
    tags: [u16; SLOTS],
    /// The newest position that belongs here and had to be put into a bucket behind this one.
    beyond: u32,
    positions: [u32; SLOTS],
}

impl Bucket {
    /// Whether something alive may be behind it. What was rolled back since is not told apart.
    fn continues(&self, base: u64) -> bool {
        self.beyond.wrapping_sub(low(base)) < u32::MAX / 2
    }
}

impl Index {
    /// For a log whose oldest position is `base`.
    pub(super) fn with_room_for(ids: usize, base: u64) -> Self {
        let room = ids.saturating_mul(SPARE) / 100 + SLOTS;
        let buckets = room.saturating_mul(FILLED_OF).div_ceil(FILLED * SLOTS) + 1;
        let empty = Bucket { tags: [0; SLOTS], beyond: low(base).wrapping_sub(1), positions: [0; SLOTS] };
        Self { buckets: vec![empty; buckets], room }
    }

    pub(super) fn has_room_for(&self, ids: usize) -> bool {
        ids <= self.room
    }

    pub(super) fn is_too_large_for(&self, ids: usize) -> bool {
        self.room > ids.saturating_mul(TOO_LARGE) / 100 + 4_096
    }

    pub(super) fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }

    /// Asks for the bucket in which this hash is looked for first, and does not wait for it.
    #[inline]
    pub(super) fn expect(&self, hash: u64) {
        prefetch_index(&self.buckets, self.home(hash));
    }

    /// What `check` makes of the first position under this hash of which it makes anything.
    #[inline]
    pub(super) fn find<T>(&self, hash: u64, base: u64, check: impl Fn(u32) -> Option<T>) -> Option<T> {
        let tag = tag(hash);
        let (before, from) = self.buckets.split_at_checked(self.home(hash))?;
        for bucket in from.iter().chain(before) {
            // Nearly always there is none, which is then one branch instead of ten.
            if bucket.tags.iter().fold(0_u16, |any, found| any | u16::from(*found == tag)) != 0 {
                let mut same = bucket.tags.iter().zip(&bucket.positions).filter(|(found, _)| **found == tag);
                if let Some(made) = same.find_map(|(_, position)| check(*position)) {
                    return Some(made);
                }
            }
            if !bucket.continues(base) {
                return None;
            }
        }
        None
    }

    /// Adds a position; there must be room. `is_gone` says of a position whether the log has given it back.
    pub(super) fn insert(&mut self, hash: u64, position: u32, is_gone: impl Fn(u32) -> bool) {
        let home = self.home(hash);
        let Some((before, from)) = self.buckets.split_at_mut_checked(home) else { return };
        for bucket in from.iter_mut().chain(before) {
            // What was never taken first: to ask of a position costs more.
            let free = bucket.tags.iter().position(|tag| *tag == 0);
            let free = free.or_else(|| bucket.positions.iter().position(|place| is_gone(*place)));
            if let Some((mark, place)) =
                free.and_then(|at| Some((bucket.tags.get_mut(at)?, bucket.positions.get_mut(at)?)))
            {
                (*mark, *place) = (tag(hash), position);
                return;
            }
            bucket.beyond = position;
        }
    }

    /// Takes a position out again.
    pub(super) fn remove(&mut self, hash: u64, position: u32, base: u64) {
        let home = self.home(hash);
        let Some((before, from)) = self.buckets.split_at_mut_checked(home) else { return };
        for bucket in from.iter_mut().chain(before) {
            let mut slots = bucket.tags.iter_mut().zip(&bucket.positions);
            if let Some((taken, _)) = slots.find(|(tag, place)| **tag != 0 && **place == position) {
                *taken = 0;
                return;
            }
            if !bucket.continues(base) {
                return;
            }
        }
    }

    /// The bucket in which a hash is looked for first.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        let scaled = (u128::from(hash) * self.buckets.len() as u128) >> 64;
        usize::try_from(scaled).unwrap_or_default()
    }
}

/// The hash's low bits, of which the bucket says nothing; never zero.
#[inline]
fn tag(hash: u64) -> u16 {
    let [a, b, ..] = hash.to_le_bytes();
    u16::from_le_bytes([a, b]).max(1)
}

fn low(number: u64) -> u32 {
    super::ledger::low_half(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: u64 = 0x8000_0000_0000_0007;

    /// Whether exactly these positions are found under the one hash that all of them have.
    #[track_caller]
    fn assert_finds(index: &Index, base: u64, expected: &[u32]) {
        for position in 0..200 {
            let found = index.find(HASH, base, |place| (place == position).then_some(()));
            assert_eq!(found.is_some(), expected.contains(&position), "{position}");
        }
    }

    #[test]
    fn what_a_bucket_cannot_hold_is_found_behind_it() {
        let mut index = Index::with_room_for(100, 0);
        let all: Vec<u32> = (0..100).collect();
        for position in &all {
            index.insert(HASH, *position, |_| false);
        }
        assert_finds(&index, 0, &all);
        assert_eq!(index.find(HASH ^ 1, 0, Some), None);
    }

    #[test]
    fn taking_positions_back_loses_none_that_came_before() {
        let mut index = Index::with_room_for(100, 0);
        for position in 0..40 {
            index.insert(HASH, position, |_| false);
        }
        for position in (20..40).rev() {
            index.remove(HASH, position, 0);
        }
        let kept: Vec<u32> = (0..20).collect();
        assert_finds(&index, 0, &kept);
        // The positions are used again, and the marks that the first ones left are behind them.
        for position in 20..23 {
            index.insert(HASH, position, |_| false);
        }
        let kept: Vec<u32> = (0..23).collect();
        assert_finds(&index, 0, &kept);
    }

    #[test]
    fn what_is_gone_makes_room_and_its_marks_end() {
        let mut index = Index::with_room_for(100, 0);
        let home = index.home(HASH);
        // One more than fits.
        for position in (0..).take(SLOTS + 1) {
            index.insert(HASH, position, |_| false);
        }
        assert!(index.buckets[home].continues(0));
        let kept: Vec<u32> = (100..).take(SLOTS).collect();
        for position in &kept {
            index.insert(HASH, *position, |place| place < 100);
        }
        assert!(!index.buckets[home].continues(100));
        assert_finds(&index, 100, &kept);
    }

    #[test]
    fn marks_outlive_the_low_halves_turn() {
        let base = (1 << 32) - 5;
        let mut index = Index::with_room_for(100, base);
        let home = index.home(HASH);
        for position in base..base + 20 {
            index.insert(HASH, low(position), |_| false);
        }
        assert!(index.buckets[home].continues(base));
        assert!(index.find(HASH, base, |place| (place == low(base + 19)).then_some(())).is_some());
        assert!(!index.buckets[home].continues(base + 20));
    }
}
