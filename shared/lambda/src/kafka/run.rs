//! Starts a Kafka consumer: the runtime's loop around [`process`].

use std::future::Future;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use semel_aws::SystemClock;
use tracing::Instrument;

use super::body::BodyLayer;
use super::{Answer, Consumer, MskEvent, process};
use crate::run::{InitError, Start, deadline, end, span, start};
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
    start(async |start| {
        let (clock, requests) = (start.clock, start.aws.requests().clone());
        let consumer = wire(start).await?;
        let body = BodyLayer::default();
        let buffer = Mutex::default();
        let (consumer, requests, bodies, buffer) = (&consumer, &requests, &body, &buffer);
        let handler = async move |context: Context| {
            let mut line = Invocation::start(consumer.name(), &context.request_id);
            let payload = bodies.take();
            let result = invoke(consumer, clock, deadline(&context), &payload, buffer, &mut line).await;
            line.usage(requests);
            end(line, result)
        };
        Runtime::new(service_fn(|event: LambdaEvent<()>| {
            let span = span(&event.context);
            Box::pin(handler(event.context)).instrument(span)
        }))
        .layer(body.clone())
        .run()
        .await
    })
}

/// One invocation. `buffer` is kept from one to the next.
async fn invoke<C: Consumer>(
    consumer: &C,
    clock: SystemClock,
    deadline: Deadline,
    payload: &[u8],
    buffer: &Mutex<Vec<u8>>,
    line: &mut Invocation,
) -> Result<Answer, Failure> {
    let spare = std::mem::take(&mut *buffer.lock().unwrap_or_else(PoisonError::into_inner));
    let event = MskEvent::decode(payload, spare).map_err(|error| Failure::of("Kafka.BrokenEvent", &error))?;
    let (answer, tally) = process(consumer, &clock, deadline, &event).await;
    *buffer.lock().unwrap_or_else(PoisonError::into_inner) = event.into_buffer();
    line.field("records", tally.records)
        .field("partitions", tally.partitions)
        .field("failed_partitions", tally.failed_partitions);
    for (name, count) in tally.counts {
        line.field(name, count);
    }
    Ok(answer)
}
