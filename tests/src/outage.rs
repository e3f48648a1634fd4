//! Taking the broker away for a while.

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::stack::variable;

/// A broker that does not answer until this is dropped. The system still accepts connections for it and takes what fits
/// their buffers: the broker reads that when it is back, whether or not the sender still waits. Its log stays.
#[derive(Debug)]
pub struct Outage {
    pid: Pid,
}

/// The process that a note names.
#[derive(Deserialize)]
struct Note {
    pid: i32,
}

impl Outage {
    /// Stops the broker whose note is at `SEMEL_BROKER_NOTE`.
    pub fn begin() -> Self {
        let path = variable("SEMEL_BROKER_NOTE");
        let note = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let note: Note = serde_json::from_str(&note).unwrap_or_else(|error| panic!("{path}: {error}"));
        let pid = Pid::from_raw(note.pid).expect("the broker's process");
        kill_process(pid, Signal::STOP).expect("it is stopped");
        Self { pid }
    }

    /// Lets the broker go on.
    pub fn end(self) {
        drop(self);
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        // Also when a test fails: the next one needs the broker. One that is gone is missed soon enough.
        let _ = kill_process(self.pid, Signal::CONT);
    }
}
