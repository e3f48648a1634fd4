//! What goes wrong while the log is consumed: the bridge and the function are killed, and a rival delivers records
//! that the bridge delivers too.
//!
//! Everything happens by progress, not by the clock: a run under fire is killed as often on a slow machine as on a
//! fast one.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process};
use semel_exactly_once::batch::Fence;
use semel_kafka::Message;
use semel_tests::{Analytics, Kafka, Stack, eventually, kafka_payload};
use serde::Deserialize;

/// At which hundredths of the log the bridge is killed, and busy processes of the function.
const BRIDGE_DIES_AT: [u64; 3] = [10, 40, 65];
const FUNCTION_DIES_AT: [u64; 6] = [4, 18, 28, 50, 60, 80];
/// How many records before the fence, and from it on, the rival delivers of each partition: twelve of both stay below
/// the 6 MB of an invocation.
const OVERLAP: usize = 120;
/// The rival delivers at every so-many-th hundredth of the log.
const RIVAL_EVERY: u64 = 4;

/// The records that were read so far, by partition.
pub type Log = Mutex<BTreeMap<i32, Vec<Message>>>;

#[derive(Deserialize)]
struct Workers {
    workers: Vec<Worker>,
}

#[derive(Deserialize)]
struct Worker {
    function: String,
    pid: i32,
    busy: bool,
}

/// The process that a note names.
#[derive(Deserialize)]
struct Note {
    pid: i32,
}

fn kill(pid: i32) -> bool {
    // SIGKILL: nothing in the process gets a chance to tidy up.
    Pid::from_raw(pid).is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
}

/// Kills the bridge and the function as the consumption goes on.
pub struct Killer<'a> {
    stack: &'a Stack,
    function: String,
    note: String,
    bridges: Vec<i32>,
    functions: usize,
}

impl<'a> Killer<'a> {
    pub fn new(stack: &'a Stack, function: &str) -> Self {
        let note = std::env::var("SEMEL_BRIDGE_NOTE").expect("semel test says where the bridge's note is");
        Self { stack, function: function.to_owned(), note, bridges: Vec::new(), functions: 0 }
    }

    /// Kills what is due at that many hundredths of the log.
    pub fn look(&mut self, hundredths: u64) {
        if BRIDGE_DIES_AT.get(self.bridges.len()).is_some_and(|due| hundredths >= *due) {
            self.kill_bridge();
        }
        if FUNCTION_DIES_AT.get(self.functions).is_some_and(|due| hundredths >= *due) {
            self.kill_function();
        }
    }

    /// Kills of the bridge and of the function.
    pub fn kills(&self) -> [usize; 2] {
        [self.bridges.len(), self.functions]
    }

    /// Fails unless both were killed as often as they should have been.
    #[track_caller]
    pub fn assert_done(&self) {
        assert_eq!(
            self.kills(),
            [BRIDGE_DIES_AT.len(), FUNCTION_DIES_AT.len()],
            "kills of bridge and function"
        );
    }

    /// While the next bridge is being noted the file may be incomplete, or still name the one that was killed.
    fn kill_bridge(&mut self) {
        let killed = eventually("the next bridge is noted, and killed", || {
            let text = fs::read_to_string(&self.note).map_err(|error| error.to_string())?;
            let Note { pid } = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let is_next = !self.bridges.contains(&pid);
            if is_next && kill(pid) { Ok(pid) } else { Err(format!("the note names {pid}")) }
        });
        self.bridges.push(killed);
    }

    /// One is at work within moments, as the log is not at its end; the figures are looked at seldom, and between
    /// two looks at them nobody may be.
    fn kill_function(&mut self) {
        eventually("a process of the function is at work, and killed", || {
            let workers: Workers =
                serde_json::from_value(self.stack.get_engine("/_semel/workers")).expect("the engine's shape");
            let mut at_work =
                workers.workers.iter().filter(|worker| worker.busy && worker.function == self.function);
            let killed = at_work.next().is_some_and(|worker| kill(worker.pid));
            if killed { Ok(()) } else { Err(format!("{} processes", workers.workers.len())) }
        });
        self.functions += 1;
    }
}

/// Delivers what the bridge delivers too.
pub struct Rival<'a> {
    analytics: &'a Analytics<'a>,
    brokers: &'a str,
    next_at: u64,
    /// Invocations, and records in them.
    pub deliveries: usize,
    pub records: usize,
    /// Invocations that failed as a whole, as one whose process is killed does.
    pub failed: usize,
}

impl<'a> Rival<'a> {
    pub fn new(analytics: &'a Analytics<'a>, kafka: &'a Kafka) -> Self {
        Self {
            analytics,
            brokers: kafka.brokers(),
            next_at: RIVAL_EVERY,
            deliveries: 0,
            records: 0,
            failed: 0,
        }
    }

    /// Delivers records around each fence if it is time to: some that are done, and some that are about to be.
    ///
    /// Nothing is left out between the fence and what is delivered behind it: no poller does that.
    pub fn look(&mut self, hundredths: u64, log: &Log, fences: &[Option<Fence>]) {
        if hundredths < self.next_at {
            return;
        }
        self.next_at = hundredths + RIVAL_EVERY;
        let payload = {
            let log = log.lock().expect("the reader has not panicked");
            let slices: Vec<&[Message]> = (0..)
                .zip(fences)
                .filter_map(|(partition, fence)| {
                    let records = log.get(&partition)?;
                    let next = fence.as_ref().map_or(0, |fence| fence.next_offset);
                    let at = records.partition_point(|record| record.offset < next);
                    Some(&records[at.saturating_sub(OVERLAP)..records.len().min(at + OVERLAP)])
                })
                .collect();
            self.records += slices.iter().map(|slice| slice.len()).sum::<usize>();
            kafka_payload(self.brokers, &slices)
        };
        self.deliveries += 1;
        self.failed += usize::from(self.analytics.deliver(&payload).error.is_some());
    }
}
