//! Takes a partition's records through the fence: load, judge, write objects, move the fence, go on.
//!
//! Decides nothing about records: that is pure and elsewhere. Here is what a lost race, a lost answer and a crash mean.

use futures::future::{join, try_join_all};
use uuid::Uuid;

use super::chunk::{Chunk, Object};
use super::error::{BatchError, Counts, Interrupted};
use super::fence::FenceKey;
use super::load::Loader;
use super::port::{Advance, AdvanceError, FenceStore, ItemKey, ObjectStore};
use super::record::{Partition, Record};
use super::reducer::{Merge, Reducer};
use super::request::repeat;
use super::settings::Settings;
use super::state::{Frozen, PartitionState};
use super::warm::Warm;
use crate::commit::jittered;
use crate::port::{Class, Clock, StoreError};

/// Who reads which cluster: what all partitions of a [`Batches`] have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The consumer's name.
    pub consumer: String,
    /// The configuration's short name of the cluster, without `/` and `#`.
    pub cluster: String,
    /// Which life of the topics this is: raised when one is recreated or its offsets are reset.
    pub epoch: u64,
}

/// Applies batches of Kafka records, each record once. One for a container's whole life: it keeps partitions warm.
#[derive(Debug)]
pub struct Batches<R, S, O, C> {
    reducer: R,
    fences: S,
    objects: O,
    clock: C,
    stream: Stream,
    settings: Settings,
    warm: Warm,
}

/// How far a batch has come.
#[derive(Default)]
struct Progress {
    /// Records that need no further look.
    done: usize,
    counts: Counts,
    /// Lost races since the last commit.
    lost: u32,
}

enum Advanced {
    Committed,
    Moved,
}

impl<R: Reducer, S: FenceStore, O: ObjectStore, C: Clock> Batches<R, S, O, C> {
    /// Out-of-range settings are brought into range.
    pub fn new(reducer: R, fences: S, objects: O, clock: C, stream: Stream, settings: Settings) -> Self {
        let settings = settings.bounded();
        let warm = Warm::new(settings.ids_max);
        Self { reducer, fences, objects, clock, stream, settings, warm }
    }

    /// The fence's key of a partition.
    pub fn key(&self, partition: Partition<'_>) -> FenceKey {
        FenceKey {
            consumer: self.stream.consumer.clone(),
            cluster: self.stream.cluster.clone(),
            topic: partition.topic.to_owned(),
            partition: partition.partition,
            epoch: self.stream.epoch,
        }
    }

    /// Partitions and ids in memory now.
    pub fn warm(&self) -> (usize, usize) {
        self.warm.sizes()
    }

