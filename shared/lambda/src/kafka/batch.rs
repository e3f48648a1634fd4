//! One batch, from its partitions to the answer.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures::future::{Either, FutureExt, select};
use futures::stream::{self, StreamExt};
use semel_exactly_once::Clock;
use semel_exactly_once::batch::{Partition, Record};
use serde::Serialize;

use super::{Consumer, Handled, MskEvent};
use crate::Deadline;
use crate::failure::panic_text;

/// Partitions under way at once. Lambda's poller fills most batches from one.
const PARTITIONS_MAX: usize = 8;

/// What Lambda is told: the partitions that shall be delivered again, each from which record.
/// <https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html>
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: Place,
}

/// A record's place, the partition named as in the payload: `topic-0`.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Place {
    partition: String,
    offset: i64,
}

impl Answer {
    /// The partitions that failed, each with the first record that comes again.
    pub fn failed(&self) -> impl Iterator<Item = (&str, i64)> {
        self.batch_item_failures
            .iter()
            .map(|ItemFailure { item_identifier: Place { partition, offset } }| (partition.as_str(), *offset))
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records in it.
    pub records: u64,
    /// Partitions that they are from.
    pub partitions: u64,
    /// Partitions that are delivered again, in whole or in part.
    pub failed_partitions: u64,
    /// What the consumer counted.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Handles a batch: its partitions at the same time, the records of each in order.
///
/// A partition that was not done when the time was up is delivered again from its first record.
pub async fn process<C: Consumer>(
    consumer: &C,
    clock: &impl Clock,
    deadline: Deadline,
    event: &MskEvent,
) -> (Answer, Tally) {
    let headers = event.headers();
    let partitions: Vec<_> = event.partitions(&headers).collect();
    let mut outcomes: Vec<Option<Handled>> = partitions.iter().map(|_| None).collect();
    {
        let work =
            stream::iter(partitions.iter().enumerate()).map(|(place, (partition, records))| async move {
                (place, handle(consumer, *partition, records).await)
            });
        let mut work = pin!(work.buffer_unordered(PARTITIONS_MAX));
        let mut time_is_up = pin!(clock.sleep(deadline.work_time(clock.now())));
        while let Either::Left((Some((place, handled)), _)) = select(work.next(), time_is_up.as_mut()).await {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = Some(handled);
            }
        }
    }
    let mut answer = Answer::default();
    let mut tally = Tally::default();
    for ((partition, records), outcome) in partitions.iter().zip(outcomes) {
        tally.partitions += 1;
        tally.records += records.len() as u64;
        let handled = outcome.unwrap_or_else(|| {
            let Partition { topic, partition } = partition;
            tracing::warn!(
                consumer = consumer.name(),
                topic,
                partition,
                "the time was up before it was done"
            );
            Handled { failed_from: records.first().map(|record| record.offset), counts: Vec::new() }
        });
        for (name, count) in handled.counts {
            *tally.counts.entry(name).or_default() += count;
        }
        if let Some(offset) = handled.failed_from {
            tally.failed_partitions += 1;
            let partition = format!("{}-{}", partition.topic, partition.partition);
            answer.batch_item_failures.push(ItemFailure { item_identifier: Place { partition, offset } });
        }
    }
    (answer, tally)
}

/// A panic is the partition's, not the batch's.
async fn handle<C: Consumer>(consumer: &C, partition: Partition<'_>, records: &[Record<'_>]) -> Handled {
    match AssertUnwindSafe(consumer.handle(partition, records)).catch_unwind().await {
        Ok(handled) => handled,
        Err(panic) => {
            let Partition { topic, partition } = partition;
            let detail = panic_text(panic.as_ref());
            tracing::error!(consumer = consumer.name(), topic, partition, detail, "panicked");
            Handled { failed_from: records.first().map(|record| record.offset), counts: Vec::new() }
        }
    }
}
