//! Which records go into which invocation, and what becomes of them: Lambda's rules for Kafka, without IO.
//!
//! - A poller owns some partitions and has one invocation under way at a time, so each partition has at most one.
//! - A batch goes out when it is full, in records or in bytes, or when its oldest record has waited for the window.
//! - What failed is settled before anything behind it: the partition alone, halves first if the mapping bisects.
//! - A partition that waits for its next attempt holds up no other.
//! - An offset is committed once every record before it is done or given up.

use std::collections::BTreeMap;

use super::answer::{Failed, Outcome};
use super::lane::{Condition, Lane, RetryRules};
use super::mapping::Mapping;
use super::payload;
use super::record::{Record, TopicPartition};

/// Above this a lane is not fetched until half of it is done: two full invocations.
const LANE_BYTES_MAX: usize = 2 * payload::PAYLOAD_BYTES_MAX;

/// What bounds batches and retries.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Records in a batch, at most.
    pub batch_size: usize,
    /// How long a batch may gather, in milliseconds.
    pub window_millis: u64,
    /// The bytes that partitions may take in an event.
    pub bytes_max: usize,
    /// The age from which a record is not sent, in milliseconds.
    pub age_max_millis: Option<u64>,
    /// What bounds retries.
    pub retry: RetryRules,
    /// Pollers, at least one.
    pub pollers: usize,
}

impl Settings {
    /// Those of a mapping.
    pub fn of(mapping: &Mapping, pollers: usize) -> Self {
        Self {
            batch_size: mapping.batch_size,
            window_millis: mapping.window_millis,
            bytes_max: payload::PAYLOAD_BYTES_MAX.saturating_sub(payload::frame_bytes(mapping)),
            age_max_millis: mapping.age_max_millis,
            retry: RetryRules { retries_max: mapping.retries_max, bisects: mapping.bisects },
            pollers: pollers.max(1),
        }
    }
}

/// A partition's records in a batch.
#[derive(Debug, Clone)]
pub struct Part {
    /// The partition.
    pub source: TopicPartition,
    /// The records, in order.
    pub records: Vec<Record>,
    generation: u64,
}

/// What goes into one invocation, or is given up together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Records by partition; never empty.
    pub parts: Vec<Part>,
    /// The bytes of the partitions in the event.
    pub bytes: usize,
    /// How often the function has failed at it.
    pub failures: u32,
    poller: usize,
}

impl Batch {
    /// Its records.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.records.len()).sum()
    }
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Run the function, then `settle`.
    Invoke(Batch),
    /// Hand it to the failure destination, then `given_up`.
    GiveUp(Batch, Condition),
    /// Nothing until records arrive, something is settled, or this moment comes.
    Wait(Option<u64>),
}

#[derive(Debug, Default, Clone)]
struct Poller {
    busy: bool,
    /// After a retry new records have their turn, so that a failing partition takes at most half of the poller.
    prefers_new: bool,
    /// The partition to begin the next batch behind.
    cursor: Option<TopicPartition>,
}

/// The decisions of one mapping.
#[derive(Debug)]
pub struct Schedule {
    settings: Settings,
    lanes: BTreeMap<TopicPartition, Lane>,
    pollers: Vec<Poller>,
    generation: u64,
}

impl Schedule {
    /// Without partitions.
    pub fn new(settings: Settings) -> Self {
        let pollers = vec![Poller::default(); settings.pollers];
        Self { settings, lanes: BTreeMap::new(), pollers, generation: 0 }
    }

    /// The partition is this consumer's from now on.
    pub fn assign(&mut self, source: TopicPartition) {
        self.generation += 1;
        self.lanes.insert(source.clone(), Lane::new(source, self.generation));
    }

    /// The partition is somebody else's; what is under way will not be committed.
    pub fn revoke(&mut self, source: &TopicPartition) {
        self.lanes.remove(source);
    }

    /// Records were fetched; `end` is where the next fetch begins.
    pub fn add(&mut self, source: &TopicPartition, records: Vec<Record>, end: i64, now: u64) {
        // Records of a partition that was revoked meanwhile are another consumer's.
        if let Some(lane) = self.lanes.get_mut(source) {
            lane.add(records, end, now);
        }
    }

