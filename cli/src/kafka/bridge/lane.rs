//! One partition on its way to the function: what is buffered, what is being retried, what may be committed.
//!
//! Pure: the time is passed in. Order within the partition is kept: nothing overtakes a record that is not settled.

use std::collections::VecDeque;

use super::payload;
use super::record::{Record, TopicPartition};

const BACKOFF_FIRST_MILLIS: u64 = 100;
const BACKOFF_MAX_MILLIS: u64 = 5_000;

/// Why a record is not sent any more. The names are those of Lambda's failure records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It failed once more than it may be retried.
    RetryAttemptsExhausted,
    /// It is older than the mapping allows.
    MaximumRecordAgeExceeded,
    /// It alone does not fit into an invocation.
    MaximumPayloadSizeExceeded,
}

impl Condition {
    /// As in Lambda's failure record.
    pub fn name(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::MaximumRecordAgeExceeded => "MaximumRecordAgeExceeded",
            Self::MaximumPayloadSizeExceeded => "MaximumPayloadSizeExceeded",
        }
    }
}

/// Records at the front of a lane that are settled by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// How many.
    pub len: usize,
    /// How often running them failed.
    pub failures: u32,
    /// Set when they are given up.
    pub given_up: Option<Condition>,
}

/// What bounds retries.
#[derive(Debug, Clone, Copy)]
pub struct RetryRules {
    /// Retries after the first attempt; none is without end.
    pub retries_max: Option<u32>,
    /// Whether a failed piece is halved before it counts as an attempt.
    pub bisects: bool,
}

#[derive(Debug)]
struct Buffered {
    record: Record,
    bytes: usize,
    arrived_at: u64,
}

/// One partition.
#[derive(Debug)]
pub struct Lane {
    /// Which.
    pub source: TopicPartition,
    /// Tells this assignment from an earlier one of the same partition.
    pub generation: u64,
    /// Whether some of its records are in an invocation.
    pub busy: bool,
    /// Whether fetching it is suspended.
    pub paused: bool,
    /// Before this moment nothing of it is sent.
    pub not_before: u64,
    buffered: VecDeque<Buffered>,
    pieces: VecDeque<Piece>,
    bytes: usize,
    refusals: u32,
    /// Where reading stands behind everything that is buffered.
    end: Option<i64>,
    uncommitted: Option<i64>,
}

impl Lane {
    /// An empty lane.
    pub fn new(source: TopicPartition, generation: u64) -> Self {
        Self {
            source,
            generation,
            busy: false,
            paused: false,
            not_before: 0,
            buffered: VecDeque::new(),
            pieces: VecDeque::new(),
            bytes: 0,
            refusals: 0,
            end: None,
            uncommitted: None,
        }
    }

    /// Appends fetched records; `end` is where the next fetch begins, which may lie behind records that are never seen.
    pub fn add(&mut self, records: Vec<Record>, end: i64, now: u64) {
        for record in records {
            let bytes = payload::record_bytes(&self.source, &record);
            self.bytes += bytes;
            self.buffered.push_back(Buffered { record, bytes, arrived_at: now });
        }
        self.end = Some(end);
        if self.buffered.is_empty() {
            self.uncommitted = Some(end);
        }
    }

    /// Records that are buffered or in an invocation.
    pub fn len(&self) -> usize {
        self.buffered.len()
    }

    /// Their bytes in an event.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the oldest of them arrived.
    pub fn oldest_arrival(&self) -> Option<u64> {
        self.buffered.front().map(|each| each.arrived_at)
    }

    /// What must be settled by itself before anything else of this lane.
    pub fn piece(&self) -> Option<Piece> {
        self.pieces.front().copied()
    }

    /// Sets apart what may not be sent any more: records too old, or a record that fits into no invocation.
    pub fn set_apart(&mut self, now: u64, age_max: Option<u64>, len_max: usize, bytes_max: usize) {
        let head = self.pieces.front().copied();
        if head.is_some_and(|piece| piece.given_up.is_some()) {
            return;
        }
        let within = head.map_or(len_max, |piece| piece.len);
        let old = self.buffered.iter().take(within).take_while(|each| is_too_old(&each.record, now, age_max));
        let (mut old, mut bytes) = (old, 0);
        let mut len = 0;
        while let Some(each) = old.next().filter(|each| len == 0 || bytes + each.bytes <= bytes_max) {
            (len, bytes) = (len + 1, bytes + each.bytes);
        }
        let (len, condition) = match self.buffered.front() {
            _ if len > 0 => (len, Condition::MaximumRecordAgeExceeded),
            Some(first) if first.bytes > bytes_max => (1, Condition::MaximumPayloadSizeExceeded),
            Some(_) | None => return,
        };
        let failures = head.map_or(0, |piece| piece.failures);
        if let Some(piece) = self.pieces.pop_front().filter(|piece| piece.len > len) {
            self.pieces.push_front(Piece { len: piece.len - len, ..piece });
        }
        self.pieces.push_front(Piece { len, failures, given_up: Some(condition) });
    }

