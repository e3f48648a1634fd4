//! Events out of the bus's archive.

use std::ops::ControlFlow;
use std::time::SystemTime;

use semel_aws::operator::{Operator, Pace, Replay, Step};
use semel_registry::discovery::Discovery;

use super::super::remote;
use super::Options;
use crate::error::Error;
use crate::interrupt;
use crate::phase::Phase;
use crate::project::Project;
use crate::running;
use crate::runtime;

/// Where the archive is.
struct Source {
    archive: String,
    region: String,
    endpoint: Option<String>,
}

impl Source {
    fn of(project: &Project, options: &Options) -> Result<Self, Error> {
        if let Some(archive) = &options.archive {
            let region = remote::region(options.region.as_deref())?;
            return Ok(Self { archive: archive.clone(), region, endpoint: options.endpoint.clone() });
        }
        let stack = running::stack(project, "--archive names one on AWS, and --events reads a file")?;
        let archive = stack.output("ArchiveName")?.to_owned();
        Ok(Self { archive, region: stack.region, endpoint: Some(stack.endpoint) })
    }
}

/// Takes in the archive's events; answers where they come from, and whether these are all.
pub fn read(
    project: &Project,
    options: &Options,
    discovery: &mut Discovery<'_>,
) -> Result<(String, bool), Error> {
    let source = Source::of(project, options)?;
    let title = format!("replay archive {} into a queue of its own", source.archive);
    let complete = Phase::run(title, |phase| {
        let mut reading = Reading { discovery, limit: options.limit, failed: None, phase };
        let outcome = runtime::new()?.block_on(async {
            let operator = Operator::connect(&source.region, source.endpoint.as_deref()).await;
            let pace = if source.endpoint.is_some() { Pace::LOCAL } else { Pace::AWS };
            let until = SystemTime::now();
            let from = until.checked_sub(options.since).unwrap_or(SystemTime::UNIX_EPOCH);
            let replay = Replay { archive: &source.archive, from, until, pace };
            operator.replay(&replay, &mut |step| reading.step(step)).await
        });
        // What was made has been removed by now, whatever the outcome.
        let complete = outcome.map_err(|error| Error::chain("the archive", &error))?;
        interrupt::check()?;
        reading.failed.map_or(Ok(complete), Err)
    })?;
    Ok((format!("events of archive {}", source.archive), complete))
}

/// Takes in one event after the other.
struct Reading<'a, 'b> {
    discovery: &'a mut Discovery<'b>,
    limit: u64,
    failed: Option<Error>,
    phase: &'a Phase,
}

impl Reading<'_, '_> {
    fn step(&mut self, step: Step<'_>) -> ControlFlow<()> {
        if interrupt::is_requested() {
            return ControlFlow::Break(());
        }
        let examined = self.discovery.examined();
        if let Step::Event(event) = step {
            if examined >= self.limit {
                return ControlFlow::Break(());
            }
            if let Err(why) = super::file::take(event, self.discovery) {
                self.failed = Some(Error::Unexpected(format!("an event of the archive {why}")));
                return ControlFlow::Break(());
            }
        }
        self.phase.flicker(&format!("{} events", self.discovery.examined()));
        ControlFlow::Continue(())
    }
}
