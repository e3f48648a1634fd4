//! Events a second through the analytics function's own binary: several processes, each fed with a partition of its own by a
//! stand-in of Lambda's runtime API.
//!
//! First every process fills its ledger with the ids of a whole window; then some rounds are counted while all of them go
//! on. The feeder is on the same cores, so what it takes of them is measured, too.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use semel_bench::{Spread, arguments};
use semel_exactly_once::batch::FenceKey;
use serde::Serialize;

use crate::cpu::{self, Spent};
use crate::function::{EPOCH, Function};
use crate::load::{self, Load};
use crate::runtime_api::RuntimeApi;
use crate::stand_in::{self, StandIn};
use crate::template::Template;

/// 2026-11-22T16:50:00Z.
const FIRST_MS: u64 = 1_795_366_200_000;
/// As fast as a partition's events follow each other by their own time: a partition of a topic that takes a million a
/// second on 200 of them.
const EVENTS_PER_SECOND: u64 = 5_000;
/// A window of five minutes of that.
const LEDGER_IDS: u64 = 1_500_000;
/// Different articles: with them a batch fits into one transaction.
const ARTICLES: u64 = 50;
/// Odd, so that a median is a measurement.
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_secs(2);
const WARM_UP_MAX: Duration = Duration::from_mins(5);
const STOP_MAX: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[derive(Serialize)]
pub struct Report {
    processes: usize,
    cores: usize,
    rounds: usize,
    seconds_per_round: f64,
    events_per_batch: usize,
    payload_bytes: usize,
    bytes_per_event: usize,
    ledger_ids: u64,
    batches: u64,
    events_per_second: Spread,
    /// Events for each second that the processes were on a core.
    events_per_core_second: Spread,
    shares: Shares,
    stand_in: &'static str,
}

/// Of the time of all cores, the median of the rounds.
#[derive(Serialize)]
struct Shares {
    functions: f64,
    /// The stand-in of the runtime API: patching batches and writing them.
    feeder: f64,
    /// The stand-ins of DynamoDB and S3.
    stores: f64,
    /// Whoever else was at work on the machine.
    others: Option<f64>,
}

