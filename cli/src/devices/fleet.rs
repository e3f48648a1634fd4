//! Many producers at once, held to a rate.
//!
//! Each thread has its share of the producers and of the rate. A batch is due at a time; a thread that fell behind sends
//! without pause until it has caught up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use semel_contracts::{EventId, Timestamp};
use uuid::Uuid;

use super::producer::{Chance, Kind, Producer};
use super::report::Report;
use super::target::{Outcome, Target};
use crate::error::Error;
use crate::interrupt;

/// A request waits for its answer, so this is how many are under way at once.
const THREADS_MAX: u32 = 16;
/// How soon Ctrl-C is seen, and how often progress is shown.
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which kinds there are; producers are shared out in equal parts.
    pub kinds: &'static [Kind],
    /// How many producers.
    pub producers: u32,
    /// How fast, all together.
    pub events_per_second: u32,
    /// How long; until Ctrl-C if it is not said.
    pub time: Option<Duration>,
    /// How many of a hundred batches are sent again.
    pub duplicates_percent: u8,
    /// Events of a batch.
    pub batch: u32,
}

/// Plays the plan; `progress` is told from time to time.
pub fn play(plan: &Plan, target: &Target, progress: impl Fn(&str)) -> Result<Report, Error> {
    let run = format!("{:08x}", Uuid::new_v4().as_fields().0);
    let mut producers: Vec<Vec<Producer>> = Vec::new();
    let threads = THREADS_MAX.min(plan.producers);
    producers.resize(usize::try_from(threads).unwrap_or(1), Vec::new());
    let (shares, started) = (producers.len(), Instant::now());
    for (number, kind) in (0..plan.producers).zip(plan.kinds.iter().cycle()) {
        producers[usize::try_from(number).unwrap_or_default() % shares]
            .push(Producer::new(*kind, number, &run));
    }
    let sent = AtomicU64::new(0);
    // What each thread sends takes as many times longer as there are threads.
    let pace = Duration::from_secs(1) * plan.batch * threads / plan.events_per_second;
    let parts = thread::scope(|scope| {
        let threads: Vec<_> = (0_u32..)
            .zip(producers)
            .map(|(number, share)| {
                let (sent, chance) = (&sent, Chance::new(u64::from(number) + 1));
                // Not all at once.
                let first = started + pace * number / threads;
                let end = plan.time.map(|time| started + time);
                scope.spawn(move || Share { plan, target, pace, first, end, sent, chance }.play(share))
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(PAUSE_MAX);
            let events = sent.load(Ordering::Relaxed);
            progress(&format!("{events} events in {} s", started.elapsed().as_secs()));
        }
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| Error::Unexpected("a producer panicked".to_owned())))
            .collect::<Vec<_>>()
    });
    let mut report = Report::default();
    for part in parts {
        report.merge(part??);
    }
    Ok(report.within(started.elapsed()))
}

/// What one thread plays.
struct Share<'a> {
    plan: &'a Plan,
    target: &'a Target,
    pace: Duration,
    first: Instant,
    end: Option<Instant>,
    sent: &'a AtomicU64,
    chance: Chance,
}

impl Share<'_> {
    fn play(mut self, mut producers: Vec<Producer>) -> Result<Report, Error> {
        let mut report = Report::default();
        let mut due = self.first;
        for at in (0..producers.len()).cycle() {
            if !self.wait_for(due) {
                break;
            }
            due += self.pace;
            let producer = &mut producers[at];
            let events = (0..self.plan.batch).map(|_| producer.report(EventId::from(Uuid::now_v7()), now()));
            let events: Vec<String> = events.collect::<Result<_, _>>()?;
            self.send(producer, &events, &mut report);
        }
        Ok(report)
    }

    /// Sends a batch, and some batches again.
    fn send(&mut self, producer: &Producer, events: &[String], report: &mut Report) {
        let key = Uuid::now_v7().to_string();
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        let mut outcomes = vec![self.deliver(producer, &key, events)];
        let line = report.line(producer.kind);
        line.events += count;
        if self.chance.below(100) < u32::from(self.plan.duplicates_percent) {
            let is_again = self.chance.below(2) == 0;
            let key = if is_again { key } else { Uuid::now_v7().to_string() };
            *(if is_again { &mut line.sent_again } else { &mut line.sent_anew }) += 1;
            outcomes.push(self.deliver(producer, &key, events));
        }
        for outcome in outcomes {
            report.line(producer.kind).add(&outcome);
            report.trouble = report.trouble.take().or(outcome.trouble);
        }
        self.sent.fetch_add(count, Ordering::Relaxed);
    }

    fn deliver(&self, producer: &Producer, key: &str, events: &[String]) -> Outcome {
        if producer.kind.is_device() {
            self.target.publish(&producer.name, key, events)
        } else {
            self.target.send(key, events)
        }
    }

    /// Waits until `due`; answers whether to go on.
    fn wait_for(&self, due: Instant) -> bool {
        loop {
            let now = Instant::now();
            if interrupt::is_requested() || self.end.is_some_and(|end| now >= end || due >= end) {
                return false;
            }
            match due.checked_duration_since(now) {
                None | Some(Duration::ZERO) => return true,
                Some(rest) => thread::sleep(rest.min(PAUSE_MAX)),
            }
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
