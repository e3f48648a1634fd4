//! The batch loop of a queue consumer: each record has its own fate.
//!
//! 1. Every record is decoded on its own; one that breaks the contract does not touch its neighbours.
//! 2. Records for the same aggregate are handed over together, in the order received, so that they fold into one
//!    read and one write. Groups run concurrently, bounded.
//! 3. A consumer answers each record with an [`Outcome`]. A fatal one goes to the dead-letter queue at once with
//!    its reason and is acknowledged; a transient one is put off, longer each time, and reported as failed.
//! 4. The invocation answers before its deadline. What was not started, or not finished, is reported as failed:
//!    the protocol underneath makes a repetition harmless.
//!
//! A panic is caught per group and counts as transient for its records: neighbours proceed, and a record that
//! panics each time ends in the dead-letter queue by the queue's own redrive policy. The consumer is shared by
//! reference, so nothing half-changed survives a panic but what the consumer locks or counts by itself.

mod answer;
mod backoff;
mod batch;
mod inputs;
mod letter;
mod outcome;
mod queues;
mod run;
#[cfg(test)]
mod tests;

use std::future::Future;

use semel_contracts::Envelope;
use semel_exactly_once::Delivery;

pub use answer::{Answer, Tally};
pub use batch::process;
pub use inputs::{Input, deliveries, order_of};
pub use outcome::{Outcome, Reason, of_group, settled};
pub use queues::{DeadLetters, Delays};
pub use run::run_sqs;
/// For [`inputs!`](crate::inputs), which names the event types.
pub use semel_contracts::Event;

/// What consumes a queue.
pub trait Consumer: Send + Sync {
    /// Its name in log lines and dead letters.
    const NAME: &'static str;

    /// The aggregate that an event concerns, as a key that groups the batch; `None` if no such event should ever
    /// come here, which is fatal: a rule or a filter policy is wrong.
    fn route(&self, envelope: &Envelope) -> Option<String>;

    /// Handles the events of one aggregate in the order given; answers one outcome per event, in their order.
    ///
    /// May be dropped at any await when the invocation's time runs out.
    fn handle(&self, key: &str, group: Vec<Received>) -> impl Future<Output = Vec<Outcome>> + Send;
}

/// An event with what the queue knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The event.
    pub envelope: Envelope,
    /// How often the queue has delivered it, this time included.
    pub receive_count: u32,
}

impl Received {
    /// The event as an aggregate's input, under the producer's id and in its trace; `None` if `input` says that it is
    /// none.
    pub fn delivery<I>(self, input: impl FnOnce(Event) -> Option<I>) -> Option<Delivery<I>> {
        let Envelope { event_id, data, metadata, .. } = self.envelope;
        Some(Delivery { id: event_id, input: input(data)?, traceparent: metadata.traceparent })
    }
}
