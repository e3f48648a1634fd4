//! Starts an HTTP API: [`serve`] around an [`Api`].

use std::future::Future;
use std::process::ExitCode;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

use super::{Api, Request, Response};
use crate::run::{InitError, Start, Trigger, serve};
use crate::telemetry::Invocation;
use crate::{Deadline, Failure};

/// Runs an HTTP API.
pub fn run_http<A, W, F>(wire: W) -> ExitCode
where
    A: Api,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<A, InitError>>,
{
    serve(async |start| Ok(Requests(wire(start).await?)))
}

struct Requests<A>(A);

impl<A: Api> Trigger for Requests<A> {
    type Event = ApiGatewayV2httpRequest;
    type Answer = Response;

    fn name(&self) -> &'static str {
        A::NAME
    }

    async fn invoke(
        &self,
        event: ApiGatewayV2httpRequest,
        _deadline: Deadline,
        line: &mut Invocation,
    ) -> Result<Response, Failure> {
        let handle = async |request| (self.0.handle(request).await, vec![("records", 1)]);
        Ok(answer(line, Request::new(event), handle).await)
    }
}

/// Answers a request under its id. The invocation's line gets its route, its status and what `handle` counted.
pub(crate) async fn answer(
    line: &mut Invocation,
    request: Request,
    handle: impl AsyncFnOnce(Request) -> (Response, Vec<(&'static str, u64)>),
) -> Response {
    let id = request.request_id().to_owned();
    line.field("route", request.route());
    let (response, counts) = handle(request).await;
    line.field("status", response.status()).counts(counts);
    response.with_header("x-request-id", id)
}
