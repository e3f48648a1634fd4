//! Work that runs by the clock rather than by an event.

use std::future::Future;
use std::process::ExitCode;

use serde::de::IgnoredAny;

use crate::run::{InitError, Start, Trigger, serve};
use crate::telemetry::Invocation;
use crate::{Deadline, Failure};

/// A scheduled job. What the schedule sends with it is not looked at.
pub trait Job: Send + Sync {
    /// Its name in log lines.
    const NAME: &'static str;

    /// Runs once; answers counters for the invocation's line. Must leave work that does not fit into the time to the
    /// next run.
    fn run(
        &self,
        deadline: Deadline,
    ) -> impl Future<Output = Result<Vec<(&'static str, u64)>, Failure>> + Send;
}

/// Runs a scheduled job.
pub fn run_schedule<J, W, F>(wire: W) -> ExitCode
where
    J: Job,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<J, InitError>>,
{
    serve(async |start| Ok(Ticks(wire(start).await?)))
}

struct Ticks<J>(J);

impl<J: Job> Trigger for Ticks<J> {
    type Event = IgnoredAny;
    type Answer = ();

    fn name(&self) -> &'static str {
        J::NAME
    }

    async fn invoke(
        &self,
        _event: IgnoredAny,
        deadline: Deadline,
        line: &mut Invocation,
    ) -> Result<(), Failure> {
        line.counts(self.0.run(deadline).await?);
        Ok(())
    }
}
