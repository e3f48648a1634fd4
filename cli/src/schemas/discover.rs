//! `semel schemas discover`: what is on the bus next to what was released.
//!
//! Knows where events come from; what is compared is the registry's. Prints no value of any event.

mod archive;
mod file;
#[cfg(test)]
mod tests;
mod text;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use semel_aws::operator::Operator;
use semel_registry::discovery::{Discovery, Report};
use serde::Serialize;
use serde_json::Value;

use super::remote;
use crate::error::Error;
use crate::project::Project;
use crate::runtime;

/// What to look at, and what to print.
#[derive(Args)]
pub struct Options {
    /// Where to look: at events that the bus's archive recorded, or at what AWS's schema discovery found
    #[arg(long, value_enum, default_value_t = Origin::Archive, conflicts_with = "events")]
    from: Origin,
    /// Look at recorded events instead: a file with one event a line, as on the bus or the bare envelope; - reads
    /// standard input
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// How far back to look into the archive: 90s, 15m, 1h, 2d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    since: Duration,
    /// Stop after so many events of the archive
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    limit: u64,
    /// An archive on AWS [default: that of the running local stack]
    #[arg(long, value_name = "NAME")]
    archive: Option<String>,
    /// The registry that AWS's schema discovery writes
    #[arg(long, value_name = "NAME", default_value = "discovered-schemas")]
    registry: String,
    /// The region on AWS
    #[arg(long, env = "AWS_REGION", hide_env_values = true)]
    region: Option<String>,
    /// A stand-in for AWS at this address, which takes any credentials
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Print JSON: an object with from, complete, examined, ignored, beyond, seen, findings, unseen
    #[arg(long)]
    json: bool,
}

/// Where what is compared comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Origin {
    /// Events that the bus's archive recorded
    Archive,
    /// The schemas that AWS's schema discovery wrote
    Registry,
}

/// The report with where it comes from.
#[derive(Debug, Serialize)]
struct Answer {
    /// Where what was compared comes from, in words.
    from: String,
    /// Whether all of it was looked at: not, if the limit came first.
    complete: bool,
    #[serde(flatten)]
    report: Report,
}

/// Compares, prints, and fails if there is a finding.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let registry = super::open(project)?;
    let mut discovery = Discovery::new(&registry);
    let (from, complete) = match (&options.events, options.from) {
        (Some(path), _) => (file::read(path, &mut discovery)?, true),
        (None, Origin::Archive) => archive::read(project, options, &mut discovery)?,
        (None, Origin::Registry) => (discovered(options, &mut discovery)?, true),
    };
    let answer = Answer { from, complete, report: discovery.report() };
    if options.json {
        super::print_json(&answer)?;
    } else {
        print!("{}", text::of(&answer));
    }
    match answer.report.findings.len() {
        0 => Ok(()),
        1 => Err(Error::Failed("in one thing the bus is not as the contracts say".to_owned())),
        many => Err(Error::Failed(format!("in {many} things the bus is not as the contracts say"))),
    }
}

/// Takes in everything that AWS's schema discovery wrote.
fn discovered(options: &Options, discovery: &mut Discovery<'_>) -> Result<String, Error> {
    let name = &options.registry;
    let schemas = runtime::new()?.block_on(async {
        let operator =
            Operator::connect(&remote::region(options.region.as_deref())?, options.endpoint.as_deref()).await;
        let failed = |error| Error::chain("EventBridge's schema registry", &error);
        if operator.schema_registry(name).await.map_err(failed)?.is_none() {
            return Err(Error::Failed(format!(
                "there is no registry {name}: schema discovery makes it when it is switched on for a bus"
            )));
        }
        operator.registered_schemas(name).await.map_err(failed)
    })?;
    for schema in schemas {
        let wrong = |why: String| Error::Unexpected(format!("schema {} in {name} {why}", schema.name));
        let document: Value =
            serde_json::from_str(&schema.content).map_err(|error| wrong(format!("is not JSON: {error}")))?;
        discovery.document(&document).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(format!("schemas in registry {name}"))
}

/// The longest time that is looked back: an archive may keep events for ten years.
const SINCE_MAX: Duration = Duration::from_hours(24 * 3653);

fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || "a time is a whole number above 0 with s, m, h or d, such as 15m, of ten years at most".to_owned();
    let unit = match text.as_bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        Some(_) | None => return Err(wrong()),
    };
    let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let time = count.checked_mul(unit).map(Duration::from_secs);
    time.filter(|time| !time.is_zero() && *time <= SINCE_MAX).ok_or_else(wrong)
}
