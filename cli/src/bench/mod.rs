//! `semel bench`: what the platform costs and how fast it is on this machine. Prints figures and asserts none of them.
//!
//! Each part is measured by something of its own (the project's benchmarks, and the functions' binaries under the runtime
//! emulator); this file owns their order and the report. Times are of one run on a machine that may be busy:
//! they are for comparing with each other, not with other machines.

mod cold_start;
mod contracts;
mod figures;
mod kafka;
mod machine;
mod report;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::kafka::Artifacts;
use crate::lock::Lock;
use crate::phase::Phase;
use crate::platform::{self, Architecture};
use crate::process;
use crate::project::Project;

pub use figures::Report;

/// The package of the benchmarks that go through several crates.
const TESTS: &str = "semel-tests";

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Measure only these parts
    #[arg(value_name = "PART")]
    only: Vec<Part>,
    /// Write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Leave out what needs a Kafka broker: producing, and publish to committed effect. Needs no Java
    #[arg(long)]
    without_kafka: bool,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Handler time without IO, next to a floor
    Handlers,
    /// DynamoDB requests, write units and item sizes of an order's life
    Requests,
    /// The Kafka path: the hot path beside its floor and Powertools for Python, what a million events cost, the
    /// function's own binary, our publisher beside kafka-producer-perf-test, publish to committed effect
    Kafka,
    /// How fast events find their rules, the platform's own and up to 1,000 others
    Routes,
    /// Validating events by their JSON Schemas, next to decoding them
    Schemas,
    /// Size and cold start of each function
    Functions,
}

/// Measures, prints, and writes.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let _lock = Lock::take(project, "bench")?;
    let wanted = |part| options.only.is_empty() || options.only.contains(&part);
    // Before anything is measured: what is missing is to be said now.
    let needs_broker = !options.without_kafka && (wanted(Part::Kafka) || wanted(Part::Functions));
    let artifacts = needs_broker.then(|| Artifacts::prepare(project)).transpose()?;
    let mut report = Report::of(machine::read());
    // The functions last: until their engine is up nothing of ours runs beside a measurement.
    if wanted(Part::Requests) {
        let title = "count requests and write units (cargo bench --bench requests)";
        // Counts are the same in every profile, and this one is compiled for the tests anyway.
        let source = Source { package: TESTS, name: "requests", build: Build::Dev };
        report.requests = Some(benchmark(project, source, title, &[])?);
    }
    if wanted(Part::Handlers) {
        let title = "time the handlers without IO (cargo bench --bench handlers)";
        let build = Build::Release(platform::architecture()?);
        let source = Source { package: TESTS, name: "handlers", build };
        report.handlers = Some(benchmark(project, source, title, &[])?);
    }
    if wanted(Part::Kafka) {
        report.kafka = Some(kafka::measure(project, artifacts.as_ref())?);
    }
    if wanted(Part::Routes) {
        report.routes = Some(contracts::measure_routes(project)?);
    }
    if wanted(Part::Schemas) {
        report.schemas = Some(contracts::measure_schemas(project)?);
    }
    if wanted(Part::Functions) {
        report.functions = Some(cold_start::measure(project, artifacts.is_some())?);
    }
    println!("\n{}", report::text(&report));
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report);
        let text = text.map_err(|error| Error::Unexpected(error.to_string()))?;
        fs::write(path, text).map_err(Error::io("write", path))?;
    }
    Ok(())
}

/// A benchmark, and what it is compiled with.
#[derive(Debug, Clone, Copy)]
struct Source {
    /// The package, whose dependencies and features it gets.
    package: &'static str,
    name: &'static str,
    build: Build,
}

/// How a benchmark is compiled.
#[derive(Debug, Clone, Copy)]
enum Build {
    /// As tests are, for counting.
    Dev,
    /// As the functions are, for timing: the same options for the same processor.
    Release(Architecture),
}

impl Source {
    fn cargo(self, project: &Project) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(project.root()).args(["bench", "--locked", "--package", self.package]);
        match self.build {
            Build::Dev => command.args(["--profile", "dev"]),
            Build::Release(Architecture { target, processor, .. }) => {
                // As cargo-lambda says it.
                let flags = format!(r#"build.rustflags=["-C", "target-cpu={processor}"]"#);
                // In a folder of its own: in the functions' own, the next `sam build` compiled everything again.
                command.args(["--target", target, "--config", &flags, "--target-dir", "target/bench"])
            }
        };
        command.args(["--bench", self.name]);
        command
    }
}

/// Builds one benchmark, to be run more than once, and answers its file.
fn built(project: &Project, source: Source) -> Result<PathBuf, Error> {
    let name = source.name;
    Phase::run(format!("build the benchmark {name} (cargo bench --no-run)"), |phase| {
        let mut command = source.cargo(project);
        command.args(["--no-run", "--message-format=json-render-diagnostics"]);
        let mut file = None;
        process::run(&mut command, |line| match executable(line, name) {
            None if line.starts_with('{') => {}
            None => phase.flicker(line),
            found => file = found,
        })?;
        file.ok_or_else(|| Error::Unexpected(format!("cargo did not say where the benchmark {name} is")))
    })
}

/// The file that a line of cargo's says a benchmark was built into.
fn executable(line: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let is_it = message["target"]["name"] == name && message["target"]["kind"][0] == "bench";
    message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
}

/// Runs a benchmark that was built and reads what it wrote.
fn measured<T: DeserializeOwned>(
    project: &Project,
    phase: &Phase,
    name: &str,
    command: &mut Command,
) -> Result<T, Error> {
    let path = project.state_folder("bench")?.join(format!("{name}.json"));
    process::run(command.arg("--json").arg(&path), |line| phase.flicker(line))?;
    read(&path)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|error| Error::Unexpected(format!("{}: {error}", path.display())))
}

/// Builds and runs one benchmark with these arguments more, and reads what it wrote.
fn benchmark<T: DeserializeOwned>(
    project: &Project,
    source: Source,
    title: &str,
    arguments: &[&OsStr],
) -> Result<T, Error> {
    Phase::run(title, |phase| {
        let path = project.state_folder("bench")?.join(format!("{}.json", source.name));
        let mut command = source.cargo(project);
        command.args(["--", "--json"]).arg(&path).args(arguments);
        process::run(&mut command, |line| phase.flicker(line))?;
        read(&path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_cargo_built() {
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["bench"],"name":"some"},"executable":"/x/some-1"}"#;
        assert_eq!(executable(line, "some"), Some(PathBuf::from("/x/some-1")));
        assert_eq!(executable(line, "other"), None);
        assert_eq!(executable(&line.replace("bench", "bin"), "some"), None);
        assert_eq!(executable("   Compiling some v1.0.0", "some"), None);
    }
}
