//! A function with two ways in: HTTP through API Gateway, and direct invocations, such as a rule of AWS `IoT` Core makes.
//!
//! A panic fails the invocation, and so does a message that could not be taken: Lambda repeats an asynchronous
//! invocation twice and then hands it to the function's on-failure destination.

use std::future::Future;
use std::process::ExitCode;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::Instrument;

use crate::http::{Request, Response};
use crate::run::{InitError, Start, deadline, end, span, start};
use crate::telemetry::Invocation;
use crate::{Deadline, Failure};

/// Counters for the invocation's line.
pub type Counts = Vec<(&'static str, u64)>;

/// What takes requests and messages.
pub trait Intake: Send + Sync {
    /// Its name in log lines.
    const NAME: &'static str;

    /// What a direct invocation is answered; nobody reads the answer of an asynchronous one.
    type Answer: Serialize + Send;

    /// Answers an HTTP request. Every failure is an answer too: a problem document.
    fn request(&self, request: Request) -> impl Future<Output = (Response, Counts)> + Send;

    /// Takes the payload of a direct invocation.
    fn message(
        &self,
        payload: &RawValue,
        deadline: Deadline,
    ) -> impl Future<Output = Result<(Self::Answer, Counts), Failure>> + Send;
}

/// Either answer.
#[derive(Serialize)]
#[serde(untagged)]
enum Answered<A> {
    Request(Response),
    Message(A),
}

/// What tells an event of API Gateway from any other.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, default, rename = "requestContext")]
    context: Option<&'a RawValue>,
}

/// The event as API Gateway's, if it is.
fn request_of(payload: &RawValue) -> Option<Request> {
    serde_json::from_str::<Peek<'_>>(payload.get()).ok()?.context?;
    serde_json::from_str::<ApiGatewayV2httpRequest>(payload.get()).ok().map(Request::new)
}

/// Runs a function that takes HTTP requests and direct invocations.
pub fn run_intake<I, W, F>(wire: W) -> ExitCode
where
    I: Intake,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<I, InitError>>,
{
    start(async |start| {
        let requests = start.aws.requests().clone();
        let intake = wire(start).await?;
        let (intake, requests) = (&intake, &requests);
        let handler = async move |event: LambdaEvent<Box<RawValue>>| {
            let (payload, context) = event.into_parts();
            let mut line = Invocation::start(I::NAME, &context.request_id);
            let taken = if let Some(request) = request_of(&payload) {
                // The request holds the body; a second copy of it would only take room.
                drop(payload);
                let api_request_id = request.request_id().to_owned();
                line.field("route", request.route());
                let (response, counts) = intake.request(request).await;
                line.field("status", response.status());
                Ok((Answered::Request(response.with_header("x-request-id", api_request_id)), counts))
            } else {
                let taken = intake.message(&payload, deadline(&context)).await;
                taken.map(|(answer, counts)| (Answered::Message(answer), counts))
            };
            for (name, value) in taken.iter().flat_map(|(_, counts)| counts) {
                line.field(name, *value);
            }
            line.usage(requests);
            end(line, taken.map(|(answer, _)| answer))
        };
        Runtime::new(service_fn(|event: LambdaEvent<Box<RawValue>>| {
            let span = span(&event.context);
            Box::pin(handler(event)).instrument(span)
        }))
        .run()
        .await
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_request(event: &str) -> bool {
        let payload = RawValue::from_string(event.to_owned()).expect("JSON");
        request_of(&payload).is_some()
    }

    #[test]
    fn an_event_of_api_gateway_is_told_by_its_context() {
        assert!(is_request(r#"{"requestContext":{"http":{"method":"POST"}},"routeKey":"POST /events"}"#));
        for event in [r#"{"payload":"e30=","topic":"t"}"#, "[]", "1", "null", r#"{"requestContext":null}"#] {
            assert!(!is_request(event), "{event}");
        }
    }
}
