//! What a container knows of a partition, and how records move it on. Pure: the driver does the IO in between.

use semel_contracts::EventId;
use uuid::Uuid;

use super::chunk::{Changes, Chunk, Object, fold_many};
use super::fence::{Fence, FenceKey, LedgerEntry, Totals};
use super::judge::{Horizon, Judgement, Read, judge, read};
use super::ledger::Ledger;
use super::port::{Advance, Delta, Parked};
use super::record::Record;
use super::reducer::{Observed, Reducer, Unreadable};
use super::segments::{Kept, Segments};
use super::settings::{Settings, reason};
use crate::seen::whole_seconds;

/// So many records are read before the first of them is judged: meanwhile what the ledger knows of their ids comes from
/// memory. More would not fit into the nearest cache.
const READ_AHEAD: usize = 16;

/// A partition as its fence says it is, with its ids in memory.
#[derive(Debug)]
pub struct PartitionState {
    key: FenceKey,
    settings: Settings,
    /// `None`: there is no fence yet.
    next_offset: Option<i64>,
    horizon: Horizon,
    totals: Totals,
    ledger: Ledger,
    /// Position of the ledger that the fence covers; what lies behind it can be rolled back.
    settled: u64,
    segments: Segments,
    /// Objects that no fence names any more.
    garbage: Vec<String>,
}

/// A chunk, ready to be written: nothing in it changes between attempts.
#[derive(Debug)]
pub struct Frozen {
    /// How many records it covers.
    pub records: usize,
    /// What became of them.
    pub totals: Totals,
    /// Where the fence has to stand.
    pub from: Option<i64>,
    /// The fence afterwards.
    pub fence: Fence,
    /// Changes of aggregates.
    pub deltas: Vec<Delta>,
    /// Records to keep aside.
    pub parked: Vec<Parked>,
    /// Objects to write before the fence moves.
    pub objects: Vec<Object>,
    kept: Kept,
}

impl Frozen {
    /// The transaction.
    pub(super) fn advance<'a>(&'a self, key: &'a FenceKey, token: Uuid) -> Advance<'a> {
        let Self { from, fence, deltas, parked, .. } = self;
        Advance { key, from: *from, fence, deltas, parked, token }
    }
}

impl PartitionState {
    /// A partition without a fence.
    pub fn new(key: FenceKey, settings: Settings) -> Self {
        Self {
            key,
            settings: settings.bounded(),
            next_offset: None,
            horizon: Horizon::START,
            totals: Totals::default(),
            ledger: Ledger::default(),
            settled: 0,
            segments: Segments::default(),
            garbage: Vec::new(),
        }
    }

    /// A partition at its fence, with the ledger that the fence's segments hold.
    pub(super) fn restored(
        key: FenceKey,
        settings: Settings,
        fence: &Fence,
        mut ledger: Ledger,
        mut segments: Segments,
    ) -> Self {
        segments.begin_tail(ledger.next());
        fence.tail.iter().for_each(|entry| ledger.push(*entry));
        let horizon = Horizon { watermark: fence.watermark, late_before: fence.late_before };
        ledger.settle(horizon.floor_s());
        Self {
            next_offset: Some(fence.next_offset),
            horizon,
            totals: fence.totals,
            settled: ledger.next(),
            ledger,
            segments,
            ..Self::new(key, settings)
        }
    }

    /// Which log it is.
    pub fn key(&self) -> &FenceKey {
        &self.key
    }

    /// Where the fence stands; `None` before the first record.
    pub fn next_offset(&self) -> Option<i64> {
        self.next_offset
    }

    /// The ids in memory.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Judges and folds `records`, which ascend, as if every chunk were committed: the work of a batch without its
    /// IO. Aggregates are taken for new.
    pub fn judge_all<R: Reducer>(&mut self, reducer: &R, records: &[Record<'_>]) -> Vec<Frozen> {
        let mut rest = &records[self.below_fence(records)..];
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let chunk = self.judge_chunk(reducer, rest);
            let mut frozen = self.freeze(reducer, chunk);
            rest = &rest[frozen.records..];
            self.commit(&mut frozen);
            chunks.push(frozen);
        }
        chunks
    }