    /// What to do now. Call it again until it says to wait.
    pub fn next(&mut self, now: u64) -> Step {
        for lane in self.lanes.values_mut().filter(|lane| !lane.busy) {
            let room = self.settings.bytes_max.saturating_sub(payload::partition_bytes(&lane.source));
            lane.set_apart(now, self.settings.age_max_millis, self.settings.batch_size, room);
        }
        let mut wake = None;
        for poller in 0..self.pollers.len() {
            if self.pollers[poller].busy {
                continue;
            }
            match self.next_of(poller, now) {
                Step::Wait(at) => wake = earlier(wake, at),
                step @ (Step::Invoke(_) | Step::GiveUp(..)) => {
                    self.pollers[poller].busy = true;
                    return step;
                }
            }
        }
        Step::Wait(wake)
    }

    fn next_of(&mut self, poller: usize, now: u64) -> Step {
        let mut wake = None;
        let mut piece = None;
        let mut fresh = Vec::new();
        let (mut len, mut bytes, mut oldest) = (0, 0, None);
        for lane in self.lanes.values() {
            if lane.busy || lane.len() == 0 || self.poller_of(&lane.source) != poller {
                continue;
            }
            if lane.not_before > now {
                wake = earlier(wake, Some(lane.not_before));
            } else if lane.piece().is_some() {
                piece = piece.or(Some(lane.source.clone()));
            } else {
                len += lane.len();
                bytes += lane.bytes() + payload::partition_bytes(&lane.source);
                oldest = earlier(oldest, lane.oldest_arrival());
                fresh.push(lane.source.clone());
            }
        }
        let due_at = oldest.map(|oldest| oldest.saturating_add(self.settings.window_millis));
        let is_due = len >= self.settings.batch_size
            || bytes >= self.settings.bytes_max
            || due_at.is_some_and(|due_at| due_at <= now);
        let state = &mut self.pollers[poller];
        match piece {
            Some(source) if !(state.prefers_new && is_due) => {
                state.prefers_new = true;
                self.run_piece(poller, &source)
            }
            Some(_) | None if is_due => {
                state.prefers_new = false;
                self.run_fresh(poller, fresh)
            }
            Some(_) | None => Step::Wait(earlier(wake, due_at)),
        }
    }

    fn run_piece(&mut self, poller: usize, source: &TopicPartition) -> Step {
        let Some(lane) = self.lanes.get_mut(source) else { return Step::Wait(None) };
        let Some(piece) = lane.piece() else { return Step::Wait(None) };
        lane.busy = true;
        let part =
            Part { source: source.clone(), records: lane.front(piece.len), generation: lane.generation };
        let (_, bytes) = lane.fitting(piece.len, usize::MAX);
        let bytes = bytes + payload::partition_bytes(source);
        let batch = Batch { parts: vec![part], bytes, failures: piece.failures, poller };
        match piece.given_up {
            Some(condition) => Step::GiveUp(batch, condition),
            None => Step::Invoke(batch),
        }
    }

    fn run_fresh(&mut self, poller: usize, mut sources: Vec<TopicPartition>) -> Step {
        let state = &mut self.pollers[poller];
        // Begin behind where the last batch began, or the first partitions would fill every batch.
        if let Some(cursor) = &state.cursor {
            let start = sources.partition_point(|source| source <= cursor);
            sources.rotate_left(start);
        }
        state.cursor = sources.first().cloned();
        let mut batch = Batch { parts: Vec::new(), bytes: 0, failures: 0, poller };
        let mut room = self.settings.batch_size;
        for source in sources {
            let Some(lane) = self.lanes.get_mut(&source) else { continue };
            let bytes_around = payload::partition_bytes(&source);
            let left = self.settings.bytes_max.saturating_sub(batch.bytes + bytes_around);
            let (len, bytes) = lane.fitting(room, left);
            if len == 0 {
                continue;
            }
            room -= len;
            batch.bytes += bytes + bytes_around;
            lane.busy = true;
            batch.parts.push(Part { records: lane.front(len), generation: lane.generation, source });
        }
        if batch.parts.is_empty() { Step::Wait(None) } else { Step::Invoke(batch) }
    }

