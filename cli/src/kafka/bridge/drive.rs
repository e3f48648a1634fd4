//! Runs one mapping: carries out what the schedule decides, and tells it what came of it.
//!
//! One task holds the schedule. Invocations run on threads of their own, as many at once as there are pollers; the
//! member of the consumer group has its own task. Nothing here decides about batches or retries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use semel_contracts::Timestamp;
use tokio::sync::{mpsc, watch};

use super::answer::Outcome;
use super::engine::{Destination, Invoker};
use super::failure;
use super::lane::Condition;
use super::log::{Log, LogError, LogEvent, Member};
use super::mapping::Mapping;
use super::payload::{self, Slice};
use super::schedule::{Batch, Schedule, Settings, Step};

const ARN_OF_BUCKETS: &str = "arn:aws:s3:::";
/// After a commit that failed the next one waits: a rebalance or a broker's absence takes a moment.
const COMMIT_PAUSE_MILLIS: u64 = 200;

/// How a mapping is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Pollers, for a mapping that does not ask for more.
    pub pollers: usize,
    /// Delivers every so-many-th batch to two invocations at once, as happens on AWS when a partition changes hands.
    pub overlap_every: Option<u64>,
}

/// What one mapping is run with.
pub struct Drive<E> {
    /// The mapping.
    pub mapping: Mapping,
    /// Where functions and destinations are.
    pub engine: E,
    /// How.
    pub options: Options,
    /// Invocations begun.
    pub invocations: AtomicU64,
}

enum Settled {
    Invoked(Batch, Outcome),
    GivenUp(Batch, bool),
}

/// Runs it until `stop` says so; an error when the member of the consumer group has ended.
pub async fn run<E: Invoker + Destination>(
    drive: Arc<Drive<E>>,
    log: impl Log,
    mut stop: watch::Receiver<bool>,
) -> Result<(), LogError> {
    let pollers = drive.mapping.pollers.unwrap_or(1).max(drive.options.pollers);
    let mut schedule = Schedule::new(Settings::of(&drive.mapping, pollers));
    let mut member = Member::start(log);
    let (report, mut settled) = mpsc::unbounded_channel();
    let mut commits_pause_until = None;
    loop {
        let mut wake = start_what_is_due(&drive, &mut schedule, &report);
        commits_pause_until = commits_pause_until.filter(|until| *until > now());
        match commits_pause_until {
            None => member.commit(schedule.commits()),
            Some(until) => wake = Some(wake.map_or(until, |wake| wake.min(until))),
        }
        let (pause, resume) = schedule.flow();
        member.pause(pause);
        member.resume(resume);
        tokio::select! {
            told = member.next() => match told {
                // All of it before anything is started: or the first partition's records went alone, and those of the
                // others waited until that invocation was over.
                Some(events) => for event in events {
                    if matches!(event, LogEvent::NotCommitted { .. }) {
                        commits_pause_until = Some(now() + COMMIT_PAUSE_MILLIS);
                    }
                    apply(&drive.mapping, &mut schedule, event);
                },
                // The member has ended by itself and says why when it is closed.
                None => break,
            },
            Some(settled) = settled.recv() => settle(&mut schedule, settled),
            () = sleep_until(wake) => {}
            () = told_to(&mut stop) => break,
        }
    }
    member.close().await
}

fn start_what_is_due<E: Invoker + Destination>(
    drive: &Arc<Drive<E>>,
    schedule: &mut Schedule,
    report: &mpsc::UnboundedSender<Settled>,
) -> Option<u64> {
    loop {
        let (drive, report) = (Arc::clone(drive), report.clone());
        match schedule.next(now()) {
            Step::Wait(wake) => return wake,
            // Nobody listens to the report any more once the mapping is stopped, which is right.
            Step::Invoke(batch) => drop(tokio::task::spawn_blocking(move || {
                let outcome = invoke(&drive, &batch);
                let _ = report.send(Settled::Invoked(batch, outcome));
            })),
            Step::GiveUp(batch, condition) => drop(tokio::task::spawn_blocking(move || {
                let taken = hand_over(&drive, &batch, condition);
                let _ = report.send(Settled::GivenUp(batch, taken));
            })),
        }
    }
}

