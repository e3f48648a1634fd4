//! The analytics hot path beside its floor, and the same work by Powertools for Python: both read the same payloads, in
//! turns on one core.

use std::fmt::Write as _;
use std::fs;

use semel_bench::Spread;
use serde::{Deserialize, Serialize};

use super::super::{Build, Source, benchmark};
use crate::error::Error;
use crate::platform::Architecture;
use crate::project::Project;
use crate::{prerequisites, toolbox};

/// The analytics hot path without IO, on one core.
#[derive(Debug, Serialize, Deserialize)]
pub struct HotPath {
    /// Rounds, of which medians are taken.
    pub rounds: usize,
    /// Events of an invocation.
    pub events_per_batch: usize,
    /// Its bytes.
    pub payload_bytes: usize,
    /// Bytes of an event's JSON.
    pub bytes_per_event: usize,
    /// Ids that the ledger holds while it is measured.
    pub ledger_ids: usize,
    /// Transactions of an invocation.
    pub chunks_per_batch: f64,
    /// Everything.
    pub events_per_second: Spread,
    /// Of it, the payload's JSON and base64.
    pub decode_ns_per_event: Spread,
    /// Of it, the events' JSON, contract, deduplication, reduction, and the writes.
    pub judge_ns_per_event: Spread,
    /// The floor: base64 and one pass over the bytes.
    pub floor_events_per_second: Spread,
    /// The median of each round's ratio of the two.
    pub times_floor: f64,
    /// The same by Powertools, in turns with it.
    #[serde(rename(deserialize = "peer"))]
    pub powertools: Powertools,
    /// A whole window in memory.
    pub ledger: Ledger,
    /// What a million events cost.
    pub units: Vec<Units>,
}

/// The ids of a window in memory.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ledger {
    /// How many.
    pub ids: usize,
    /// What they take.
    pub bytes: usize,
    /// Each.
    pub bytes_per_id: f64,
}

/// A million events in batches of so many aggregates.
#[derive(Debug, Serialize, Deserialize)]
pub struct Units {
    /// Different aggregates that a batch changes.
    pub aggregates_per_batch: f64,
    /// Its transactions.
    pub chunks_per_batch: f64,
    /// Write units; transactions pay double.
    pub write_units_per_million: f64,
    /// Objects written.
    pub objects_per_million: f64,
}

/// The same by Powertools for AWS Lambda (Python).
#[derive(Debug, Serialize, Deserialize)]
pub struct Powertools {
    /// Its version.
    pub version: String,
    /// Python's version.
    pub python: String,
    /// Events of a round.
    pub events: usize,
    /// Of one core.
    pub events_per_second: Spread,
    /// How many times as fast ours is, round by round.
    pub times: Spread,
}

/// Measures both.
pub fn measure(project: &Project, architecture: Architecture) -> Result<HotPath, Error> {
    let requirements = project.engine_sources().join("requirements-bench.txt");
    let environment =
        toolbox::prepare_environment(project, &prerequisites::find()?.python, "bench", &requirements)?;
    let payloads = project.state_folder("bench/payloads")?;
    let (python, script) =
        (environment.join("bin/python"), project.path("tests/benches/kafka_powertools/consume.py"));
    let arguments = [
        "--payloads".as_ref(),
        payloads.as_os_str(),
        "--peer".as_ref(),
        python.as_os_str(),
        script.as_os_str(),
    ];
    let source = Source { package: "analytics", name: "kafka_hot_path", build: Build::Release(architecture) };
    let title = "time the Kafka hot path and the same with Powertools for Python, in turns";
    let measured = benchmark(project, source, title, &arguments)?;
    fs::remove_dir_all(&payloads).map_err(Error::io("remove", &payloads))?;
    Ok(measured)
}

/// The figures for people.
pub fn text(hot_path: &HotPath) -> String {
    let rate = |spread: Spread| format!("{:>10.0} ({:.0} to {:.0})", spread.median, spread.min, spread.max);
    let mut out = format!(
        "\nKafka hot path without IO, one core, median of {} rounds (min to max): batches of {} events of {} bytes\n",
        hot_path.rounds, hot_path.events_per_batch, hot_path.bytes_per_event
    );
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  events/s                 {}", rate(hot_path.events_per_second));
    let _ = writeln!(
        out,
        "  of it, ns an event       {:>10.0} payload, {:.0} events",
        hot_path.decode_ns_per_event.median, hot_path.judge_ns_per_event.median
    );
    let _ = writeln!(
        out,
        "  floor (base64, one pass) {}, ratio {:.1}",
        rate(hot_path.floor_events_per_second),
        hot_path.times_floor
    );
    let Powertools { version, python, events_per_second, times, .. } = &hot_path.powertools;
    let _ = writeln!(
        out,
        "  Powertools {version} for Python {python}: {}; ours is {:.1} ({:.1} to {:.1}) times as fast",
        rate(*events_per_second),
        times.median,
        times.min,
        times.max
    );
    let Ledger { ids, bytes_per_id, .. } = hot_path.ledger;
    let _ = writeln!(out, "  ledger of {ids} ids: {bytes_per_id:.1} bytes an id");
    let _ = writeln!(out, "  aggregates a batch   transactions   write units/million   objects/million");
    for units in &hot_path.units {
        let _ = writeln!(
            out,
            "  {:>18.0}{:>15.1}{:>22.0}{:>18.0}",
            units.aggregates_per_batch,
            units.chunks_per_batch,
            units.write_units_per_million,
            units.objects_per_million
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_benchmark_writes_is_read_and_told() {
        let spread = |median: f64| serde_json::json!({ "median": median, "min": 1.0, "max": 2.0 });
        let written = serde_json::json!({
            "rounds": 21, "events_per_batch": 3_375, "payload_bytes": 5_000_445, "bytes_per_event": 964,
            "ledger_ids": 1_500_000, "chunks_per_batch": 1.0, "events_per_second": spread(741_000.0),
            "decode_ns_per_event": spread(423.0), "judge_ns_per_event": spread(894.0),
            "floor_events_per_second": spread(4e6), "times_floor": 5.2,
            "peer": {
                "version": "3.37.0", "python": "3.11.7", "events": 50_596,
                "events_per_second": spread(37_500.0), "times": spread(19.4),
            },
            "ledger": { "ids": 3_000_000, "bytes": 93_360_832, "bytes_per_id": 31.1 },
            "units": [],
        });
        let read: HotPath = serde_json::from_value(written).expect("the benchmark's report");
        let told = text(&read);
        assert!(
            told.contains(
                "Powertools 3.37.0 for Python 3.11.7:      37500 (1 to 2); ours is 19.4 (1.0 to 2.0) times"
            ),
            "{told}"
        );
    }
}
