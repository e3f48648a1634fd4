//! Events of an archive, read without anybody else seeing them again.
//!
//! An archive cannot be read; it can be replayed to its bus. So a queue of its own, with a rule of its own that takes
//! nothing but this replay, is made; the replay names that rule as its only destination; the queue is drained; and all
//! of it is taken away again, also after a failure. What a killed process leaves behind is named [`PREFIX`] and more,
//! and its queue keeps events for an hour.
//!
//! `EventBridge` replays minute by minute, in no order inside a minute, and at least once.

mod temporary;

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use semel_exactly_once::Class;
use uuid::Uuid;

use super::{Operator, Result};
use crate::AwsError;

use temporary::Made;

/// How the names of the temporary queue, rule and replay begin.
pub const PREFIX: &str = "semel-discover-";

/// What to replay.
#[derive(Debug, Clone, Copy)]
pub struct Replay<'a> {
    /// The archive's name.
    pub archive: &'a str,
    /// The time of the oldest event.
    pub from: SystemTime,
    /// The time of the newest event, not in the future.
    pub until: SystemTime,
    /// How long to wait for what.
    pub pace: Pace,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From making a rule until events find it.
    settle: Duration,
    /// Seconds that one look into the queue waits for an event, 1 to 20.
    poll_s: i32,
    /// Looks in vain after which a replay that has ended has brought everything.
    quiet_polls: u32,
    /// Looks in vain after which a replay that has not ended is given up.
    patience_polls: u32,
}

impl Pace {
    /// For AWS, which takes moments to put a rule to work and minutes to start a replay.
    pub const AWS: Self =
        Self { settle: Duration::from_secs(30), poll_s: 10, quiet_polls: 3, patience_polls: 180 };
    /// For the local engine, which does everything at once.
    pub const LOCAL: Self = Self { settle: Duration::ZERO, poll_s: 1, quiet_polls: 1, patience_polls: 60 };
}

/// What happens during a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Nothing has come for a while.
    Waiting,
    /// An event came: as it was on the bus, as JSON text, with the replay's name in it.
    Event(&'a str),
}

impl Operator {
    /// Replays an archive, and hands every event to `watch` until all have come or `watch` breaks off. Answers whether
    /// all have come. Whatever happens, what was made for it is removed; if that fails, the error names it.
    pub async fn replay(
        &self,
        replay: &Replay<'_>,
        watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<bool> {
        let bus = self.archived_bus(replay.archive).await?;
        let name = format!("{PREFIX}{}", Uuid::new_v4().simple());
        let mut made = Made::new(self, name, bus);
        let outcome = made.run(replay, watch).await;
        match (outcome, made.remove().await) {
            (outcome, Ok(())) => outcome,
            (Ok(_), Err(error)) => Err(made.left_behind(error, None)),
            (Err(first), Err(error)) => Err(made.left_behind(error, Some(&first))),
        }
    }

    /// The bus whose events an archive keeps.
    async fn archived_bus(&self, archive: &str) -> Result<Bus> {
        const OPERATION: &str = "EventBridge ListArchives";
        let mut token = None;
        loop {
            // DescribeArchive would do; the local engine answers it with every event that there is.
            let request = self.events.list_archives().name_prefix(archive).set_next_token(token);
            let page = request.send().await.map_err(|error| AwsError::of(OPERATION, &error))?;
            let mut archives = page.archives.unwrap_or_default().into_iter();
            let found = archives.find(|found| found.archive_name.as_deref() == Some(archive));
            if let Some(bus) = found.and_then(|found| found.event_source_arn).as_deref().and_then(Bus::of_arn)
            {
                return Ok(bus);
            }
            token = page.next_token;
            if token.is_none() {
                let message = format!("there is no archive {archive} in this region");
                return Err(AwsError::new(Class::Fatal, OPERATION, "NoArchive", &message));
            }
        }
    }
}

/// An event bus.
#[derive(Debug)]
struct Bus {
    /// Its ARN without its name, up to and with the account.
    scope: String,
    name: String,
}

impl Bus {
    fn of_arn(arn: &str) -> Option<Self> {
        let (scope, name) = arn.split_once(":event-bus/")?;
        Some(Self { scope: scope.to_owned(), name: name.to_owned() })
    }

    fn arn(&self) -> String {
        format!("{}:event-bus/{}", self.scope, self.name)
    }

    fn archive_arn(&self, archive: &str) -> String {
        format!("{}:archive/{archive}", self.scope)
    }
}

#[cfg(test)]
#[path = "replays_tests.rs"]
mod tests;