fn apply(mapping: &Mapping, schedule: &mut Schedule, event: LogEvent) {
    match event {
        LogEvent::Assigned(source) => {
            say(mapping, &format!("{source} assigned"));
            schedule.assign(source);
        }
        LogEvent::Revoked(source) => {
            say(mapping, &format!("{source} revoked"));
            schedule.revoke(&source);
        }
        LogEvent::Records { source, records, end } => schedule.add(&source, records, end, now()),
        LogEvent::NotCommitted { positions, reason } => {
            say(mapping, &format!("not committed: {reason}"));
            schedule.commit_again(positions);
        }
    }
}

fn settle(schedule: &mut Schedule, settled: Settled) {
    match settled {
        Settled::Invoked(batch, outcome) => schedule.settle(&batch, &outcome, now()),
        Settled::GivenUp(batch, taken) => schedule.given_up(&batch, taken, now()),
    }
}

fn invoke<E: Invoker + Destination>(drive: &Drive<E>, batch: &Batch) -> Outcome {
    let event = encode(&drive.mapping, batch);
    let number = drive.invocations.fetch_add(1, Ordering::Relaxed) + 1;
    let overlaps = drive.options.overlap_every.is_some_and(|every| number.is_multiple_of(every.max(1)));
    let once = || {
        let answer = drive.engine.invoke(&drive.mapping.function, &event);
        answer.map_or_else(Outcome::NotInvoked, |answer| answer.outcome(drive.mapping.reports_item_failures))
    };
    let outcome = if overlaps {
        thread::scope(|scope| {
            // The first one is the invocation of the poller that lost the partition: its answer reaches nobody.
            scope.spawn(once);
            once()
        })
    } else {
        once()
    };
    match &outcome {
        Outcome::Done => {}
        Outcome::Partial(failed) => {
            say(&drive.mapping, &format!("{} of {} failed: {failed:?}", failed.len(), batch.len()));
        }
        Outcome::FunctionError(error) => {
            say(&drive.mapping, &format!("the function failed at {} records: {error}", batch.len()));
        }
        Outcome::NotInvoked(reason) => say(&drive.mapping, &format!("not invoked: {reason}")),
    }
    outcome
}

/// Whether the batch is settled: handed over, or there is nowhere to put it, as on AWS.
fn hand_over<E: Destination>(drive: &Drive<E>, batch: &Batch, condition: Condition) -> bool {
    let mapping = &drive.mapping;
    let (id, now) = (uuid::Uuid::new_v4().to_string(), Timestamp::from_millis(now()));
    let event = encode(mapping, batch);
    let record = failure::record(mapping, batch, condition, &event, &id, now);
    say(mapping, &format!("given up: {record}"));
    let Some(destination) = &mapping.on_failure else { return true };
    let handed = match destination.strip_prefix(ARN_OF_BUCKETS) {
        Some(bucket) => {
            let key = failure::object_key(mapping, &id, now);
            drive.engine.put(bucket, &key, &failure::with_payload(record, &event))
        }
        None => drive.engine.send(destination, &record),
    };
    if let Err(error) = &handed {
        say(mapping, &format!("{destination} did not take it: {error}"));
    }
    handed.is_ok()
}

fn encode(mapping: &Mapping, batch: &Batch) -> Vec<u8> {
    let slices: Vec<_> =
        batch.parts.iter().map(|part| Slice { source: &part.source, records: &part.records }).collect();
    payload::encode(mapping, &slices, payload::frame_bytes(mapping) + batch.bytes)
}

async fn sleep_until(wake: Option<u64>) {
    match wake {
        Some(wake) => tokio::time::sleep(Duration::from_millis(wake.saturating_sub(now()))).await,
        None => std::future::pending().await,
    }
}

/// Waits until `stop` says so, or nobody is left who could.
pub async fn told_to(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A line of the bridge's log.
pub fn say(mapping: &Mapping, line: &str) {
    eprintln!("{} {} {line}", Timestamp::from_millis(now()), mapping.group);
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