    /// How many records from the front fit, and their bytes.
    pub fn fitting(&self, len_max: usize, bytes_max: usize) -> (usize, usize) {
        let mut total = 0;
        let mut len = 0;
        for each in self.buffered.iter().take(len_max) {
            if total + each.bytes > bytes_max {
                break;
            }
            total += each.bytes;
            len += 1;
        }
        (len, total)
    }

    /// The first records, which share their bytes with the lane's.
    pub fn front(&self, len: usize) -> Vec<Record> {
        self.buffered.iter().take(len).map(|each| each.record.clone()).collect()
    }

    /// The first `len` records are settled.
    pub fn done(&mut self, len: usize) {
        for each in self.buffered.drain(..len.min(self.buffered.len())) {
            self.bytes -= each.bytes;
            self.uncommitted = Some(each.record.offset + 1);
        }
        if self.buffered.is_empty() && self.end > self.uncommitted {
            self.uncommitted = self.end;
        }
        self.shorten_pieces(len);
        self.refusals = 0;
        self.not_before = 0;
    }

    /// Of the first `len` records, those before `failed_at` are done and that one failed.
    ///
    /// `apart` says that the invocation held other partitions too, so that running this one alone narrows it down.
    pub fn failed(&mut self, len: usize, failed_at: usize, apart: bool, rules: RetryRules, now: u64) {
        let failures = self.pieces.front().map_or(0, |piece| piece.failures);
        // With progress the first record left has not been the first one before.
        let failures = if failed_at > 0 { 0 } else { failures };
        self.done(failed_at);
        let left = len - failed_at;
        self.shorten_pieces(left);
        if rules.bisects && (failed_at > 0 || apart) {
            self.pieces.push_front(Piece { len: left, failures, given_up: None });
        } else if rules.bisects && left > 1 {
            // Halving is no attempt; the halves inherit the count.
            let half = left / 2;
            self.pieces.push_front(Piece { len: left - half, failures, given_up: None });
            self.pieces.push_front(Piece { len: half, failures, given_up: None });
        } else {
            let failures = failures + 1;
            let exhausted = rules.retries_max.is_some_and(|max| failures > max);
            let given_up = exhausted.then_some(Condition::RetryAttemptsExhausted);
            self.pieces.push_front(Piece { len: left, failures, given_up });
            self.not_before = if exhausted { 0 } else { now + backoff(failures) };
        }
    }

    /// The function was not run, or the destination did not take what was given up: the same again, later.
    pub fn refused(&mut self, now: u64) {
        self.refusals = self.refusals.saturating_add(1);
        self.not_before = now + backoff(self.refusals);
    }

    /// The next offset to commit, once.
    pub fn take_uncommitted(&mut self) -> Option<i64> {
        self.uncommitted.take()
    }

    /// A commit did not succeed: it is due again, unless a later one is.
    pub fn commit_again(&mut self, offset: i64) {
        self.uncommitted = self.uncommitted.max(Some(offset));
    }

    /// Pieces cover the front of the buffer, so whatever leaves the front leaves them too.
    fn shorten_pieces(&mut self, len: usize) {
        let mut len = len;
        while let Some(piece) = self.pieces.front_mut().filter(|_| len > 0) {
            if piece.len > len {
                piece.len -= len;
                return;
            }
            len -= piece.len;
            self.pieces.pop_front();
        }
    }
}

fn is_too_old(record: &Record, now: u64, age_max: Option<u64>) -> bool {
    match (u64::try_from(record.timestamp), age_max) {
        (Ok(timestamp), Some(age_max)) => now.saturating_sub(timestamp) > age_max,
        // Without a timestamp there is no age.
        (Err(_), _) | (_, None) => false,
    }
}

/// Doubles with each failure, up to a bound.
fn backoff(failures: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(10);
    (BACKOFF_FIRST_MILLIS << doublings).min(BACKOFF_MAX_MILLIS)
}
