//! HTTP through API Gateway's HTTP API, payload version 2.
//!
//! A panic fails the invocation: API Gateway answers 500, and the function's error alarm sees it.

mod request;
mod response;
mod run;

use std::future::Future;

pub use request::{MAX_BODY_BYTES, Request};
pub use response::Response;
pub(crate) use run::answer;
pub use run::run_http;

/// What answers HTTP requests.
pub trait Api: Send + Sync {
    /// Its name in log lines.
    const NAME: &'static str;

    /// Answers a request. Every failure is an answer too: a problem document.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;
}
