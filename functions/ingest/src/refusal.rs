//! What is answered when a request is refused as a whole: problem documents, one status for each kind of trouble.
//!
//! | status | when |
//! | --- | --- |
//! | 400 | the body or a header is wrong by itself |
//! | 401, 403 | the token does not say who sends |
//! | 404, 405 | another path, another method |
//! | 409 | the same batch is being taken right now |
//! | 413 | too many bytes or events |
//! | 415 | a content type or an encoding that is not understood |
//! | 422 | the batch's key stands for another batch |
//! | 500, 503 | the fault is ours, for good or for now |

use semel_contracts::Timestamp;
use semel_contracts::api::Problem;
use semel_exactly_once::{Class, Clock};
use semel_lambda::chain;
use semel_lambda::http::Response;

use crate::batch::BatchError;
use crate::body::BodyError;
use crate::ingest::TakeError;

/// When a client is asked to come back.
const RETRY_AFTER_SECONDS: u32 = 1;

pub(crate) fn not_found() -> Response {
    Problem::new(404, "Not found", "There is nothing at this path; send events to POST /events.").into()
}

pub(crate) fn method_not_allowed() -> Response {
    let problem = Problem::new(405, "Method not allowed", "Events are sent with POST.");
    Response::from(problem).with_header("allow", "POST")
}

pub(crate) fn media_type() -> Response {
    let detail = "Content-Type must be application/json (an array of events) or application/x-ndjson (one event a line).";
    Problem::new(415, "Unsupported media type", detail).into()
}

pub(crate) fn encoding() -> Response {
    let problem = Problem::new(415, "Unsupported encoding", "Content-Encoding must be gzip, or left out.");
    Response::from(problem).with_header("accept-encoding", "gzip")
}

pub(crate) fn key() -> Response {
    let detail = "Idempotency-Key must be 1 to 255 visible ASCII characters without spaces, new for each batch and the \
                  same for its repetitions, such as a UUID; or left out.";
    Problem::new(400, "Malformed request", detail).into()
}

pub(crate) fn body(error: &BodyError) -> Response {
    let (status, title) = match error {
        BodyError::TooLarge => (413, "Body too large"),
        BodyError::NotGzip => {
            // An HTTP API hands a body of a text type over as text, in which gzip does not survive.
            let detail = "The body is said to be gzip and does not begin as gzip does. Send gzip as \
                          Content-Type: application/x-ndjson, arrays too: under other types it may be mangled on its way.";
            return Problem::new(415, "Unsupported encoding", detail).into();
        }
        BodyError::MangledGzip => {
            let detail = format!(
                "{error}: Send gzip with Content-Encoding: gzip and with Content-Type: application/x-ndjson, arrays \
                 too; under application/json it may not arrive whole."
            );
            return Problem::new(400, "Malformed body", detail).into();
        }
        BodyError::BrokenGzip(_) | BodyError::NotText(_) => (400, "Malformed body"),
    };
    Problem::new(status, title, format!("{}.", chain(error))).into()
}

pub(crate) fn batch(error: &BatchError) -> Response {
    let (status, title) = match error {
        BatchError::Empty => (400, "Empty batch"),
        BatchError::TooMany => (413, "Too many events"),
        BatchError::NotJson(_) => (400, "Malformed body"),
    };
    Problem::new(status, title, format!("{error}.")).into()
}

/// A batch that was not taken; what was published of it counts once all the same.
pub(crate) fn not_taken(error: &TakeError, clock: &impl Clock) -> Response {
    let class = match error {
        TakeError::InProgress(until) => return in_progress(*until, clock),
        TakeError::KeyReused => {
            let detail = "This Idempotency-Key, or these event ids, were sent before with other content. Use a new key \
                          for a new batch and a new id for each event.";
            return Problem::new(422, "Idempotency key reused", detail).into();
        }
        TakeError::Unpublished(error) => error.class,
        TakeError::Record(error) => error.class(|unpublished| unpublished.class),
    };
    tracing::error!(error = error as &(dyn std::error::Error + 'static), "a batch was not taken");
    match class {
        Class::Transient => Response::unavailable(RETRY_AFTER_SECONDS),
        Class::Fatal => Response::internal(),
    }
}

fn in_progress(until: Timestamp, clock: &impl Clock) -> Response {
    let seconds = until.saturating_since(clock.now()).as_secs() + 1;
    let problem =
        Problem::new(409, "In progress", "The same batch is being taken right now. Send it again later.");
    Response::from(problem).with_header("retry-after", seconds.to_string())
}
