//! What other programs need of the ingest function: the function over ports, which tests and benchmarks drive over
//! their own.
//!
//! The function itself is in `main.rs`; nothing here reads configuration or starts anything.

mod answer;
mod batch;
mod body;
mod caller;
mod facts;
mod function;
mod http;
mod ingest;
mod judge;
mod kafka;
pub mod limits;
mod mqtt;
mod ports;
mod refusal;

pub use answer::{Answer, Status, Told};
pub use caller::Auth;
pub use ingest::Ingest;
pub use kafka::Topic;
pub use ports::{DeadLetters, Outgoing, Publisher, Unpublished};

/// The function's name in log lines and in its records.
pub const NAME: &str = "ingest";
