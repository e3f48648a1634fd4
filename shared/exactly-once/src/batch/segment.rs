//! The bytes of a ledger segment. Pure; knows no store.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `SEMLIDS1` |
//! | 8 + 8 | first and next offset, little endian like all numbers here |
//! | 4 + 4 | how many other segments, how many entries |
//! | 32 each | the other segments that are still needed, oldest first: [`SegmentRef`]'s fields in their order |
//! | 24 each | entries in the log's order: [`LedgerEntry::write`] |
//! | 8 | xxh3 hash of all before it; also the segment's name |

use xxhash_rust::xxh3::xxh3_64;

use super::fence::{LedgerEntry, SegmentRef};

const MAGIC: &[u8; 8] = b"SEMLIDS1";
const HEADER_BYTES: usize = 32;
const REF_BYTES: usize = 32;
const HASH_BYTES: usize = 8;

/// A segment that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The other segments that the ledger consisted of when this one was written, oldest first.
    pub index: Vec<SegmentRef>,
    /// Its own entries.
    pub entries: Vec<LedgerEntry>,
}

/// Writes a segment of the entries that were applied from offset `first` until before `next`.
pub fn encode(first: i64, next: i64, index: &[SegmentRef], entries: &[LedgerEntry]) -> (SegmentRef, Vec<u8>) {
    let size = HEADER_BYTES + index.len() * REF_BYTES + entries.len() * LedgerEntry::BYTES + HASH_BYTES;
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&first.to_le_bytes());
    bytes.extend_from_slice(&next.to_le_bytes());
    bytes.extend_from_slice(&count(index.len()).to_le_bytes());
    bytes.extend_from_slice(&count(entries.len()).to_le_bytes());
    for other in index {
        bytes.extend_from_slice(&other.first.to_le_bytes());
        bytes.extend_from_slice(&other.next.to_le_bytes());
        bytes.extend_from_slice(&other.newest_s.to_le_bytes());
        bytes.extend_from_slice(&other.ids.to_le_bytes());
        bytes.extend_from_slice(&other.hash.to_le_bytes());
    }
    for entry in entries {
        entry.write(&mut bytes);
    }
    let hash = xxh3_64(&bytes);
    bytes.extend_from_slice(&hash.to_le_bytes());
    let newest_s = entries.iter().map(|e| e.time_s).max().unwrap_or(0);
    (SegmentRef { first, next, newest_s, ids: count(entries.len()), hash }, bytes)
}

/// Reads the segment that `name` stands for, or says what is wrong with the bytes.
pub fn decode(name: &SegmentRef, bytes: &[u8]) -> Result<Segment, &'static str> {
    let (body, hash) = bytes.split_last_chunk::<HASH_BYTES>().ok_or("is cut off")?;
    if u64::from_le_bytes(*hash) != name.hash || xxh3_64(body) != name.hash {
        return Err("is not what was written: its checksum differs");
    }
    let mut rest = Reader(body);
    if rest.take::<8>()? != *MAGIC {
        return Err("is not a ledger segment of this version");
    }
    let (first, next) = (i64::from_le_bytes(rest.take()?), i64::from_le_bytes(rest.take()?));
    let others = u32::from_le_bytes(rest.take()?);
    let ids = u32::from_le_bytes(rest.take()?);
    if (first, next, ids) != (name.first, name.next, name.ids) {
        return Err("holds another segment than its name says");
    }
    // Grows as it is read: a count alone allocates nothing.
    let mut index = Vec::new();
    for _ in 0..others {
        index.push(SegmentRef {
            first: i64::from_le_bytes(rest.take()?),
            next: i64::from_le_bytes(rest.take()?),
            newest_s: u32::from_le_bytes(rest.take()?),
            ids: u32::from_le_bytes(rest.take()?),
            hash: u64::from_le_bytes(rest.take()?),
        });
    }
    let entries = LedgerEntry::read_all(rest.0).filter(|e| count(e.len()) == ids);
    Ok(Segment { index, entries: entries.ok_or("holds another number of entries than it says")? })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or("is cut off")?;
        self.0 = rest;
        Ok(*taken)
    }
}

/// A chunk holds no more records than a batch, and a ledger fewer than 2^32 ids.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use semel_contracts::EventId;

    use super::*;

    fn entries() -> impl Strategy<Value = Vec<LedgerEntry>> {
        let entry = (any::<[u8; 16]>(), any::<u32>(), any::<u32>())
            .prop_map(|(id, content, time_s)| LedgerEntry { id: EventId::from_bytes(id), content, time_s });
        proptest::collection::vec(entry, 0..40)
    }

    fn refs() -> impl Strategy<Value = Vec<SegmentRef>> {
        let one = (0..i64::MAX, 0..i64::MAX, any::<u32>(), any::<u32>(), any::<u64>())
            .prop_map(|(first, next, newest_s, ids, hash)| SegmentRef { first, next, newest_s, ids, hash });
        proptest::collection::vec(one, 0..8)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(index in refs(), entries in entries(), first in 0..i64::MAX, next in 0..i64::MAX) {
            let (name, bytes) = encode(first, next, &index, &entries);
            prop_assert_eq!(name.to_string().parse(), Ok(name));
            prop_assert_eq!(decode(&name, &bytes), Ok(Segment { index, entries }));
        }

        #[test]
        fn a_flipped_bit_is_noticed(index in refs(), entries in entries(), at in any::<prop::sample::Index>(), bit in 0..8) {
            let (name, mut bytes) = encode(5, 9, &index, &entries);
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(decode(&name, &bytes).is_err());
        }

        #[test]
        fn a_cut_is_noticed(index in refs(), entries in entries(), at in any::<prop::sample::Index>()) {
            let (name, bytes) = encode(5, 9, &index, &entries);
            prop_assert!(decode(&name, &bytes[..at.index(bytes.len())]).is_err());
        }
    }

    #[test]
    fn another_segments_bytes_are_noticed() {
        let entry = LedgerEntry { id: EventId::from_bytes([1; 16]), content: 2, time_s: 3 };
        let (name, bytes) = encode(0, 9, &[], &[entry]);
        let (other, _) = encode(0, 10, &[], &[entry]);
        assert!(decode(&other, &bytes).is_err());
        assert!(decode(&SegmentRef { next: 10, ..name }, &bytes).is_err());
        assert!(decode(&SegmentRef { ids: 2, ..name }, &bytes).is_err());
    }

    #[test]
    fn only_the_one_spelling_names_a_segment() {
        let (name, _) = encode(0, 9, &[], &[]);
        let text = name.to_string();
        for wrong in [text.to_uppercase() + "0", text.replacen('0', "", 1), String::new(), text + "-1"] {
            assert!(wrong.parse::<SegmentRef>().is_err(), "{wrong}");
        }
    }
}
