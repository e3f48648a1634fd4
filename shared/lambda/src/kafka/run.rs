//! Starts a Kafka consumer: [`serve`] around [`process`].

use std::future::Future;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use semel_aws::SystemClock;
use serde::de::IgnoredAny;

use super::body::BodyLayer;
use super::{Answer, Consumer, MskEvent, process};
use crate::run::{InitError, Start, Trigger, serve};
use crate::telemetry::Invocation;
use crate::{Deadline, Failure};

/// Runs a Kafka consumer: an event source mapping of Amazon MSK or of self-managed Kafka, with
/// `ReportBatchItemFailures`. Without it Lambda takes every answer for success and goes on.
pub fn run_kafka<C, W, F>(wire: W) -> ExitCode
where
    C: Consumer,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<C, InitError>>,
{
    serve(async |start| {
        let clock = start.clock;
        let consumer = wire(start).await?;
        Ok(Records { consumer, clock, bodies: BodyLayer::default(), spare: Mutex::default() })
    })
}

struct Records<C> {
    consumer: C,
    clock: SystemClock,
    bodies: BodyLayer,
    /// The event of the invocation before, for its memory.
    spare: Mutex<MskEvent>,
}

impl<C: Consumer> Trigger for Records<C> {
    /// The payload itself is in `bodies`.
    type Event = IgnoredAny;
    type Answer = Answer;

    fn name(&self) -> &'static str {
        self.consumer.name()
    }

    fn bodies(&self) -> Option<&BodyLayer> {
        Some(&self.bodies)
    }

    async fn invoke(
        &self,
        _event: IgnoredAny,
        deadline: Deadline,
        line: &mut Invocation,
    ) -> Result<Answer, Failure> {
        let payload = self.bodies.take();
        let spare = std::mem::take(&mut *self.spare.lock().unwrap_or_else(PoisonError::into_inner));
        let event =
            MskEvent::decode(&payload, spare).map_err(|error| Failure::of("Kafka.BrokenEvent", &error))?;
        let (answer, tally) = process(&self.consumer, &self.clock, deadline, &event).await;
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = event;
        line.field("records", tally.records)
            .field("partitions", tally.partitions)
            .field("failed_partitions", tally.failed_partitions)
            .counts(tally.counts);
        Ok(answer)
    }
}