    /// How many of `records`, which ascend, are below the fence.
    pub(super) fn below_fence(&self, records: &[Record<'_>]) -> usize {
        self.next_offset.map_or(0, |next| records.partition_point(|r| r.offset < next))
    }

    /// Positions of those among redelivered records that look as if they had never been applied.
    pub(super) fn suspects<R: Reducer>(&self, reducer: &R, redelivered: &[Record<'_>]) -> Vec<usize> {
        let is_fresh = |record: &Record<'_>| {
            let reading = read(reducer, &self.key.topic, record, &self.ledger);
            let judgement = judge(reading, record, self.horizon, &self.ledger, &self.settings);
            matches!(judgement, Judgement::Fresh(..))
        };
        (0..redelivered.len()).filter(|at| is_fresh(&redelivered[*at])).collect()
    }

    /// Judges records at or above the fence, one after the other, until the chunk is full. Their ids enter the
    /// ledger; [`PartitionState::rollback`] takes them out again.
    pub(super) fn judge_chunk<'a, R: Reducer>(
        &mut self,
        reducer: &R,
        records: &[Record<'a>],
    ) -> Chunk<'a, R> {
        let mut chunk = Chunk::new(self.horizon, self.settings.items_max);
        let mut changes: Changes<'a, R> = Vec::new();
        let mut readings = Vec::with_capacity(READ_AHEAD);
        for ahead in records.chunks(READ_AHEAD) {
            readings.clear();
            readings.extend(ahead.iter().map(|record| read(reducer, &self.key.topic, record, &self.ledger)));
            for (record, reading) in ahead.iter().zip(readings.drain(..)) {
                let taken = match judge(reading, record, chunk.horizon, &self.ledger, &self.settings) {
                    Judgement::Duplicate => {
                        chunk.totals.duplicate += 1;
                        true
                    }
                    Judgement::Late => {
                        chunk.totals.late += 1;
                        true
                    }
                    Judgement::Refused(refusal) => self.park(&mut chunk, record, refusal),
                    Judgement::Fresh(fresh) => {
                        changes.clear();
                        reducer.reduce(&fresh.observed, &mut changes);
                        self.apply(&mut chunk, record, &fresh, &mut changes)
                    }
                };
                if !taken {
                    return chunk;
                }
                chunk.take(record);
            }
        }
        chunk
    }

    /// Applies what a fresh event changes, if the chunk has room for it.
    fn apply<'a, R: Reducer>(
        &mut self,
        chunk: &mut Chunk<'a, R>,
        record: &Record<'a>,
        fresh: &Read<R::Event<'a>>,
        changes: &mut Changes<'a, R>,
    ) -> bool {
        let Observed { id, time, .. } = fresh.observed;
        if !fold_many::<R>(changes, self.settings.items_max) {
            return self.park(chunk, record, too_many(changes.len(), id, &self.settings));
        }
        let fits = chunk.has_room_for(changes);
        if fits {
            chunk.merge(changes);
            chunk.horizon.advance(time, record.timestamp, &self.settings);
            chunk.totals.applied += 1;
            let entry = LedgerEntry { id, content: fresh.content, time_s: whole_seconds(time) };
            self.ledger.push_hashed(entry, fresh.id_hash);
        }
        fits
    }

    fn park<R: Reducer>(&self, chunk: &mut Chunk<'_, R>, record: &Record<'_>, refusal: Unreadable) -> bool {
        let fits = chunk.has_room_to_park();
        if fits {
            chunk.park(&self.key, record, refusal);
            chunk.totals.parked += 1;
        }
        fits
    }

    /// Fixes what is to be written for a chunk.
    pub(super) fn freeze<R: Reducer>(&self, reducer: &R, chunk: Chunk<'_, R>) -> Frozen {
        let Chunk { taken, next_offset, horizon, totals, aggregates, parked, mut objects, .. } = chunk;
        let mut kept = self.segments.keep(&self.ledger, horizon.floor_s(), next_offset, &self.settings);
        if let Some((segment, bytes)) = kept.written.take() {
            objects.push(Object { key: self.key.segment_object(&segment), bytes });
        }
        let mut all = self.totals;
        all += totals;
        Frozen {
            records: taken,
            totals,
            from: self.next_offset,
            fence: Fence {
                next_offset,
                watermark: horizon.watermark,
                late_before: horizon.late_before,
                segment: kept.segment,
                tail: std::mem::take(&mut kept.tail),
                totals: all,
            },
            deltas: aggregates.iter().map(|(key, value)| reducer.delta(&self.key, key, value)).collect(),
            parked,
            objects,
            kept,
        }
    }

    /// The chunk was committed: the state moves on with it.
    pub(super) fn commit(&mut self, frozen: &mut Frozen) {
        let fence = &frozen.fence;
        self.next_offset = Some(fence.next_offset);
        self.horizon = Horizon { watermark: fence.watermark, late_before: fence.late_before };
        self.totals = fence.totals;
        let superseded = self.segments.commit(std::mem::take(&mut frozen.kept));
        self.garbage.extend(superseded.iter().map(|segment| self.key.segment_object(segment)));
        self.settled = self.ledger.next();
        self.ledger.settle(self.horizon.floor_s());
    }

    /// The chunk was not committed: the state is again what it was before it.
    pub(super) fn rollback(&mut self) {
        self.ledger.rollback(self.settled);
    }

    /// Takes the objects that can be deleted.
    pub(super) fn take_garbage(&mut self) -> Vec<String> {
        std::mem::take(&mut self.garbage)
    }
}

fn too_many(aggregates: usize, id: EventId, settings: &Settings) -> Unreadable {
    let detail = format!("the event changes {aggregates} aggregates, of at most {}", settings.items_max);
    Unreadable { code: reason::TOO_MANY_AGGREGATES, detail, event_id: Some(id) }
}
