//! Work that runs by the clock rather than by an event.

use std::future::Future;

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
