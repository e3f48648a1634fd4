//! `semel bench`: what the platform costs and how fast it is on this machine. Prints figures and asserts none of them.
//!
//! Each part is measured by something of its own (two benchmarks of `tests/`, and the functions' binaries under the
//! runtime emulator); this file owns their order and the report. Times are of one run on a machine that may be busy:
//! they are for comparing with each other, not with other machines.

mod cold_start;
mod figures;
mod kafka;
mod machine;
mod report;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use clap::{Args, ValueEnum};
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::lock::Lock;
use crate::phase::Phase;
use crate::process;
use crate::project::Project;

pub use figures::Report;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Measure only these parts
    #[arg(value_name = "PART")]
    only: Vec<Part>,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Handler time without IO, next to a floor
    Handlers,
    /// DynamoDB requests, write units and item sizes of an order's life
    Requests,
    /// The Kafka hot path beside its floor and Powertools for Python; what a million events cost
    Kafka,
    /// Size and cold start of each function
    Functions,
}

/// Measures, prints, and writes.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let _lock = Lock::take(project, "bench")?;
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    let mut report = Report::of(machine::read());
    // The functions last: until their engine is up nothing of ours runs beside a measurement.
    if wanted(Part::Requests) {
        let title = "count requests and write units (cargo bench --bench requests)";
        // Counts are the same in every profile, and this one is compiled for the tests anyway.
        report.requests = Some(benchmark(project, "requests", "dev", title, &[])?);
    }
    if wanted(Part::Handlers) {
        let title = "time the handlers without IO (cargo bench --bench handlers)";
        report.handlers = Some(benchmark(project, "handlers", "bench", title, &[])?);
    }
    if wanted(Part::Kafka) {
        report.kafka = Some(kafka::measure(project)?);
    }
    if wanted(Part::Functions) {
        report.functions = Some(cold_start::measure(project)?);
    }
    println!("\n{}", report::text(&report));
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report);
        let text = text.map_err(|error| Error::Unexpected(error.to_string()))?;
        fs::write(path, text).map_err(Error::io("write", path))?;
    }
    Ok(())
}

/// Builds and runs one benchmark of `tests/` with these arguments more, and reads what it wrote.
fn benchmark<T: DeserializeOwned>(
    project: &Project,
    name: &str,
    profile: &str,
    title: &str,
    arguments: &[&OsStr],
) -> Result<T, Error> {
    Phase::run(title, |phase| {
        let path = project.state_folder("bench")?.join(format!("{name}.json"));
        let mut command = Command::new("cargo");
        command
            .current_dir(project.root())
            .args(["bench", "--package", "semel-tests", "--locked", "--profile", profile])
            .args(["--bench", name, "--", "--json"])
            .arg(&path)
            .args(arguments);
        process::run(&mut command, |line| phase.flicker(line))?;
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let read = serde_json::from_str(&text);
        read.map_err(|error| Error::Unexpected(format!("{}: {error}", path.display())))
    })
}
