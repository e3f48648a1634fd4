//! The batch protocol as a consumer: what it reports and what it logs.

use semel_exactly_once::batch::{BatchError, Batches, Counts, FenceStore, Interrupted, ObjectStore, Reducer};
use semel_exactly_once::{Class, Clock};

use super::{Consumer, Handled, Partition, Record};
use crate::chain;

/// Kafka batches, each record applied once: [`Batches`] started by [`crate::run_kafka`].
///
/// A record that cannot be applied is parked, and its neighbours go on. What is reported to Lambda is only what a
/// repetition can mend, and a partition that is halted: that one has to stay where it is until somebody looks.
#[derive(Debug)]
pub struct ExactlyOnce<R, S, O, C> {
    name: &'static str,
    batches: Batches<R, S, O, C>,
}

impl<R, S, O, C> ExactlyOnce<R, S, O, C> {
    /// `name` is what log lines call it.
    pub fn new(name: &'static str, batches: Batches<R, S, O, C>) -> Self {
        Self { name, batches }
    }
}

impl<R: Reducer, S: FenceStore, O: ObjectStore, C: Clock> Consumer for ExactlyOnce<R, S, O, C> {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn handle(&self, partition: Partition<'_>, records: &[Record<'_>]) -> Handled {
        match self.batches.handle(partition, records).await {
            Ok(counts) => Handled { failed_from: None, counts: named(&counts) },
            Err(interrupted) => self.interrupted(partition, &interrupted),
        }
    }
}

impl<R, S, O, C> ExactlyOnce<R, S, O, C> {
    fn interrupted(&self, partition: Partition<'_>, interrupted: &Interrupted) -> Handled {
        let Interrupted { resume_at, counts, error } = interrupted;
        let Partition { topic, partition } = partition;
        let (consumer, detail) = (self.name, chain(error));
        match error.class() {
            Class::Transient => {
                tracing::warn!(
                    consumer,
                    topic,
                    partition,
                    offset = resume_at,
                    detail,
                    "to be delivered again"
                );
            }
            Class::Fatal => {
                tracing::error!(consumer, topic, partition, offset = resume_at, detail, "stopped");
            }
        }
        let mut counts = named(counts);
        counts.push(("halted", u64::from(matches!(error, BatchError::Halted { .. }))));
        Handled { failed_from: Some(*resume_at), counts }
    }
}

fn named(counts: &Counts) -> Vec<(&'static str, u64)> {
    let Counts { judged, redelivered, chunks, items, objects, loads } = *counts;
    vec![
        ("applied", judged.applied),
        ("duplicate", judged.duplicate),
        ("late", judged.late),
        ("parked", judged.parked),
        ("redelivered", redelivered),
        ("chunks", chunks),
        ("items", items),
        ("objects", objects),
        ("loads", loads),
        ("halted", 0),
    ]
}
