//! `semel schemas release`: a working schema becomes a released version.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use semel_registry::compatibility::{Mode, Policy};
use semel_registry::{Day, NewRelease, Promise, Version};

use super::{template, working};
use crate::error::Error;
use crate::project::Project;

/// What to release.
#[derive(Args)]
pub struct Options {
    /// The event type, such as `OrderCreated`
    event_type: String,
    /// The version, such as 1.1: a new minor one unless it breaks what was promised
    // By a name of its own: every command has a --version.
    #[arg(id = "release", value_name = "VERSION")]
    version: Version,
    /// An event that the schema describes; every later version must be able to read it
    #[arg(long, value_name = "FILE")]
    sample: PathBuf,
    /// What is new in it
    #[arg(long)]
    description: String,
    /// The day of the release, such as 2026-11-23
    #[arg(long, value_parser = day)]
    created: Day,
    /// Who answers for the event type; with its first release only
    #[arg(long)]
    owner: Option<String>,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "a day is written as 2026-11-23".to_owned())
}

/// Releases, and says what was written.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let mut registry = super::open(project)?;
    let working = working::read(project)?;
    let is_meant = |schema: &&working::WorkingSchema| {
        schema.event_type == options.event_type && schema.major == options.version.major
    };
    let Some(schema) = working.iter().find(is_meant) else {
        let what =
            format!("schemas/ has no {} of major version {}", options.event_type, options.version.major);
        return Err(Error::Failed(what));
    };
    // What the platform's event types promise: readers ignore fields that they do not know.
    let promise = options.owner.clone().map(|owner| Promise {
        description: schema.schema.value()["description"].as_str().unwrap_or_default().to_owned(),
        owner,
        compatibility: Mode::FullTransitive,
        policy: Policy::Lenient,
    });
    let sample = fs::read_to_string(&options.sample).map_err(Error::io("read", &options.sample))?;
    let release = NewRelease {
        source: schema.source.clone(),
        event_type: schema.event_type.clone(),
        version: options.version,
        created: options.created.clone(),
        description: options.description.clone(),
        schema: schema.text.clone(),
        sample,
        promise,
    };
    let released = registry.register(&release).map_err(|error| Error::Failed(error.to_string()))?;
    let id = released.record.id.as_str();
    println!("released {}/{} {} as {id}", release.source, release.event_type, release.version);
    template::run(project)
}