    /// An invocation has ended.
    pub fn settle(&mut self, batch: &Batch, outcome: &Outcome, now: u64) {
        self.pollers[batch.poller].busy = false;
        let lowest = match outcome {
            Outcome::Partial(failed) => Some(lowest_failed(batch, failed)),
            Outcome::FunctionError(_) => Some(vec![Some(0); batch.parts.len()]),
            Outcome::Done => Some(vec![None; batch.parts.len()]),
            Outcome::NotInvoked(_) => None,
        };
        let apart = batch.parts.len() > 1;
        let retry = self.settings.retry;
        for (index, part) in batch.parts.iter().enumerate() {
            let Some(lane) = self.lane_of(part) else { continue };
            lane.busy = false;
            match lowest.as_ref().map(|lowest| lowest[index]) {
                None => lane.refused(now),
                Some(None) => lane.done(part.records.len()),
                Some(Some(at)) => lane.failed(part.records.len(), at, apart, retry, now),
            }
        }
    }

    /// What was given up has been handed over, or has not.
    pub fn given_up(&mut self, batch: &Batch, taken: bool, now: u64) {
        self.pollers[batch.poller].busy = false;
        for part in &batch.parts {
            let Some(lane) = self.lane_of(part) else { continue };
            lane.busy = false;
            if taken { lane.done(part.records.len()) } else { lane.refused(now) }
        }
    }

    /// The offsets to commit now.
    pub fn commits(&mut self) -> Vec<(TopicPartition, i64)> {
        let lanes = self.lanes.values_mut();
        lanes.filter_map(|lane| Some((lane.source.clone(), lane.take_uncommitted()?))).collect()
    }

    /// Those offsets were not committed after all.
    pub fn commit_again(&mut self, positions: Vec<(TopicPartition, i64)>) {
        for (source, offset) in positions {
            if let Some(lane) = self.lanes.get_mut(&source) {
                lane.commit_again(offset);
            }
        }
    }

    /// The partitions to stop fetching, and those to fetch again.
    pub fn flow(&mut self) -> (Vec<TopicPartition>, Vec<TopicPartition>) {
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for lane in self.lanes.values_mut() {
            let bytes = lane.bytes();
            if !lane.paused && bytes > LANE_BYTES_MAX {
                lane.paused = true;
                pause.push(lane.source.clone());
            } else if lane.paused && bytes < LANE_BYTES_MAX / 2 {
                lane.paused = false;
                resume.push(lane.source.clone());
            }
        }
        (pause, resume)
    }

    fn lane_of(&mut self, part: &Part) -> Option<&mut Lane> {
        // A partition that came back after a revocation starts anew; the old batch is none of its business.
        self.lanes.get_mut(&part.source).filter(|lane| lane.generation == part.generation)
    }

    fn poller_of(&self, source: &TopicPartition) -> usize {
        let topic: usize = source.topic.bytes().map(usize::from).sum();
        (topic + usize::try_from(source.partition).unwrap_or_default()) % self.pollers.len()
    }
}

/// The index of the lowest failed record of each part. All of them if a failure is not of this batch, as on AWS.
fn lowest_failed(batch: &Batch, failed: &[Failed]) -> Vec<Option<usize>> {
    let mut lowest: Vec<Option<usize>> = vec![None; batch.parts.len()];
    for each in failed {
        let found = batch.parts.iter().enumerate().find_map(|(index, part)| {
            if part.source.to_string() != each.partition {
                return None;
            }
            let at = part.records.binary_search_by_key(&each.offset, |record| record.offset);
            at.ok().map(|at| (index, at))
        });
        let Some((index, at)) = found else { return vec![Some(0); batch.parts.len()] };
        lowest[index] = Some(lowest[index].map_or(at, |before| before.min(at)));
    }
    lowest
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests;
