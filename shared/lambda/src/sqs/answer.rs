//! What a batch's outcomes add up to: the answer to Lambda, and the counts for the log.

use serde::Serialize;

use super::Outcome;
use super::batch::Item;
use crate::Failure;

/// What Lambda is told: the records that the queue shall deliver again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl Answer {
    /// The message ids of the records that failed for now.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str())
    }
}

/// How many records ended how. `records` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records in the batch.
    pub records: u64,
    /// Took effect.
    pub applied: u64,
    /// Had taken effect before.
    pub duplicate: u64,
    /// Were of no use.
    pub no_effect: u64,
    /// Went to the dead-letter queue.
    pub dead_lettered: u64,
    /// Will be delivered again.
    pub retried: u64,
}

/// What the records' outcomes add up to.
///
/// Fails if a record has to be delivered again that has no message id to say so with.
pub(super) fn answer(items: &[Item]) -> Result<(Answer, Tally), Failure> {
    let mut answer = Answer::default();
    let mut tally = Tally::default();
    for item in items {
        tally.records += 1;
        match &item.outcome {
            Some(Outcome::Applied) => tally.applied += 1,
            Some(Outcome::Duplicate) => tally.duplicate += 1,
            Some(Outcome::NoEffect) => tally.no_effect += 1,
            Some(Outcome::Fatal(_)) => tally.dead_lettered += 1,
            Some(Outcome::Transient(_)) | None => {
                tally.retried += 1;
                let Some(id) = item.record.message_id.clone().filter(|id| !id.is_empty()) else {
                    let message =
                        "a record without a message id cannot be reported alone; the batch is repeated";
                    return Err(Failure::new("Sqs.NoMessageId", message));
                };
                answer.batch_item_failures.push(ItemFailure { item_identifier: id });
            }
        }
    }
    Ok((answer, tally))
}
