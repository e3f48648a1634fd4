//! Starts a function: telemetry, configuration, clients, then the Lambda runtime. A function's `main` is one call.
//!
//! An invocation's future is boxed: inlined whole into the runtime's it would be too deep a type to lay out.
//!
//! One thread is enough: Lambda gives an environment one invocation at a time, and all waiting is for the network.

use std::process::ExitCode;

use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use semel_aws::{Aws, SystemClock};
use semel_contracts::Timestamp;
use semel_exactly_once::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::config::Environment;
use crate::kafka::BodyLayer;
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

/// One kind of trigger: what its events are, and what becomes of one.
pub(crate) trait Trigger {
    /// What Lambda hands over.
    type Event: DeserializeOwned;
    /// What Lambda is told.
    type Answer: Serialize;

    /// The function's name in log lines.
    fn name(&self) -> &'static str;

    /// Where the payload's own bytes are to be kept, if the trigger reads them itself.
    fn bodies(&self) -> Option<&BodyLayer> {
        None
    }

    /// Handles an event; adds to the invocation's line what it did.
    async fn invoke(
        &self,
        event: Self::Event,
        deadline: Deadline,
        line: &mut Invocation,
    ) -> Result<Self::Answer, Failure>;
}

/// Runs what `assemble` makes, with the same frame around each invocation: a span, a line with what was asked of AWS,
/// and a failure's own words.
pub(crate) fn serve<T: Trigger>(assemble: impl AsyncFnOnce(Start) -> Result<T, InitError>) -> ExitCode {
    start(async |start| {
        let requests = start.aws.requests().clone();
        let trigger = assemble(start).await?;
        let (trigger, requests) = (&trigger, &requests);
        let invoke = async move |event: LambdaEvent<T::Event>| {
            let (event, context) = event.into_parts();
            let mut line = Invocation::start(trigger.name(), &context.request_id);
            let result = trigger.invoke(event, deadline(&context), &mut line).await;
            line.usage(requests);
            end(line, result)
        };
        let runtime = Runtime::new(service_fn(|event: LambdaEvent<T::Event>| {
            let span = span(&event.context);
            Box::pin(invoke(event)).instrument(span)
        }));
        match trigger.bodies() {
            Some(bodies) => runtime.layer(bodies.clone()).run().await,
            None => runtime.run().await,
        }
    })
}

/// Runs `function` to its end, which comes only if it could not start or lost the runtime.
fn start(function: impl AsyncFnOnce(Start) -> Result<(), InitError>) -> ExitCode {
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
fn end<T>(mut line: Invocation, result: Result<T, Failure>) -> Result<T, Failure> {
    if let Err(failure) = &result {
        line.field("error", failure.to_string());
    }
    line.finish();
    result
}

fn deadline(context: &Context) -> Deadline {
    Deadline::new(SystemClock.now(), Timestamp::from_millis(context.deadline))
}

/// Every log line of an invocation says which one it is. The runtime's own layer would name the same things in
/// another case, so it is left out.
fn span(context: &Context) -> tracing::Span {
    let xray_trace_id = context.xray_trace_id.as_deref();
    tracing::info_span!("invocation", request_id = context.request_id, xray_trace_id)
}
