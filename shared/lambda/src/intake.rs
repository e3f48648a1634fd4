//! A function with two ways in: HTTP through API Gateway, and direct invocations, such as a rule of AWS `IoT` Core makes.
//!
//! A panic fails the invocation, and so does a message that could not be taken: Lambda repeats an asynchronous
//! invocation twice and then hands it to the function's on-failure destination.

use std::future::Future;
use std::process::ExitCode;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::http::{Request, Response, answer};
use crate::run::{InitError, Start, Trigger, serve};
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
    serve(async |start| Ok(TwoWays(wire(start).await?)))
}

struct TwoWays<I>(I);

impl<I: Intake> Trigger for TwoWays<I> {
    type Event = Box<RawValue>;
    type Answer = Answered<I::Answer>;

    fn name(&self) -> &'static str {
        I::NAME
    }

    async fn invoke(
        &self,
        payload: Box<RawValue>,
        deadline: Deadline,
        line: &mut Invocation,
    ) -> Result<Answered<I::Answer>, Failure> {
        let Some(request) = request_of(&payload) else {
            let (answer, counts) = self.0.message(&payload, deadline).await?;
            line.counts(counts);
            return Ok(Answered::Message(answer));
        };
        // The request holds the body; a second copy of it would only take room.
        drop(payload);
        let handle = async |request| self.0.request(request).await;
        Ok(Answered::Request(answer(line, request, handle).await))
    }
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
