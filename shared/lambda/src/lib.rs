//! What every function needs around its handler: configuration, telemetry, the batch loop, HTTP answers, and the
//! wiring to the Lambda runtime.
//!
//! The only shared crate that names the Lambda runtime. It knows no event type's meaning and no table: a function
//! says what to do, this crate says when, how often at once, and what becomes of failures.
//!
//! | a function that | implements | and starts with |
//! | --- | --- | --- |
//! | consumes a queue | [`sqs::Consumer`] | [`run_sqs`] |
//! | answers HTTP | [`http::Api`] | [`run_http`] |
//! | answers HTTP and takes direct invocations | [`intake::Intake`] | [`run_intake`] |
//! | consumes Kafka topics | [`kafka::Consumer`] | [`run_kafka`] |
//! | follows a table's stream | [`stream::Follower`] | [`run_stream`] |
//! | runs on a schedule | [`schedule::Job`] | [`run_schedule`] |
//!
//! ```no_run
//! use semel_contracts::Envelope;
//! use semel_lambda::sqs::{Consumer, Outcome, Received};
//!
//! struct Greeter { greeting: String }
//!
//! impl Consumer for Greeter {
//!     const NAME: &'static str = "greeter";
//!
//!     fn route(&self, envelope: &Envelope) -> Option<String> {
//!         Some(envelope.order_id().to_string())
//!     }
//!
//!     async fn handle(&self, key: &str, group: Vec<Received>) -> Vec<Outcome> {
//!         group.iter().map(|_| Outcome::Applied).collect()
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     semel_lambda::run_sqs(|start| async move {
//!         Ok(Greeter { greeting: start.env.text("GREETING", "hello")? })
//!     })
//! }
//! ```

pub mod config;
mod deadline;
mod failure;
pub mod http;
pub mod intake;
pub mod kafka;
mod run;
pub mod schedule;
pub mod sqs;
pub mod stream;
pub mod telemetry;

pub use deadline::Deadline;
pub use failure::{Failure, chain};
pub use http::run_http;
pub use intake::run_intake;
pub use kafka::run_kafka;
pub use run::{InitError, Start};
pub use schedule::run_schedule;
pub use sqs::run_sqs;
pub use stream::run_stream;
