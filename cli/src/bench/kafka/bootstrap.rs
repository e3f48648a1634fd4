//! Events a second through the analytics function's own binary, fed by a stand-in of Lambda's runtime API.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use semel_bench::Spread;
use serde::{Deserialize, Serialize};

use super::super::measured;
use crate::build;
use crate::error::Error;
use crate::phase::Phase;
use crate::project::Project;

const FUNCTION: &str = "AnalyticsFunction";

/// A process for each core, all at the same time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Processes, which is cores.
    pub processes: usize,
    /// What they share with what feeds them.
    pub cores: usize,
    /// Rounds, of which medians are taken.
    pub rounds: usize,
    /// How long each was.
    pub seconds_per_round: f64,
    /// Events of an invocation.
    pub events_per_batch: usize,
    /// Its bytes.
    pub payload_bytes: usize,
    /// Bytes of an event's JSON.
    pub bytes_per_event: usize,
    /// Ids that each process holds while it is measured.
    pub ledger_ids: u64,
    /// Invocations that were counted.
    pub batches: u64,
    /// On all cores together.
    pub events_per_second: Spread,
    /// For each second that the processes were on a core.
    pub events_per_core_second: Spread,
    /// Who had the cores.
    pub shares: Shares,
    /// What answered in place of DynamoDB and S3.
    pub stand_in: String,
}

/// Parts of the time of all cores.
#[derive(Debug, Serialize, Deserialize)]
pub struct Shares {
    /// The function's processes.
    pub functions: f64,
    /// The stand-in of the runtime API.
    pub feeder: f64,
    /// The stand-ins of DynamoDB and S3.
    pub stores: f64,
    /// Everybody else on the machine, if the system says.
    pub others: Option<f64>,
}

/// Measures with what `sam build` left.
pub fn measure(project: &Project, benchmark: &Path) -> Result<Bootstrap, Error> {
    let bootstrap = build::output_folder(project).join(FUNCTION).join("bootstrap");
    Phase::run("feed the analytics function's binary", |phase| {
        let log = project.state_folder("run")?.join("bench-analytics.log");
        let mut command = Command::new(benchmark);
        command.arg("bootstrap").arg("--bootstrap").arg(&bootstrap).arg("--log").arg(&log);
        measured(project, phase, "bootstrap", &mut command)
    })
}

/// The figures for people.
pub fn text(measured: &Bootstrap) -> String {
    let rate = |spread: Spread| format!("{:>10.0} ({:.0} to {:.0})", spread.median, spread.min, spread.max);
    let Shares { functions, feeder, stores, others } = measured.shares;
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    let mut out = format!(
        "\nKafka through the analytics function's bootstrap, {} processes on {} cores, median of {} rounds of {:.0} s (min \
         to max): batches of {} events of {} bytes\n",
        measured.processes,
        measured.cores,
        measured.rounds,
        measured.seconds_per_round,
        measured.events_per_batch,
        measured.bytes_per_event
    );
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  events/s, all cores      {}", rate(measured.events_per_second));
    let _ = writeln!(out, "  events per core second   {}", rate(measured.events_per_core_second));
    let _ = writeln!(
        out,
        "  of all cores' time: function {}, feeder {}, DynamoDB and S3 stand-ins {}, others on the machine {}",
        percent(functions),
        percent(feeder),
        percent(stores),
        others.map_or("unknown".to_owned(), percent)
    );
    let _ = writeln!(out, "  DynamoDB and S3: {}", measured.stand_in);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_who_had_the_cores_and_what_stood_in() {
        let rate = |median| Spread { median, min: median, max: median };
        let shares = Shares { functions: 0.804, feeder: 0.1, stores: 0.05, others: None };
        let text = text(&Bootstrap {
            processes: 3,
            cores: 2,
            rounds: 9,
            seconds_per_round: 2.0,
            events_per_batch: 3_374,
            payload_bytes: 5_000_000,
            bytes_per_event: 964,
            ledger_ids: 1_500_000,
            batches: 900,
            events_per_second: rate(600_000.0),
            events_per_core_second: rate(373_000.0),
            shares,
            stand_in: "in memory".to_owned(),
        });
        for part in [
            "3 processes on 2 cores",
            "600000",
            "373000",
            "function 80%, feeder 10%",
            "others on the machine unknown",
            "in memory",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
