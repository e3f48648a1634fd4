//! Kafka batches: Amazon MSK and self-managed Kafka as event sources.
//!
//! Lambda's poller owns the consumer group's offsets. It hands over batches of one or more partitions and is told which
//! partition to repeat from which record; nothing else can be answered. Two building blocks make handlers of that:
//!
//! | what the handler does | take | exactly once by |
//! | --- | --- | --- |
//! | folds many events into few aggregates | [`ExactlyOnce`] around [`semel_exactly_once::batch::Batches`] | one conditional write for each chunk of a batch |
//! | does something for each record | [`Keyed`] | the handler itself, such as with [`semel_exactly_once::Idempotency`] |
//!
//! Either is started by [`crate::run_kafka`]:
//!
//! ```no_run
//! use semel_lambda::Failure;
//! use semel_lambda::kafka::{Keyed, Partition, Record, RecordHandler};
//!
//! /// Greets whoever a record names. Records of one key come one after the other, in their order.
//! struct Greeter;
//!
//! impl RecordHandler for Greeter {
//!     async fn handle(&self, partition: Partition<'_>, record: &Record<'_>) -> Result<(), Failure> {
//!         let name = record.key.map(String::from_utf8_lossy).unwrap_or_default();
//!         println!("{}: hello, {name}", partition.topic);
//!         Ok(())
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     semel_lambda::run_kafka(|_start| async { Ok(Keyed::new("greeter", Greeter, 16)) })
//! }
//! ```
//!
//! A record that cannot be decoded is handed on with the reason: it is the handler's to put aside, and no fault of its
//! neighbours.

mod batch;
mod body;
mod event;
mod exactly_once;
mod keyed;
mod quick;
mod run;
mod wire;

use std::future::Future;

pub use batch::{Answer, Tally, process};
pub(crate) use body::BodyLayer;
pub use event::{BrokenEvent, MskEvent};
pub use exactly_once::ExactlyOnce;
pub use keyed::{Keyed, RecordHandler};
pub use run::run_kafka;
pub use semel_exactly_once::batch::{Partition, Payload, Record};

/// What handles the records of a partition.
pub trait Consumer: Send + Sync {
    /// Its name in log lines.
    fn name(&self) -> &'static str;

    /// Handles records of one partition, whose offsets ascend. May be called for several partitions at the same time.
    ///
    /// The future is dropped when the invocation's time is up; the records then come again, as after a crash.
    fn handle(
        &self,
        partition: Partition<'_>,
        records: &[Record<'_>],
    ) -> impl Future<Output = Handled> + Send;
}

/// How far a partition's records were handled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handled {
    /// The first record that has to be delivered again, with all after it; `None` if all are done.
    pub failed_from: Option<i64>,
    /// Counters for the invocation's line; they are summed over the partitions.
    pub counts: Vec<(&'static str, u64)>,
}

#[cfg(test)]
mod tests;
