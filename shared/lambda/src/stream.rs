//! Following a table's stream: records of a shard come in order and are repeated from the first that failed.
//!
//! A panic fails the invocation, and with it the whole batch is delivered again: in an ordered stream nothing may
//! pass the record that caused it.

use std::future::Future;
use std::process::ExitCode;

use serde::Serialize;

pub use aws_lambda_events::dynamodb::{
    Event as StreamEvent, EventRecord as StreamRecord, StreamRecord as Change,
};

use crate::run::{InitError, Start, Trigger, serve};
use crate::telemetry::Invocation;
use crate::{Deadline, Failure};

/// What follows a stream.
pub trait Follower: Send + Sync {
    /// Its name in log lines.
    const NAME: &'static str;

    /// Handles records in order.
    fn follow(&self, records: Vec<StreamRecord>, deadline: Deadline)
    -> impl Future<Output = Followed> + Send;
}

/// How far a batch was followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Position in the batch of the first record that has to be delivered again, with all after it.
    pub first_failed: Option<usize>,
    /// Counters for the invocation's line.
    pub counts: Vec<(&'static str, u64)>,
}

/// What Lambda is told: the sequence number from which the stream restarts.
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

/// Runs what follows a table's stream.
pub fn run_stream<S, W, F>(wire: W) -> ExitCode
where
    S: Follower,
    W: FnOnce(Start) -> F,
    F: Future<Output = Result<S, InitError>>,
{
    serve(async |start| Ok(Changes(wire(start).await?)))
}

struct Changes<S>(S);

impl<S: Follower> Trigger for Changes<S> {
    type Event = StreamEvent;
    type Answer = Answer;

    fn name(&self) -> &'static str {
        S::NAME
    }

    async fn invoke(
        &self,
        event: StreamEvent,
        deadline: Deadline,
        line: &mut Invocation,
    ) -> Result<Answer, Failure> {
        let numbers: Vec<_> =
            event.records.iter().map(|record| record.change.sequence_number.clone()).collect();
        let followed = self.0.follow(event.records, deadline).await;
        line.field("records", numbers.len()).counts(followed.counts.iter().copied());
        answer(&followed, &numbers)
    }
}

/// The answer for `followed`, with the sequence numbers of the batch's records.
///
/// Fails as a whole if the first failed record has no sequence number to restart from: all are delivered again.
fn answer(followed: &Followed, sequence_numbers: &[Option<String>]) -> Result<Answer, Failure> {
    let Some(place) = followed.first_failed else { return Ok(Answer::default()) };
    match sequence_numbers.get(place).cloned().flatten().filter(|number| !number.is_empty()) {
        Some(item_identifier) => Ok(Answer { batch_item_failures: vec![ItemFailure { item_identifier }] }),
        None => Err(Failure::new(
            "Stream.NoSequenceNumber",
            format!("record {place} cannot be named; all are repeated"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> [Option<String>; 3] {
        [Some("100".to_owned()), Some("101".to_owned()), None]
    }

    fn failed(place: usize) -> Followed {
        Followed { first_failed: Some(place), counts: Vec::new() }
    }

    #[test]
    fn the_stream_restarts_at_the_first_failed_record() {
        let json =
            |followed| serde_json::to_string(&answer(&followed, &numbers()).expect("named")).expect("JSON");
        assert_eq!(json(failed(1)), r#"{"batchItemFailures":[{"itemIdentifier":"101"}]}"#);
        assert_eq!(json(Followed::default()), r#"{"batchItemFailures":[]}"#);
    }

    #[test]
    fn a_record_that_cannot_be_named_fails_the_batch() {
        assert!(answer(&failed(2), &numbers()).is_err());
        assert!(answer(&failed(9), &numbers()).is_err());
    }
}
