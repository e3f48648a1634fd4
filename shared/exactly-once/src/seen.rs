//! The ids that an aggregate has applied inside the deduplication window, 20 bytes each.
//!
//! Layout: 16 bytes of event id, then the expiry in whole seconds since the epoch, big endian. Kept as the raw
//! bytes of the item's attribute, so that loading and storing copy nothing.

use semel_contracts::{EventId, Timestamp};

/// Bytes of one entry.
pub const ENTRY_BYTES: usize = 20;

/// Most entries an item carries (2,000 bytes); past it the oldest become stand-alone records.
pub const SEEN_MAX: usize = 100;

/// A compact set of event ids with their expiry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    bytes: Vec<u8>,
}

/// An id with the second at which it leaves the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenEntry {
    /// The event that was applied.
    pub id: EventId,
    /// End of its window, seconds since the epoch.
    pub expires_s: u32,
}

impl Seen {
    /// Takes the attribute's bytes. A length that is no multiple of [`ENTRY_BYTES`] is `None`: a corrupt item.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        bytes.len().is_multiple_of(ENTRY_BYTES).then_some(Self { bytes })
    }

    /// The attribute's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many ids it holds, expired ones included.
    pub fn len(&self) -> usize {
        self.bytes.len() / ENTRY_BYTES
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether `id` was applied and its window is still open at `now`.
    pub fn contains(&self, id: EventId, now: Timestamp) -> bool {
        let now_s = whole_seconds(now);
        self.entries().any(|e| e.id == id && e.expires_s > now_s)
    }

    /// Adds `id`, open until `now` plus `window_s`. Rounded up: a window is never shorter than asked for.
    pub fn insert(&mut self, id: EventId, now: Timestamp, window_s: u32) {
        let expires_s = whole_seconds(now).saturating_add(1).saturating_add(window_s);
        self.bytes.extend_from_slice(id.as_bytes());
        self.bytes.extend_from_slice(&expires_s.to_be_bytes());
    }

    /// Drops what has expired at `now`.
    pub fn prune(&mut self, now: Timestamp) {
        let now_s = whole_seconds(now);
        let kept = self.entries().filter(|e| e.expires_s > now_s).collect();
        self.replace(kept);
    }

    /// Past `bound` entries, takes out the oldest so that half of `bound` stay; they must become records.
    pub fn spill(&mut self, bound: usize) -> Vec<SeenEntry> {
        if self.len() <= bound {
            return Vec::new();
        }
        let mut entries: Vec<SeenEntry> = self.entries().collect();
        entries.sort_by_key(|e| e.expires_s);
        let kept = entries.split_off(entries.len() - bound / 2);
        self.replace(kept);
        entries
    }

    fn entries(&self) -> impl Iterator<Item = SeenEntry> + '_ {
        self.bytes.chunks_exact(ENTRY_BYTES).map(|chunk| {
            let (mut id, mut expires) = ([0; 16], [0; 4]);
            id.copy_from_slice(&chunk[..16]);
            expires.copy_from_slice(&chunk[16..]);
            SeenEntry { id: EventId::from_bytes(id), expires_s: u32::from_be_bytes(expires) }
        })
    }

    fn replace(&mut self, entries: Vec<SeenEntry>) {
        self.bytes.clear();
        for entry in entries {
            self.bytes.extend_from_slice(entry.id.as_bytes());
            self.bytes.extend_from_slice(&entry.expires_s.to_be_bytes());
        }
    }
}

/// Whole seconds since the epoch; saturates in the year 2106, the end of a 32-bit expiry.
pub(crate) fn whole_seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_millis() / 1_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> EventId {
        EventId::from_bytes([n; 16])
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn an_id_is_known_for_the_whole_window_and_not_after() {
        let mut seen = Seen::default();
        seen.insert(id(1), Timestamp::from_millis(1_000_999), 300);
        assert!(seen.contains(id(1), Timestamp::from_millis(1_300_999)));
        assert!(!seen.contains(id(1), at(1_302)));
        assert!(!seen.contains(id(2), at(1_000)));
    }

    #[test]
    fn pruning_keeps_what_is_open() {
        let mut seen = Seen::default();
        seen.insert(id(1), at(0), 10);
        seen.insert(id(2), at(100), 10);
        seen.prune(at(50));
        assert_eq!(seen.len(), 1);
        assert!(seen.contains(id(2), at(105)));
    }

    #[test]
    fn spilling_takes_the_oldest_and_only_past_the_bound() {
        let mut seen = Seen::default();
        for n in 0..4 {
            seen.insert(id(n), at(u64::from(n)), 10);
        }
        assert!(seen.spill(4).is_empty());
        seen.insert(id(4), at(4), 10);
        let spilled: Vec<EventId> = seen.spill(4).into_iter().map(|e| e.id).collect();
        assert_eq!(spilled, [id(0), id(1), id(2)]);
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn a_torn_attribute_is_refused() {
        assert!(Seen::from_bytes(vec![0; 21]).is_none());
        assert_eq!(Seen::from_bytes(vec![0; 40]).map(|s| s.len()), Some(2));
    }
}
