//! What end-to-end tests share: the deployed stack, a customer's view of it, goods, events, and waiting.
//!
//! Knows the platform from outside only: HTTP, tables, queues, topics, mail. A test makes its own customers, articles and
//! keys with [`unique`], so that it depends on nothing that another one leaves behind. What is broken here is a test's
//! failure, so everything panics with what was expected.

mod analytics;
mod api;
mod checks;
mod emulator;
mod kafka;
mod messages;
mod orders;
mod outage;
mod own_stack;
mod samples;
mod stack;
mod telemetry;
mod wait;

pub use analytics::{Analytics, Answered, StoredFigures};
pub use api::{Reply, order_request};
pub use checks::{
    assert_booked, assert_books_match, assert_subjects, wait_for_available, wait_for_end, wait_for_mails,
};
pub use emulator::{Emulator, Refused, start_without_runtime};
pub use kafka::{Kafka, Reader, kafka_payload};
pub use messages::{envelope, event_with_id};
pub use orders::{Goods, confirmed, created};
pub use outage::Outage;
pub use own_stack::OwnStack;
pub use samples::{Sample, differences, samples_of};
pub use stack::{Mail, Stack};
pub use telemetry::{Makeup, Mix, Produced, Reason, Reference, Rules, Tally};
pub use wait::{WAIT_MAX, eventually};

/// The program that runs these tests, to run commands of it as people do.
pub fn semel() -> std::process::Command {
    let program = std::env::var("SEMEL_COMMAND").expect("SEMEL_COMMAND: run `cargo semel test e2e`");
    std::process::Command::new(program)
}

/// A name that no other test and no other run has.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::new_v4().simple())
}
