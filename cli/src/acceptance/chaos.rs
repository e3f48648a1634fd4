//! What goes wrong during the run: one consumer's messages are all delivered at least twice, and function processes
//! are killed while they are at work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::engine_http;
use crate::error::Error;

/// Processes of one function that are killed in a run. Far fewer than a queue gives a message deliveries: the run
/// wants repetitions, not dead letters.
const KILLS_PER_FUNCTION: usize = 4;
const BETWEEN_KILLS: Duration = Duration::from_millis(750);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

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

/// Delivers every message of a queue at least `times` times from now on; 1 is as usual.
pub fn deliver(port: u16, queue: &str, times: u32) -> Result<(), Error> {
    engine_http::post(port, &format!("/_semel/deliveries?queue={queue}&min={times}"))
        .map(drop)
        .map_err(|error| Error::Unexpected(format!("cannot repeat the deliveries of {queue}: {error}")))
}

/// Kills busy processes until `over`, the function killed least first, each at most [`KILLS_PER_FUNCTION`] times.
/// Answers how many of each.
pub fn kill_functions(port: u16, over: &AtomicBool) -> BTreeMap<String, usize> {
    let mut killed: BTreeMap<String, usize> = BTreeMap::new();
    while !over.load(Ordering::Relaxed) {
        if let Some(function) = kill_one(port, &killed) {
            *killed.entry(function).or_default() += 1;
            thread::sleep(BETWEEN_KILLS);
        } else {
            thread::sleep(LOOK_AGAIN);
        }
    }
    killed
}

fn kill_one(port: u16, killed: &BTreeMap<String, usize>) -> Option<String> {
    let answer = engine_http::get(port, "/_semel/workers").ok()?;
    let workers: Workers = serde_json::from_value(answer).ok()?;
    let count = |worker: &Worker| killed.get(&worker.function).copied().unwrap_or_default();
    let candidates =
        workers.workers.into_iter().filter(|worker| worker.busy && count(worker) < KILLS_PER_FUNCTION);
    let victim = candidates.min_by_key(count)?;
    // SIGKILL: nothing in the process gets a chance to tidy up.
    kill_process(Pid::from_raw(victim.pid)?, Signal::KILL).ok()?;
    Some(victim.function)
}
