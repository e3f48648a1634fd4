//! P1: one conditional write per event.
//!
//! Load the aggregate, drop what it has seen, ask `decide`, and commit state, ids and emitted events in one write
//! on condition that the version has not moved. That write is the deduplication record, the state change and the
//! publication at once: no crash can come between them. A lost race decides again on what the winner wrote.
//!
//! Deliveries handed over together for one aggregate fold into one read and one write.

mod fold;

use std::time::Duration;

use semel_contracts::{EventId, Timestamp};
use uuid::Uuid;

use crate::aggregate::{Aggregate, Delivery};
use crate::port::{AggregateStore, Class, Clock, CommitError, StoreError, Stored, Write};
use crate::seen::{SEEN_MAX, Seen, SeenEntry, whole_seconds};
use fold::{Fold, Folded};

/// Lost races after which the delivery is left to a later attempt; each one means that another writer won.
const ATTEMPTS_MAX: u32 = 10;

/// Bytes of state, ids and events that one item may have. DynamoDB's item limit is 400 KB, but one version's events
/// travel over SNS, whose messages end at 256 KiB; 16 KiB of that are left for envelopes.
const ITEM_BYTES_MAX: usize = 240 * 1024;

/// Upper bound of the first wait after a lost race; it doubles with each further one.
const BACKOFF_BASE: Duration = Duration::from_millis(5);

/// What an aggregate is known to be before its deliveries are decided upon.
#[derive(Debug, Clone)]
pub enum Known<S> {
    /// Nothing: it is read.
    Unknown,
    /// It probably does not exist: the write is tried at once, and only a lost race reads.
    Absent,
    /// What an earlier step loaded or wrote.
    Current(Current<S>),
}

/// An aggregate's state with what the protocol needs beside it.
#[derive(Debug, Clone)]
pub struct Current<S> {
    /// The state.
    pub state: S,
    /// The version it has in the store.
    pub version: u64,
    seen: Seen,
    spilled_until_s: Option<u32>,
}

/// How one delivery ended. All of them acknowledge it, a rejection with its reason.
#[derive(Debug)]
pub enum Verdict<R> {
    /// Decided and committed now.
    Applied,
    /// Its id was applied before, inside the window.
    Duplicate,
    /// The state machine had no use for it.
    NoEffect,
    /// The state machine refuses it.
    Rejected(R),
    /// A counter does not exist or would go below zero: the keys of those counters. Nothing was written; the
    /// caller decides again with an input that says so, under the same id.
    Short(Vec<String>),
}

/// How a group of deliveries ended.
#[derive(Debug)]
pub struct Handled<A: Aggregate> {
    /// One verdict per delivery, in their order.
    pub verdicts: Vec<Verdict<A::Rejection>>,
    /// The aggregate after them; `None` if it still does not exist.
    pub current: Option<Current<A::State>>,
}