    /// Applies the records of one partition, whose offsets ascend. Records that were applied before are skipped.
    ///
    /// Several partitions may be handled at the same time; the same one as well, then one of the two goes on where
    /// the other has come to. What is committed stays, whatever happens; [`Interrupted::resume_at`] is the first
    /// record that is not known to be. Dropping the future is like a crash: nothing is half-done.
    pub async fn handle(
        &self,
        partition: Partition<'_>,
        records: &[Record<'_>],
    ) -> Result<Counts, Interrupted> {
        let mut progress = Progress::default();
        match self.run(self.key(partition), records, &mut progress).await {
            Ok(()) => Ok(progress.counts),
            Err(error) => {
                let resume_at = records.get(progress.done).map_or(0, |r| r.offset);
                Err(Interrupted { resume_at, counts: progress.counts, error })
            }
        }
    }

    async fn run(
        &self,
        key: FenceKey,
        records: &[Record<'_>],
        progress: &mut Progress,
    ) -> Result<(), BatchError> {
        check_order(records)?;
        if records.is_empty() {
            return Ok(());
        }
        let mut state = match self.warm.take(&key) {
            Some(state) => state,
            None => self.load(key, progress).await?,
        };
        while progress.done < records.len() {
            match self.step(&mut state, records, progress).await {
                Ok(Advanced::Committed) => progress.lost = 0,
                Ok(Advanced::Moved) => {
                    self.wait_after_loss(state.key(), progress).await?;
                    state = self.load(state.key().clone(), progress).await?;
                }
                Err(error) => {
                    // Still at a place where the fence once stood: good to go on with, whatever came of the
                    // request. After a fatal error the next delivery looks afresh.
                    if error.class() == Class::Transient {
                        state.rollback();
                        self.warm.keep(state);
                    }
                    return Err(error);
                }
            }
        }
        self.warm.keep(state);
        Ok(())
    }

    /// Skips what is below the fence, and commits one chunk of what is not.
    async fn step(
        &self,
        state: &mut PartitionState,
        records: &[Record<'_>],
        progress: &mut Progress,
    ) -> Result<Advanced, BatchError> {
        let below = state.below_fence(&records[progress.done..]);
        if below > 0 {
            self.skip(state, &records[progress.done..][..below], progress).await?;
            progress.done += below;
            progress.counts.redelivered += below as u64;
        }
        let rest = &records[progress.done..];
        if rest.is_empty() {
            return Ok(Advanced::Committed);
        }
        let mut chunk = state.judge_chunk(&self.reducer, rest);
        self.recall(state.key(), &mut chunk).await?;
        let mut frozen = state.freeze(&self.reducer, chunk);
        let garbage = state.take_garbage();
        let advance = frozen.advance(state.key(), self.token());
        let advanced = if frozen.objects.is_empty() {
            join(self.advance(&advance), self.delete(&garbage)).await.0?
        } else {
            // Objects come before the fence that names them.
            join(self.put(&frozen), self.delete(&garbage)).await.0?;
            self.advance(&advance).await?
        };
        if let Advanced::Committed = advanced {
            count(&mut progress.counts, &frozen);
            progress.done += frozen.records;
            state.commit(&mut frozen);
        }
        Ok(advanced)
    }

    /// Makes sure that every record below the fence was applied or parked; else this is another log.
    async fn skip(
        &self,
        state: &PartitionState,
        redelivered: &[Record<'_>],
        progress: &mut Progress,
    ) -> Result<(), BatchError> {
        let suspects = state.suspects(&self.reducer, redelivered);
        if suspects.is_empty() {
            return Ok(());
        }
        let offsets: Vec<i64> = suspects.iter().map(|at| redelivered[*at].offset).collect();
        let attempts = self.settings.attempts_max;
        let parked = repeat(&self.clock, attempts, || self.fences.parked(state.key(), &offsets)).await?;
        let mut answers = parked.into_iter();
        for at in suspects {
            let record = &redelivered[at];
            if answers.next().flatten() != Some(record.timestamp) {
                progress.done += at;
                return Err(BatchError::Halted {
                    key: Box::new(state.key().clone()),
                    offset: record.offset,
                    next_offset: state.next_offset().unwrap_or_default(),
                });
            }
        }
        Ok(())
    }

    /// Merges what is stored into those aggregates whose writes need it. Nobody else writes to them while the fence
    /// stands, and if it does not stand any more, the transaction fails.
    async fn recall(&self, key: &FenceKey, chunk: &mut Chunk<'_, R>) -> Result<(), BatchError> {
        let mut wanted = Vec::new();
        let mut items: Vec<ItemKey> = Vec::new();
        for (aggregate, value) in &chunk.aggregates {
            if self.reducer.needs_prior(aggregate) {
                items.push(self.reducer.delta(key, aggregate, value).key);
                wanted.push(aggregate.clone());
            }
        }
        if items.is_empty() {
            return Ok(());
        }
        let attempts = self.settings.attempts_max;
        let stored = repeat(&self.clock, attempts, || self.fences.recall(&items)).await?;
        for ((aggregate, item), attributes) in wanted.iter().zip(items).zip(stored) {
            let Some(attributes) = attributes else { continue };
            let mut prior = self.reducer.recall(aggregate, &attributes).map_err(|unreadable| {
                let ItemKey { pk, sk } = item;
                BatchError::Aggregate { pk, sk, detail: unreadable.to_string() }
            })?;
            if let Some(value) = chunk.aggregates.get_mut(aggregate) {
                std::mem::swap(&mut prior, value);
                value.merge(prior);
            }
        }
        Ok(())
    }

    async fn put(&self, frozen: &Frozen) -> Result<(), StoreError> {
        let puts: Vec<_> = frozen.objects.iter().map(|object| self.put_one(object)).collect();
        try_join_all(puts).await?;
        Ok(())
    }

    async fn put_one(&self, object: &Object) -> Result<(), StoreError> {
        let Object { key, bytes } = object;
        repeat(&self.clock, self.settings.attempts_max, || self.objects.put(key, bytes)).await
    }

    /// Deletes what an earlier fence has ceased to name, beside another request. If that fails, it is left to the
    /// bucket's own rules.
    async fn delete(&self, garbage: &[String]) {
        if !garbage.is_empty() {
            let _left_behind = self.objects.delete(garbage).await;
        }
    }

    /// Moves the fence: the same token and bytes at every attempt, so that an unknown outcome resolves itself.
    async fn advance(&self, advance: &Advance<'_>) -> Result<Advanced, BatchError> {
        let attempts_max = self.settings.attempts_max;
        let mut attempts = 1;
        loop {
            let error = match self.fences.advance(advance).await {
                Ok(()) => return Ok(Advanced::Committed),
                Err(AdvanceError::Moved) => return Ok(Advanced::Moved),
                Err(AdvanceError::Busy) => {
                    BatchError::Contended { key: Box::new(advance.key.clone()), attempts }
                }
                Err(AdvanceError::Store(error)) => error.into(),
            };
            if error.class() == Class::Fatal || attempts >= attempts_max {
                return Err(error);
            }
            self.clock.sleep(jittered(attempts, self.clock.random())).await;
            attempts += 1;
        }
    }

    async fn wait_after_loss(&self, key: &FenceKey, progress: &mut Progress) -> Result<(), BatchError> {
        progress.lost += 1;
        if progress.lost >= self.settings.attempts_max {
            return Err(BatchError::Contended { key: Box::new(key.clone()), attempts: progress.lost });
        }
        self.clock.sleep(jittered(progress.lost, self.clock.random())).await;
        Ok(())
    }

    async fn load(&self, key: FenceKey, progress: &mut Progress) -> Result<Box<PartitionState>, BatchError> {
        let Self { fences, objects, clock, settings, .. } = self;
        progress.counts.loads += 1;
        Ok(Box::new(Loader { fences, objects, clock, settings }.load(key).await?))
    }

    fn token(&self) -> Uuid {
        Uuid::from_u64_pair(self.clock.random(), self.clock.random())
    }
}

fn check_order(records: &[Record<'_>]) -> Result<(), BatchError> {
    let mut least = 0;
    for record in records {
        if record.offset < least {
            return Err(BatchError::Disordered { offset: record.offset });
        }
        least = record.offset.saturating_add(1);
    }
    Ok(())
}

fn count(counts: &mut Counts, frozen: &Frozen) {
    counts.judged += frozen.totals;
    counts.chunks += 1;
    counts.items += 1 + (frozen.deltas.len() + frozen.parked.len()) as u64;
    counts.objects += frozen.objects.len() as u64;
}
