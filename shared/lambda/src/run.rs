//! Starts a function: telemetry, configuration, clients, then the Lambda runtime. A function's `main` is one call.
//!
//! An invocation's future is boxed: inlined whole into the runtime's it would be too deep a type to lay out.
//!
//! One thread is enough: Lambda gives an environment one invocation at a time, and all waiting is for the network.

use std::future::Future;
use std::process::ExitCode;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use semel_aws::{Aws, SystemClock};
use semel_contracts::Timestamp;
use semel_exactly_once::Clock;
use serde::de::IgnoredAny;
use tracing::Instrument;

use crate::config::Environment;
use crate::http::{Api, Request, Response};
use crate::schedule::Job;
use crate::sqs::{self, Consumer, Tally};
use crate::stream::{self, Follower, StreamEvent};
use crate::telemetry::{self, Invocation};
use crate::{Deadline, Failure, chain};

/// Why a function cannot start: a variable, a secret, a client.
pub type InitError = Box<dyn std::error::Error + Send + Sync>;

/// What a function is wired from.
#[derive(Debug, Clone)]
pub struct Start {
    /// Its configuration.
    pub env: Environment,
    /// Its way to AWS.
    pub aws: Aws,
    /// Its clock.
    pub clock: SystemClock,
}

/// Runs a queue consumer. Reads `QUEUE_URL` and `DLQ_URL` besides what `wire` reads.
pub fn run_sqs<C, W, F>(wire: W) -> ExitCode
where
    C: Consumer,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<C, InitError>>,
{
    start(async |start| {
        let example = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders";
        let queue = start.aws.queue(start.env.text("QUEUE_URL", example)?);
        let dead_letters = start.aws.queue(start.env.text("DLQ_URL", example)?);
        let (clock, requests) = (start.clock, start.aws.requests().clone());
        let consumer = wire(start).await?;
        let (queue, dead_letters, consumer, requests) = (&queue, &dead_letters, &consumer, &requests);
        let handler = async move |event: LambdaEvent<SqsEvent>| {
            let (event, context) = event.into_parts();
            let mut line = Invocation::start(C::NAME, &context.request_id);
            let result = sqs::process(consumer, dead_letters, queue, &clock, deadline(&context), event).await;
            if let Ok((_, tally)) = &result {
                count(&mut line, *tally);
            }
            line.usage(requests);
            end(line, result.map(|(answer, _)| answer))
        };
        Runtime::new(service_fn(|event: LambdaEvent<SqsEvent>| {
            let span = span(&event.context);
            Box::pin(handler(event)).instrument(span)
        }))
        .run()
        .await
    })
}

/// Runs an HTTP API.
pub fn run_http<A, W, F>(wire: W) -> ExitCode
where
    A: Api,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<A, InitError>>,
{
    start(async |start| {
        let requests = start.aws.requests().clone();
        let api = wire(start).await?;
        let (api, requests) = (&api, &requests);
        let handler = async move |event: LambdaEvent<ApiGatewayV2httpRequest>| {
            let (event, context) = event.into_parts();
            let mut line = Invocation::start(A::NAME, &context.request_id);
            let request = Request::new(event);
            let api_request_id = request.request_id().to_owned();
            line.field("route", request.route());
            let response = api.handle(request).await.with_header("x-request-id", api_request_id);
            line.field("records", 1).field("status", response.status()).usage(requests);
            end::<Response>(line, Ok(response))
        };
        Runtime::new(service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| {
            let span = span(&event.context);
            Box::pin(handler(event)).instrument(span)
        }))
        .run()
        .await
    })
}

/// Runs what follows a table's stream.
pub fn run_stream<S, W, F>(wire: W) -> ExitCode
where
    S: Follower,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<S, InitError>>,
{
    start(async |start| {
        let requests = start.aws.requests().clone();
        let follower = wire(start).await?;
        let (follower, requests) = (&follower, &requests);
        let handler = async move |event: LambdaEvent<StreamEvent>| {
            let (event, context) = event.into_parts();
            let mut line = Invocation::start(S::NAME, &context.request_id);
            let numbers: Vec<_> =
                event.records.iter().map(|record| record.change.sequence_number.clone()).collect();
            let outcome = follower.follow(event.records, deadline(&context)).await;
            line.field("records", numbers.len());
            for (name, value) in &outcome.counts {
                line.field(name, *value);
            }
            line.usage(requests);
            end(line, stream::answer(&outcome, &numbers))
        };
        Runtime::new(service_fn(|event: LambdaEvent<StreamEvent>| {
            let span = span(&event.context);
            Box::pin(handler(event)).instrument(span)
        }))
        .run()
        .await
    })
}

/// Runs a scheduled job.
pub fn run_schedule<J, W, F>(wire: W) -> ExitCode
where
    J: Job,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<J, InitError>>,
{
    start(async |start| {
        let requests = start.aws.requests().clone();
        let job = wire(start).await?;
        let (job, requests) = (&job, &requests);
        let handler = async move |event: LambdaEvent<IgnoredAny>| {
            let mut line = Invocation::start(J::NAME, &event.context.request_id);
            let result = job.run(deadline(&event.context)).await;
            for (name, value) in result.iter().flatten() {
                line.field(name, *value);
            }
            line.usage(requests);
            end(line, result.map(|_| ()))
        };
        Runtime::new(service_fn(|event: LambdaEvent<IgnoredAny>| {
            let span = span(&event.context);
            Box::pin(handler(event)).instrument(span)
        }))
        .run()
        .await
    })
}

/// Runs `function` to its end, which comes only if it could not start or lost the runtime.
pub(crate) fn start(function: impl AsyncFnOnce(Start) -> Result<(), InitError>) -> ExitCode {
    let env = Environment::process();
    let result = telemetry::init(&env).map_err(InitError::from).and_then(|()| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let aws = Aws::load().await;
            function(Start { env, aws, clock: SystemClock }).await
        })
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a subscriber, as when LOG_LEVEL itself is wrong, a log event would reach nobody.
            let error = chain(error.as_ref());
            let mut line =
                Invocation::start(&std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(), "");
            line.field("error", error);
            line.failed("the function cannot start");
            ExitCode::FAILURE
        }
    }
}

/// Writes the invocation's line and hands its result to the runtime.
pub(crate) fn end<T>(mut line: Invocation, result: Result<T, Failure>) -> Result<T, Failure> {
    if let Err(failure) = &result {
        line.field("error", failure.to_string());
    }
    line.finish();
    result
}

fn count(line: &mut Invocation, tally: Tally) {
    line.field("records", tally.records)
        .field("applied", tally.applied)
        .field("duplicate", tally.duplicate)
        .field("no_effect", tally.no_effect)
        .field("dead_lettered", tally.dead_lettered)
        .field("retried", tally.retried);
}

pub(crate) fn deadline(context: &Context) -> Deadline {
    Deadline::new(SystemClock.now(), Timestamp::from_millis(context.deadline))
}

/// Every log line of an invocation says which one it is. The runtime's own layer would name the same things in
/// another case, so it is left out.
pub(crate) fn span(context: &Context) -> tracing::Span {
    let xray_trace_id = context.xray_trace_id.as_deref();
    tracing::info_span!("invocation", request_id = context.request_id, xray_trace_id)
}
