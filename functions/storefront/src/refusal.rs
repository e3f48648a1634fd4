//! What is answered instead: problem documents, one status for each kind of trouble.
//!
//! | status | when |
//! | --- | --- |
//! | 400 | the request is wrong by itself |
//! | 401, 403 | the token does not say who calls, or says it is somebody else |
//! | 404, 405 | there is no such thing, or it is not the caller's: both look the same |
//! | 409 | it is too late |
//! | 422 | the request is well formed and cannot be done: the catalogue or an earlier request says otherwise |
//! | 500, 503 | the fault is ours, for good or for now |

use semel_contracts::InvalidValue;
use semel_contracts::api::{Problem, Violation};
use semel_exactly_once::{Class, HandleError, StoreError};
use semel_lambda::chain;
use semel_lambda::http::Response;

/// When a caller is asked to come back: what is throttled or lost is mostly back in a moment.
const RETRY_AFTER_SECONDS: u32 = 1;

/// A part of the body is wrong.
pub(crate) fn malformed(violation: Violation) -> Response {
    let detail = match violation.pointer.as_str() {
        "" => format!("The body is wrong: {}.", violation.detail),
        pointer => format!("{pointer} {}.", violation.detail),
    };
    Problem::new(400, "Malformed request", detail).with(violation).into()
}

/// A header, a parameter or a part of the path is wrong.
pub(crate) fn parameter(name: &str, rule: &str) -> Response {
    Problem::new(400, "Malformed request", format!("{name} must be {rule}.")).into()
}

/// A part of the path is wrong.
pub(crate) fn path(name: &str, invalid: InvalidValue) -> Response {
    Problem::new(400, "Malformed request", format!("{name} in the path: {invalid}.")).into()
}

/// A part of the body asks for what cannot be.
pub(crate) fn unprocessable(title: &str, pointer: impl Into<String>, detail: impl Into<String>) -> Response {
    let (pointer, detail) = (pointer.into(), detail.into());
    Problem::new(422, title, format!("{pointer}: {detail}.")).with(Violation { pointer, detail }).into()
}

/// The idempotency key stands for another request.
pub(crate) fn key_reused() -> Response {
    let detail = "Idempotency-Key was used for another request. Use a new key for a new order.";
    Problem::new(422, "Idempotency key reused", detail).into()
}

/// The token does not say who calls.
pub(crate) fn unauthorized() -> Response {
    let problem = Problem::new(401, "Unauthorized", "The token names no subject (sub).");
    Response::from(problem).with_header("www-authenticate", "Bearer")
}

/// The caller is somebody else.
pub(crate) fn forbidden(detail: impl Into<String>) -> Response {
    Problem::new(403, "Forbidden", detail).into()
}

/// There is no such thing.
pub(crate) fn not_found(detail: impl Into<String>) -> Response {
    Problem::new(404, "Not found", detail).into()
}

/// There is, but not for this method.
pub(crate) fn method_not_allowed(allowed: &'static str) -> Response {
    let detail = format!("Here the method must be one of {allowed}.");
    Response::from(Problem::new(405, "Method not allowed", detail)).with_header("allow", allowed)
}

/// The order's parcel has left.
pub(crate) fn too_late() -> Response {
    Problem::new(409, "Too late", "The order has been shipped and can no longer be cancelled.").into()
}

/// An order could not be read or written.
pub(crate) fn not_handled(error: &HandleError) -> Response {
    unable(error.class(), error)
}

/// An index or the catalogue could not be read.
pub(crate) fn not_read(error: &StoreError) -> Response {
    unable(error.class, error)
}

fn unable(class: Class, error: &(dyn std::error::Error + 'static)) -> Response {
    match class {
        Class::Transient => {
            tracing::warn!(error = chain(error), "the store did not answer");
            Response::unavailable(RETRY_AFTER_SECONDS)
        }
        Class::Fatal => broken(&chain(error)),
    }
}

/// The fault is ours: the log has it, and the caller learns nothing of it.
pub(crate) fn broken(error: &str) -> Response {
    tracing::error!(error, "a request failed");
    Response::internal()
}