/// Why a group of deliveries could not be handled. What was committed before the error stays: its deliveries
/// come out as duplicates the next time.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Other writers won every race.
    #[error("{key} was changed by others {ATTEMPTS_MAX} times in a row; try again")]
    Contended {
        /// The item's key.
        key: String,
    },
    /// The stored state is not what this program writes.
    #[error("the stored state of {key} cannot be read")]
    Corrupt {
        /// The item's key.
        key: String,
        /// Where it is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The item would be larger than the table or the channels behind it carry. Refused before the write.
    #[error("{key} would take {bytes} bytes of at most {bytes_max}; nothing was written")]
    TooLarge {
        /// The item's key.
        key: String,
        /// Bytes of state, ids and events together.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// A state or event has no JSON form.
    #[error("the new state of {key} cannot be written")]
    Encode {
        /// The item's key.
        key: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

impl HandleError {
    /// Whether trying again can help.
    pub fn class(&self) -> Class {
        match self {
            Self::Store(error) => error.class,
            Self::Contended { .. } => Class::Transient,
            Self::Corrupt { .. } | Self::TooLarge { .. } | Self::Encode { .. } => Class::Fatal,
        }
    }
}

/// Applies deliveries to aggregates, each once.
#[derive(Debug, Clone)]
pub struct Committer<S, C> {
    store: S,
    clock: C,
    window_s: u32,
    seen_max: usize,
}

impl<S: AggregateStore, C: Clock> Committer<S, C> {
    /// `window` is for how long repetitions are recognised by id; whole seconds count, rounded up.
    pub fn new(store: S, clock: C, window: Duration) -> Self {
        let window_s = u32::try_from(window.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
        Self { store, clock, window_s, seen_max: SEEN_MAX }
    }

    /// Bounds the ids an item carries, for tests of what happens past it.
    #[must_use]
    pub fn with_seen_max(mut self, seen_max: usize) -> Self {
        self.seen_max = seen_max.max(2);
        self
    }

    /// The clock that decisions are taken by.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// The store that aggregates are kept in.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Reads an aggregate.
    pub async fn load<A: Aggregate>(&self, id: &str) -> Result<Option<Current<A::State>>, HandleError> {
        let key = A::key(id);
        let stored = self.store.load(&key).await?;
        stored.map(|s| read_state(&key, s)).transpose()
    }

    /// Decides upon `deliveries` in order and commits what they change.
    pub async fn handle<A: Aggregate>(
        &self,
        id: &str,
        known: Known<A::State>,
        deliveries: &[Delivery<A::Input>],
    ) -> Result<Handled<A>, HandleError> {
        let key = A::key(id);
        let mut current = match known {
            Known::Unknown => self.load::<A>(id).await?,
            Known::Absent => None,
            Known::Current(current) => Some(current),
        };
        let mut verdicts = Vec::with_capacity(deliveries.len());
        let mut attempt = 0;
        while verdicts.len() < deliveries.len() {
            let open = &deliveries[verdicts.len()..];
            let now = self.clock.now();
            let spilled = self.spilled(&key, current.as_ref(), open, now).await?;
            let fold = Fold::<A>::over(open, current.as_ref(), &spilled, now, self.window_s)
                .map_err(|source| HandleError::Encode { key: key.clone(), source })?;
            let Some(folded) = fold.changed else {
                verdicts.extend(fold.verdicts);
                continue;
            };
            match self.commit::<A>(id, &key, current.as_ref(), folded, now).await? {
                Committed::Written(written) => {
                    current = Some(written);
                    verdicts.extend(fold.verdicts);
                    attempt = 0;
                }
                Committed::Short(keys) => {
                    // Nothing was written. An adjusting decision is alone in its write, so it is the last
                    // verdict, and those before it changed nothing.
                    verdicts.extend(fold.verdicts);
                    verdicts.pop();
                    verdicts.push(Verdict::Short(keys));
                }
                Committed::Lost(newer) => {
                    attempt = self.wait_after(attempt, &key).await?;
                    current = match newer {
                        Some(stored) => Some(read_state(&key, *stored)?),
                        None => self.load::<A>(id).await?,
                    };
                }
                Committed::Busy => attempt = self.wait_after(attempt, &key).await?,
            }
        }
        Ok(Handled { verdicts, current })
    }

    async fn commit<A: Aggregate>(
        &self,
        id: &str,
        key: &str,
        current: Option<&Current<A::State>>,
        mut folded: Folded<A::State>,
        now: Timestamp,
    ) -> Result<Committed<A::State>, HandleError> {
        let encode = |source| HandleError::Encode { key: key.to_owned(), source };
        folded.seen.prune(now);
        let spill = folded.seen.spill(self.seen_max);
        let expected = current.map(|c| c.version);
        let stored = Stored {
            version: expected.unwrap_or(0) + 1,
            state: serde_json::to_string(&folded.state).map_err(encode)?,
            spilled_until_s: spilled_until(current.and_then(|c| c.spilled_until_s), &spill, now),
            seen: folded.seen,
        };
        let outbox = folded.outbox.encode().map_err(encode)?;
        let bytes =
            stored.state.len() + stored.seen.as_bytes().len() + outbox.as_ref().map_or(0, String::len);
        if bytes > ITEM_BYTES_MAX {
            return Err(HandleError::TooLarge { key: key.to_owned(), bytes, bytes_max: ITEM_BYTES_MAX });
        }
        let write = Write {
            key,
            expected,
            stored: &stored,
            outbox: outbox.as_deref(),
            index: &A::index(id, &folded.state),
            adjust: &folded.adjust,
            spill: &spill,
            token: Uuid::from_u64_pair(self.clock.random(), self.clock.random()),
        };
        match self.store.commit(&write).await {
            Ok(()) => Ok(Committed::Written(Current {
                state: folded.state,
                version: stored.version,
                seen: stored.seen,
                spilled_until_s: stored.spilled_until_s,
            })),
            Err(CommitError::Conflict(newer)) => Ok(Committed::Lost(newer)),
            Err(CommitError::Busy) => Ok(Committed::Busy),
            Err(CommitError::Short(positions)) => {
                let keys = positions.into_iter().filter_map(|p| folded.adjust.get(p)).map(|a| a.key.clone());
                Ok(Committed::Short(keys.collect()))
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Waits after a lost race, or gives up after too many.
    async fn wait_after(&self, attempt: u32, key: &str) -> Result<u32, HandleError> {
        let attempt = attempt + 1;
        if attempt >= ATTEMPTS_MAX {
            return Err(HandleError::Contended { key: key.to_owned() });
        }
        self.clock.sleep(jittered(attempt, self.clock.random())).await;
        Ok(attempt)
    }

    /// Asks for the records of ids that were spilled, which is rare: only while an item has open ones.
    async fn spilled<A>(
        &self,
        key: &str,
        current: Option<&Current<A>>,
        open: &[Delivery<impl Send + Sync>],
        now: Timestamp,
    ) -> Result<Vec<EventId>, StoreError> {
        match current.and_then(|c| c.spilled_until_s) {
            Some(until) if until > whole_seconds(now) => {
                let ids: Vec<EventId> = open.iter().map(|d| d.id).collect();
                self.store.spilled(key, &ids, now).await
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }
}

enum Committed<S> {
    Written(Current<S>),
    Lost(Option<Box<Stored>>),
    Busy,
    Short(Vec<String>),
}

fn read_state<S: serde::de::DeserializeOwned>(key: &str, stored: Stored) -> Result<Current<S>, HandleError> {
    let state = serde_json::from_str(&stored.state)
        .map_err(|source| HandleError::Corrupt { key: key.to_owned(), source })?;
    let Stored { version, seen, spilled_until_s, .. } = stored;
    Ok(Current { state, version, seen, spilled_until_s })
}

fn spilled_until(before: Option<u32>, spill: &[SeenEntry], now: Timestamp) -> Option<u32> {
    let open = before.filter(|until| *until > whole_seconds(now));
    spill.iter().map(|e| e.expires_s).chain(open).max()
}

/// Full jitter: anywhere between nothing and the doubled base, so that rivals spread out.
pub(crate) fn jittered(attempt: u32, random: u64) -> Duration {
    let bound = BACKOFF_BASE.saturating_mul(1 << attempt.min(6));
    let bound_us = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX).max(1);
    Duration::from_micros(random % bound_us)
}
