//! A cold container: the fence, and the ledger from the segments that it names, and from no others.
//!
//! A losing attempt leaves segments behind that nothing names. They may hold ids beyond the fence, or ids that another
//! version of the program judged otherwise: to know such an id would lose its event.

use futures::future::try_join_all;

use super::error::BatchError;
use super::fence::{Fence, FenceKey, SegmentRef};
use super::judge::Horizon;
use super::ledger::Ledger;
use super::port::{FenceStore, ObjectStore};
use super::request::repeat;
use super::segment::{self, Segment};
use super::segments::Segments;
use super::settings::Settings;
use super::state::PartitionState;
use crate::port::{Clock, StoreError};

/// Where a partition's state is loaded from.
#[derive(Debug)]
pub(super) struct Loader<'a, S, O, C> {
    pub(super) fences: &'a S,
    pub(super) objects: &'a O,
    pub(super) clock: &'a C,
    pub(super) settings: &'a Settings,
}

/// Why a segment cannot be used.
enum Unusable {
    Missing(String),
    Corrupt(String, &'static str),
    Store(StoreError),
}

impl<S: FenceStore, O: ObjectStore, C: Clock> Loader<'_, S, O, C> {
    /// Reads the partition as it stands now.
    pub(super) async fn load(&self, key: FenceKey) -> Result<PartitionState, BatchError> {
        let mut fence = self.fence(&key).await?;
        for _ in 0..self.settings.attempts_max {
            let Some(found) = fence else { return Ok(PartitionState::new(key, *self.settings)) };
            match self.restore(&key, &found).await {
                Ok((ledger, segments)) => {
                    return Ok(PartitionState::restored(key, *self.settings, &found, ledger, segments));
                }
                Err(Unusable::Missing(object)) => {
                    // The holder of the fence may have moved it and deleted what it names no more.
                    let newer = self.fence(&key).await?;
                    if newer.as_ref().is_some_and(|f| f.next_offset == found.next_offset) {
                        return Err(BatchError::Ledger { object, problem: "is missing" });
                    }
                    fence = newer;
                }
                Err(Unusable::Corrupt(object, problem)) => {
                    return Err(BatchError::Ledger { object, problem });
                }
                Err(Unusable::Store(error)) => return Err(error.into()),
            }
        }
        Err(BatchError::Contended { key: Box::new(key), attempts: self.settings.attempts_max })
    }

    async fn fence(&self, key: &FenceKey) -> Result<Option<Fence>, StoreError> {
        repeat(self.clock, self.settings.attempts_max, || self.fences.load(key)).await
    }

    async fn restore(&self, key: &FenceKey, fence: &Fence) -> Result<(Ledger, Segments), Unusable> {
        let (mut ledger, mut segments) = (Ledger::default(), Segments::default());
        let Some(newest) = fence.segment else { return Ok((ledger, segments)) };
        let last = self.segment(key, newest).await?;
        let floor_s = Horizon { watermark: fence.watermark, late_before: fence.late_before }.floor_s();
        let ids: usize = last.index.iter().chain([&newest]).map(|s| s.ids as usize).sum();
        ledger.reserve(ids + fence.tail.len());
        for group in last.index.chunks(self.settings.reads_max) {
            let needed = group.iter().filter(|s| s.newest_s >= floor_s);
            let mut read = try_join_all(needed.map(|s| self.segment(key, *s))).await?.into_iter();
            for segment in group {
                segments.push_loaded(*segment, ledger.next());
                // Forgotten ones are not read, only remembered for deletion.
                let entries = if segment.newest_s >= floor_s { read.next() } else { None };
                entries.into_iter().flat_map(|s| s.entries).for_each(|entry| ledger.push(entry));
            }
        }
        segments.push_loaded(newest, ledger.next());
        last.entries.into_iter().for_each(|entry| ledger.push(entry));
        Ok((ledger, segments))
    }

    async fn segment(&self, key: &FenceKey, name: SegmentRef) -> Result<Segment, Unusable> {
        let object = key.segment_object(&name);
        let bytes = repeat(self.clock, self.settings.attempts_max, || self.objects.get(&object)).await;
        let Some(bytes) = bytes.map_err(Unusable::Store)? else { return Err(Unusable::Missing(object)) };
        segment::decode(&name, &bytes).map_err(|problem| Unusable::Corrupt(object, problem))
    }
}
