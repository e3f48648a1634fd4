//! Batch calls whose entries fail one by one: filled to the service's limits, with only failed entries repeated.
//!
//! Services answer 200 with failed entries inside. This file owns how calls are filled, ordered, bounded and
//! repeated; an adapter says how one call is made.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use semel_exactly_once::{Class, Clock};

use crate::AwsError;

/// Calls under way at once. A few keep the connection busy; more would only meet the service's throttle sooner.
const CALLS_MAX: usize = 4;
/// Attempts of an entry. The SDK repeats calls that fail whole by itself, so this counts answers with failed entries.
const ATTEMPTS_MAX: u32 = 5;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// What one call carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The request, for error messages.
    pub operation: &'static str,
    /// Entries of a call.
    pub entries: usize,
    /// Bytes of all entries of a call together, and so of any entry.
    pub bytes: usize,
}

/// An entry to send, as far as filling and ordering calls needs to know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// Its size by the service's own count.
    pub bytes: usize,
    /// Entries of one lane are sent in order; without a lane there is no order to keep.
    pub lane: Option<&'a str>,
}

/// The answer to one call: an outcome per entry, or the failure of the call as a whole.
pub(crate) type Answer = Result<Vec<Result<(), AwsError>>, AwsError>;

/// Sends `entries`, answering one outcome per entry in their order. `call` is given positions in `entries`.
pub(crate) async fn send_all<F, Fut>(
    limits: Limits,
    clock: &impl Clock,
    entries: &[Entry<'_>],
    call: F,
) -> Vec<Result<(), AwsError>>
where
    F: Fn(Vec<usize>) -> Fut,
    Fut: Future<Output = Answer>,
{
    let mut outcomes: Vec<Option<Result<(), AwsError>>> = vec![None; entries.len()];
    let mut waiting = fill(limits, entries, &mut outcomes);
    let mut stuck: HashSet<&str> = HashSet::new();
    let mut moving: Vec<Vec<usize>> = Vec::new();
    let mut calls = FuturesUnordered::new();
    loop {
        while calls.len() < CALLS_MAX {
            let Some(batch) = next_ready(&mut waiting, &moving, entries) else { break };
            let (held, batch): (Vec<usize>, Vec<usize>) =
                batch.into_iter().partition(|&at| entries[at].lane.is_some_and(|lane| stuck.contains(lane)));
            for at in held {
                outcomes[at] = Some(Err(held_back(limits)));
            }
            if !batch.is_empty() {
                moving.push(batch.clone());
                calls.push(send_one(limits, clock, batch, &call));
            }
        }
        let Some(ended) = calls.next().await else { break };
        moving.retain(|batch| batch.first() != ended.first().map(|(at, _)| at));
        for (at, outcome) in ended {
            if let (Err(error), Some(lane)) = (&outcome, entries[at].lane)
                && error.class == Class::Transient
            {
                stuck.insert(lane);
            }
            outcomes[at] = Some(outcome);
        }
    }
    // Every position was filled, held back, or refused for its size.
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(held_back(limits)))).collect()
}

/// Cuts the entries into calls, in order, each as full as the limits allow; refuses what fits into none.
fn fill(
    limits: Limits,
    entries: &[Entry<'_>],
    outcomes: &mut [Option<Result<(), AwsError>>],
) -> VecDeque<Vec<usize>> {
    let mut batches = VecDeque::new();
    let mut batch = Vec::new();
    let mut bytes = 0;
    for (at, entry) in entries.iter().enumerate() {
        if entry.bytes > limits.bytes {
            let message = format!("the entry has {} bytes, the limit is {}", entry.bytes, limits.bytes);
            outcomes[at] =
                Some(Err(AwsError::new(Class::Fatal, limits.operation, "EntryTooLarge", &message)));
            continue;
        }
        if batch.len() == limits.entries || bytes + entry.bytes > limits.bytes {
            batches.push_back(std::mem::take(&mut batch));
            bytes = 0;
        }
        batch.push(at);
        bytes += entry.bytes;
    }
    if !batch.is_empty() {
        batches.push_back(batch);
    }
    batches
}

/// The first waiting call that shares no lane with one under way or waiting before it.
fn next_ready(
    waiting: &mut VecDeque<Vec<usize>>,
    moving: &[Vec<usize>],
    entries: &[Entry<'_>],
) -> Option<Vec<usize>> {
    let lanes = |batch: &Vec<usize>| batch.iter().filter_map(|&at| entries[at].lane).collect::<Vec<_>>();
    let mut taken: HashSet<&str> = moving.iter().flat_map(lanes).collect();
    let ready = waiting.iter().position(|batch| {
        let lanes = lanes(batch);
        let free = lanes.iter().all(|lane| !taken.contains(lane));
        taken.extend(lanes);
        free
    })?;
    waiting.remove(ready)
}

/// Makes one call, and again for its failed entries, until they are accepted, refused for good, or out of attempts.
async fn send_one<F, Fut>(
    limits: Limits,
    clock: &impl Clock,
    batch: Vec<usize>,
    call: &F,
) -> Vec<(usize, Result<(), AwsError>)>
where
    F: Fn(Vec<usize>) -> Fut,
    Fut: Future<Output = Answer>,
{
    let mut ended = Vec::with_capacity(batch.len());
    // The first entry names the batch to the caller, so its place is kept whatever ends first.
    let order = batch.clone();
    let mut open = batch;
    for attempt in 1.. {
        let mut again = Vec::new();
        match call(open.clone()).await {
            Ok(answers) if answers.len() == open.len() => {
                for (at, answer) in open.into_iter().zip(answers) {
                    match answer {
                        Err(error) if error.class == Class::Transient && attempt < ATTEMPTS_MAX => {
                            again.push(at);
                        }
                        answer => ended.push((at, answer)),
                    }
                }
            }
            Ok(answers) => {
                // Nothing says which entry an answer belongs to. All are sent again later, under the same ids.
                let message = format!("{} answers to {} entries", answers.len(), open.len());
                let error = AwsError::new(Class::Transient, limits.operation, "ResponseError", &message);
                ended.extend(open.into_iter().map(|at| (at, Err(error.clone()))));
            }
            Err(error) if error.class == Class::Fatal && open.len() > 1 => {
                // One bad entry can make a service refuse the whole call: alone, only that one is refused.
                for at in open {
                    ended.extend(Box::pin(send_one(limits, clock, vec![at], call)).await);
                }
            }
            Err(error) => ended.extend(open.into_iter().map(|at| (at, Err(error.clone())))),
        }
        if again.is_empty() {
            break;
        }
        open = again;
        clock.sleep(backoff(attempt, clock.random())).await;
    }
    ended.sort_unstable_by_key(|(at, _)| order.iter().position(|place| place == at));
    ended
}

/// Full jitter: anything up to a bound that doubles with each attempt.
fn backoff(attempt: u32, random: u64) -> Duration {
    let bound =
        BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(BACKOFF_MAX);
    let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % bound_ms.saturating_add(1))
}

fn held_back(limits: Limits) -> AwsError {
    let message = "an earlier entry of the same aggregate could not be sent yet";
    AwsError::new(Class::Transient, limits.operation, "HeldBack", message)
}

#[cfg(test)]
mod tests;