/// Measures. Ends the program if any work was not done.
pub fn measure() -> Report {
    // One process more than cores: while one of them waits for the stores, another computes, as environments do on Lambda.
    let processes = cores() + 1;
    let batch = load::batch(&mut Load::new(ARTICLES));
    let (events_per_batch, payload_bytes) = (batch.values.len(), batch.payload.len());
    let mut run = Run::start(processes, &batch);
    run.wait_until(WARM_UP_MAX, |run| {
        run.apis.iter().all(|api| api.batches() * events_per_batch as u64 >= LEDGER_IDS)
    });
    let before = run.apis.iter().map(RuntimeApi::batches).sum::<u64>();
    let rounds: Vec<Round> = (0..ROUNDS).map(|_| run.round(events_per_batch)).collect();
    let batches = run.apis.iter().map(RuntimeApi::batches).sum::<u64>() - before;
    run.stop();
    let of = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure)).expect("there are rounds");
    let others: Option<Vec<f64>> = rounds.iter().map(|round| round.others).collect();
    Report {
        processes,
        cores: cores(),
        rounds: ROUNDS,
        seconds_per_round: ROUND.as_secs_f64(),
        events_per_batch,
        payload_bytes,
        bytes_per_event: batch.value_bytes / events_per_batch,
        ledger_ids: LEDGER_IDS,
        batches,
        events_per_second: of(|round| round.events_per_second),
        events_per_core_second: of(|round| round.events_per_core_second),
        shares: Shares {
            functions: of(|round| round.functions).median,
            feeder: of(|round| round.feeder).median,
            stores: of(|round| round.stores).median,
            others: others.and_then(|others| Some(Spread::of(others)?.median)),
        },
        stand_in: stand_in::WHAT,
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

struct Round {
    events_per_second: f64,
    events_per_core_second: f64,
    functions: f64,
    feeder: f64,
    stores: f64,
    others: Option<f64>,
}

struct Run {
    functions: Vec<Function>,
    apis: Vec<RuntimeApi>,
    stores: StandIn,
    feeding: Arc<Spent>,
    log: String,
}

/// Counters at one moment.
struct Look {
    at: Instant,
    batches: u64,
    functions: Duration,
    feeder: Duration,
    stores: Duration,
    own: Duration,
    machine: Option<Duration>,
}

impl Run {
    fn start(processes: usize, batch: &load::Batch) -> Self {
        let (bootstrap, log) = (PathBuf::from(arguments::text("--bootstrap")), arguments::text("--log"));
        let file = File::create(&log).unwrap_or_else(|error| panic!("cannot write {log}: {error}"));
        let (stores, feeding) = (StandIn::start(), Arc::new(Spent::default()));
        let api = |partition| {
            let template = Template::new(batch, partition, FIRST_MS, EVENTS_PER_SECOND);
            RuntimeApi::start(template, Arc::clone(&feeding))
        };
        let apis: Vec<_> = (0..i32::try_from(processes).expect("few cores")).map(api).collect();
        let start =
            |api: &RuntimeApi| Function::start(&bootstrap, &api.address.to_string(), &stores.endpoint, &file);
        let functions = apis.iter().map(start).collect();
        Self { functions, apis, stores, feeding, log }
    }

    fn wait_until(&mut self, at_most: Duration, reached: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + at_most;
        while !reached(self) {
            self.check();
            assert!(Instant::now() < deadline, "the functions are too slow; their log is {}", self.log);
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn check(&mut self) {
        for (function, api) in self.functions.iter_mut().zip(&self.apis) {
            let failure =
                api.failure().or_else(|| function.ended().map(|status| format!("it ended: {status}")));
            if let Some(failure) = failure {
                panic!("a function failed: {failure}; its log is {}", self.log);
            }
        }
    }

    fn look(&self) -> Look {
        let of = |function: &Function| cpu::of_process(function.pid()).unwrap_or_default();
        Look {
            at: Instant::now(),
            batches: self.apis.iter().map(RuntimeApi::batches).sum(),
            functions: self.functions.iter().map(of).sum(),
            feeder: self.feeding.so_far(),
            stores: self.stores.spent().so_far(),
            own: cpu::of_process(std::process::id()).unwrap_or_default(),
            machine: cpu::of_machine(),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn round(&mut self, events_per_batch: usize) -> Round {
        let before = self.look();
        thread::sleep(ROUND);
        self.check();
        let after = self.look();
        let seconds = (after.at - before.at).as_secs_f64();
        let events = ((after.batches - before.batches) * events_per_batch as u64) as f64;
        let functions = after.functions.saturating_sub(before.functions);
        let (feeder, stores) =
            (after.feeder.saturating_sub(before.feeder), after.stores.saturating_sub(before.stores));
        let ours = functions + after.own.saturating_sub(before.own);
        let machine = after.machine.zip(before.machine).map(|(after, before)| after.saturating_sub(before));
        let all = seconds * cores() as f64;
        Round {
            events_per_second: events / seconds,
            events_per_core_second: events / functions.as_secs_f64(),
            functions: functions.as_secs_f64() / all,
            feeder: feeder.as_secs_f64() / all,
            stores: stores.as_secs_f64() / all,
            others: machine.map(|machine| machine.saturating_sub(ours).as_secs_f64() / all),
        }
    }

    /// Lets what is under way end, and makes sure that all of it was applied, each event once.
    fn stop(mut self) {
        self.apis.iter().for_each(RuntimeApi::stop);
        self.wait_until(STOP_MAX, |run| run.apis.iter().all(|api| api.stopped_at().is_some()));
        for (partition, api) in (0..).zip(&self.apis) {
            let key = FenceKey {
                consumer: "analytics".to_owned(),
                cluster: "main".to_owned(),
                topic: "telemetry".to_owned(),
                partition,
                epoch: EPOCH.parse().expect("a number"),
            };
            let fence = |name: &str| self.stores.number(&key.pk(), &key.sk(), name);
            assert_eq!(fence("next"), api.stopped_at(), "the fence stands after everything");
            assert_eq!(
                fence("dup").zip(fence("old")).zip(fence("park")),
                Some(((0, 0), 0)),
                "nothing is left out"
            );
            let events = api.batches() * api.events_per_batch() as u64;
            assert_eq!(fence("ok"), i64::try_from(events).ok(), "every event is applied");
        }
        assert!(self.stores.objects() > 0, "the ids are in the bucket");
    }
}
