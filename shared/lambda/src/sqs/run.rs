//! Starts a queue consumer: [`serve`] around [`process`].

use std::future::Future;
use std::process::ExitCode;

use aws_lambda_events::sqs::SqsEvent;
use semel_aws::{Queue, SystemClock};

use super::{Answer, Consumer, process};
use crate::run::{InitError, Start, Trigger, serve};
use crate::telemetry::Invocation;
use crate::{Deadline, Failure};

/// Runs a queue consumer. Reads `QUEUE_URL` and `DLQ_URL` besides what `wire` reads.
pub fn run_sqs<C, W, F>(wire: W) -> ExitCode
where
    C: Consumer,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<C, InitError>>,
{
    serve(async |start| {
        let example = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders";
        let queue = start.aws.queue(start.env.text("QUEUE_URL", example)?);
        let dead_letters = start.aws.queue(start.env.text("DLQ_URL", example)?);
        let clock = start.clock;
        Ok(Batches { queue, dead_letters, clock, consumer: wire(start).await? })
    })
}

struct Batches<C> {
    queue: Queue<SystemClock>,
    dead_letters: Queue<SystemClock>,
    clock: SystemClock,
    consumer: C,
}

impl<C: Consumer> Trigger for Batches<C> {
    type Event = SqsEvent;
    type Answer = Answer;

    fn name(&self) -> &'static str {
        C::NAME
    }

    async fn invoke(
        &self,
        event: SqsEvent,
        deadline: Deadline,
        line: &mut Invocation,
    ) -> Result<Answer, Failure> {
        let Self { queue, dead_letters, clock, consumer } = self;
        let (answer, tally) = process(consumer, dead_letters, queue, clock, deadline, event).await?;
        line.field("records", tally.records)
            .field("applied", tally.applied)
            .field("duplicate", tally.duplicate)
            .field("no_effect", tally.no_effect)
            .field("dead_lettered", tally.dead_lettered)
            .field("retried", tally.retried);
        Ok(answer)
    }
}
