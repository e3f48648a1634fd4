//! Records one by one: keys at the same time, the records of one key in their order.

use std::collections::HashMap;
use std::future::Future;

use futures::stream::{self, StreamExt};

use super::{Consumer, Handled, Partition, Record};
use crate::Failure;

/// Handles a record.
pub trait RecordHandler: Send + Sync {
    /// Handles a record. It may have been handled before, as after any failure in its partition: what it does has to
    /// be the same when it is done twice, by itself or with [`semel_exactly_once::Idempotency`].
    ///
    /// An error stops the record's key and has the partition delivered again from here. A record that can never be
    /// handled has to be put aside by the handler, with `Ok`, or it will come for ever.
    fn handle(
        &self,
        partition: Partition<'_>,
        record: &Record<'_>,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Runs a [`RecordHandler`] over batches.
///
/// The records of one key are handled one after the other, in the order of their offsets; of different keys at most
/// `parallel_max` at the same time. Records without a key have no order among themselves. After a failure the other
/// keys go on to the end of the batch; the partition is reported from the lowest record that failed, so that what
/// came after it is delivered twice and nothing is passed over.
#[derive(Debug)]
pub struct Keyed<H> {
    name: &'static str,
    handler: H,
    parallel_max: usize,
}

impl<H: RecordHandler> Keyed<H> {
    /// `name` is what log lines call it. At least one record is handled at a time.
    pub fn new(name: &'static str, handler: H, parallel_max: usize) -> Self {
        Self { name, handler, parallel_max: parallel_max.max(1) }
    }

    /// Gives the handler back.
    pub fn into_handler(self) -> H {
        self.handler
    }

    /// Handles the records of a key up to the first that fails; answers how many, and that one's offset.
    async fn run(&self, partition: Partition<'_>, records: Vec<&Record<'_>>) -> (u64, Option<i64>) {
        let mut handled = 0;
        for record in records {
            if let Err(failure) = self.handler.handle(partition, record).await {
                let (consumer, error) = (self.name, failure.to_string());
                let Partition { topic, partition } = partition;
                tracing::warn!(
                    consumer,
                    topic,
                    partition,
                    offset = record.offset,
                    error,
                    "to be delivered again"
                );
                return (handled, Some(record.offset));
            }
            handled += 1;
        }
        (handled, None)
    }
}

/// The records of each key, keys in the order in which they first come.
fn by_key<'r, 'a>(records: &'r [Record<'a>]) -> Vec<Vec<&'r Record<'a>>> {
    let mut groups: Vec<Vec<&Record<'_>>> = Vec::new();
    let mut known: HashMap<&[u8], usize> = HashMap::new();
    for record in records {
        let place = record.key.and_then(|key| known.get(key).copied());
        if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
            group.push(record);
            continue;
        }
        if let Some(key) = record.key {
            known.insert(key, groups.len());
        }
        groups.push(vec![record]);
    }
    groups
}

impl<H: RecordHandler> Consumer for Keyed<H> {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn handle(&self, partition: Partition<'_>, records: &[Record<'_>]) -> Handled {
        // Made one by one: of a closure the compiler cannot tell that it is general over the records' lifetimes.
        let mut runs = Vec::new();
        for group in by_key(records) {
            runs.push(self.run(partition, group));
        }
        let (handled, failed_from) = stream::iter(runs)
            .buffer_unordered(self.parallel_max)
            .fold((0, None), |(sum, lowest): (u64, Option<i64>), (handled, failed)| async move {
                (sum + handled, lowest.into_iter().chain(failed).min())
            })
            .await;
        Handled { failed_from, counts: vec![("handled", handled)] }
    }
}
