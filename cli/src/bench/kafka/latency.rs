//! From publishing to the committed effect, at a steady rate, through everything that a deployed platform has.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::super::measured;
use crate::error::Error;
use crate::phase::Phase;
use crate::project::Project;
use crate::up::Platform;

/// What shall not be exceeded.
const BUDGET_MS: u32 = 100;
/// How an effect's moment is known.
const SEEN_BY: &str = "when DynamoDB's answer to the event's transaction passed a proxy between the function and the \
                       engine: no polling, resolution below a millisecond";

/// A steady rate for some time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Latency {
    /// The rate.
    pub events_per_second: u32,
    /// For how long.
    pub seconds: u32,
    /// After how long.
    pub warm_up_seconds: u32,
    /// Events that count.
    pub events: usize,
    /// Of a publisher's transaction.
    pub events_per_call: u32,
    /// How many publish.
    pub publishers: u32,
    /// From the moment at which a batch was due until the broker had committed it.
    pub published_ms: Percentiles,
    /// From the same moment to the committed effect.
    pub committed_ms: Percentiles,
    /// How the effect's moment is known.
    #[serde(default = "seen_by")]
    pub seen_by: String,
}

/// Of all events.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of them.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// All of them.
    pub max: f64,
}

fn seen_by() -> String {
    SEEN_BY.to_owned()
}

/// Measures on a platform that does nothing else.
pub fn measure(project: &Project, benchmark: &Path, platform: &Platform) -> Result<Latency, Error> {
    Phase::run("publish to committed effect at a steady rate", |phase| {
        let mut command = Command::new(benchmark);
        command.arg("latency");
        platform.describe_to(project, &mut command)?;
        measured(project, phase, "latency", &mut command)
    })
}

/// The figures for people.
pub fn text(measured: &Latency) -> String {
    let Latency { events_per_second, seconds, warm_up_seconds, events, events_per_call, publishers, .. } =
        measured;
    let mut out = format!(
        "\nPublish to committed effect through broker, bridge, function and local engine, milliseconds: {events_per_second} \
         events/s for {seconds} s after {warm_up_seconds} s ({events} events, {events_per_call} in a transaction, \
         {publishers} publishers)\n"
    );
    for (what, times) in [
        ("due to published".to_owned(), measured.published_ms),
        (format!("due to committed (budget {BUDGET_MS})"), measured.committed_ms),
    ] {
        let Percentiles { p50, p99, max } = times;
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {what:<32} p50 {p50:>7.1}   p99 {p99:>7.1}   max {max:>7.1}");
    }
    let _ = writeln!(out, "  committed: {}", measured.seen_by);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_benchmark_wrote_and_says_how_it_knows() {
        let written = r#"{"events_per_second": 2000, "seconds": 30, "warm_up_seconds": 10, "events": 60000,
            "events_per_call": 20, "publishers": 8, "published_ms": {"p50": 4.0, "p99": 9.0, "max": 20.0},
            "committed_ms": {"p50": 41.5, "p99": 88.0, "max": 130.0}}"#;
        let text = text(&serde_json::from_str(written).expect("the benchmark's figures"));
        for part in ["2000 events/s for 30 s", "p50    41.5   p99    88.0", "budget 100", "no polling"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
