//! Where a partition's ids are kept outside of memory: in the fence's tail, or in which segments. Pure.

use super::fence::{LedgerEntry, SegmentRef};
use super::ledger::Ledger;
use super::segment;
use super::settings::Settings;

/// A segment that the ledger consists of, and where its entries are in memory.
#[derive(Debug, Clone, Copy)]
struct Stored {
    segment: SegmentRef,
    from: u64,
}

/// The segments that the committed fence names, oldest first, the newest last.
#[derive(Debug, Default)]
pub(super) struct Segments {
    list: Vec<Stored>,
    /// Position in memory of the first id that is in no segment.
    tail_from: u64,
}

/// Where ids are kept once a chunk is committed.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// For the fence: the newest segment.
    pub(super) segment: Option<SegmentRef>,
    /// For the fence: ids in no segment.
    pub(super) tail: Vec<LedgerEntry>,
    /// A segment to write before the fence moves.
    pub(super) written: Option<(SegmentRef, Vec<u8>)>,
    after: Option<Segments>,
    superseded: Vec<SegmentRef>,
}

impl Segments {
    /// Takes over a segment that was loaded, whose entries begin at this position in memory.
    pub(super) fn push_loaded(&mut self, segment: SegmentRef, from: u64) {
        self.list.push(Stored { segment, from });
    }

    /// What follows in memory is the fence's tail.
    pub(super) fn begin_tail(&mut self, from: u64) {
        self.tail_from = from;
    }

    /// Decides where the ids of a chunk go that ends before `next_offset`.
    pub(super) fn keep(&self, ledger: &Ledger, floor_s: u32, next_offset: i64, settings: &Settings) -> Kept {
        let tail: Vec<LedgerEntry> = ledger.known(self.tail_from..ledger.next(), floor_s).collect();
        if tail.len() > settings.tail_max {
            return self.write(ledger, floor_s, next_offset, tail.len(), settings);
        }
        let needed = self.list.iter().any(|s| s.segment.newest_s >= floor_s);
        let forgotten = !needed && !self.list.is_empty();
        Kept {
            // The newest is kept for the sake of its index, even if its own ids are forgotten.
            segment: self.list.last().map(|s| s.segment).filter(|_| needed),
            tail,
            written: None,
            after: forgotten.then(|| Self { list: Vec::new(), tail_from: self.tail_from }),
            superseded: if forgotten { refs(&self.list) } else { Vec::new() },
        }
    }

    /// A new segment of the tail and of the small segments before it.
    fn write(&self, ledger: &Ledger, floor_s: u32, next: i64, tail: usize, settings: &Settings) -> Kept {
        let (mut list, dropped): (Vec<Stored>, Vec<Stored>) =
            self.list.iter().partition(|s| s.segment.newest_s >= floor_s);
        let mut superseded = refs(&dropped);
        let mut from = self.tail_from;
        let mut first = self.list.last().map_or(0, |s| s.segment.next);
        let mut ids = tail;
        let small = |s: &mut Stored, ids: usize| s.segment.ids as usize + ids <= settings.segment_ids_max;
        while let Some(absorbed) = list.pop_if(|s| small(s, ids)) {
            ids += absorbed.segment.ids as usize;
            (from, first) = (absorbed.from, absorbed.segment.first);
            superseded.push(absorbed.segment);
        }
        let entries: Vec<LedgerEntry> = ledger.known(from..ledger.next(), floor_s).collect();
        let (segment, bytes) = segment::encode(first, next, &refs(&list), &entries);
        list.push(Stored { segment, from });
        Kept {
            segment: Some(segment),
            tail: Vec::new(),
            written: Some((segment, bytes)),
            after: Some(Self { list, tail_from: ledger.next() }),
            superseded,
        }
    }

    /// Takes over what was committed; answers the segments that no fence will name any more.
    pub(super) fn commit(&mut self, kept: Kept) -> Vec<SegmentRef> {
        if let Some(after) = kept.after {
            *self = after;
        }
        kept.superseded
    }
}

fn refs(list: &[Stored]) -> Vec<SegmentRef> {
    list.iter().map(|s| s.segment).collect()
}
