//! SQS: sends messages, and puts off when received ones become visible again.

use std::time::Duration;

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, ChangeMessageVisibilityBatchResultEntry,
    MessageAttributeValue, SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};
use semel_exactly_once::{Class, Clock};

use crate::batch::{Answer, Entry, Limits, send_all};
use crate::{AwsError, SystemClock};

/// Batches take 10 entries, and 1 MiB of bodies and attributes together (API reference of `SendMessageBatch`).
const SEND: Limits = Limits { operation: "SQS SendMessageBatch", entries: 10, bytes: 1024 * 1024 };
const DELAY: Limits =
    Limits { operation: "SQS ChangeMessageVisibilityBatch", entries: 10, bytes: usize::MAX };

/// A message can be invisible for 12 hours after it was received.
const DELAY_MAX_S: u64 = 12 * 3600;

const TEXT: &str = "String";

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its body.
    pub body: String,
    /// Text attributes: at most 10, none empty. Their names and values count towards the message's size.
    pub attributes: Vec<(String, String)>,
}

/// A received message that shall not be seen again for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// The handle that it was received with.
    pub receipt_handle: String,
    /// How long, from now; whole seconds, rounded up, at most 12 hours.
    pub time: Duration,
}

/// A queue.
#[derive(Debug, Clone)]
pub struct Queue<C = SystemClock> {
    client: aws_sdk_sqs::Client,
    url: String,
    clock: C,
}

impl Queue {
    pub(crate) fn new(client: aws_sdk_sqs::Client, url: String) -> Self {
        Self { client, url, clock: SystemClock }
    }

    /// Waits and draws jitter by another clock.
    pub fn with_clock<C: Clock>(self, clock: C) -> Queue<C> {
        Queue { client: self.client, url: self.url, clock }
    }
}

impl<C: Clock> Queue<C> {
    /// Sends `messages`; answers one outcome per message, in their order. Only failed ones are repeated.
    pub async fn send(&self, messages: &[Message]) -> Vec<Result<(), AwsError>> {
        let entries: Vec<_> =
            messages.iter().map(|message| Entry { bytes: message.bytes(), lane: None }).collect();
        send_all(SEND, &self.clock, &entries, |batch| {
            let entries: Result<Vec<_>, BuildError> =
                batch.iter().enumerate().map(|(id, &at)| entry(id, &messages[at])).collect();
            async move { self.send_batch(entries.map_err(|error| broken(SEND, &error))?).await }
        })
        .await
    }

    /// Delays received messages; answers one outcome per message, in their order. Only failed ones are repeated.
    pub async fn delay(&self, delays: &[Delay]) -> Vec<Result<(), AwsError>> {
        let entries = vec![Entry { bytes: 0, lane: None }; delays.len()];
        send_all(DELAY, &self.clock, &entries, |batch| {
            let entries: Result<Vec<_>, BuildError> = batch
                .iter()
                .enumerate()
                .map(|(id, &at)| {
                    ChangeMessageVisibilityBatchRequestEntry::builder()
                        .id(id.to_string())
                        .receipt_handle(&delays[at].receipt_handle)
                        .visibility_timeout(whole_seconds(delays[at].time))
                        .build()
                })
                .collect();
            async move { self.delay_batch(entries.map_err(|error| broken(DELAY, &error))?).await }
        })
        .await
    }

    async fn send_batch(&self, entries: Vec<SendMessageBatchRequestEntry>) -> Answer {
        let count = entries.len();
        let answer = self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| AwsError::of(SEND.operation, &error))?;
        Ok(outcomes(
            SEND,
            count,
            answer.successful().iter().map(SendMessageBatchResultEntry::id),
            answer.failed(),
        ))
    }

    async fn delay_batch(&self, entries: Vec<ChangeMessageVisibilityBatchRequestEntry>) -> Answer {
        let count = entries.len();
        let answer = self
            .client
            .change_message_visibility_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| AwsError::of(DELAY.operation, &error))?;
        Ok(outcomes(
            DELAY,
            count,
            answer.successful().iter().map(ChangeMessageVisibilityBatchResultEntry::id),
            answer.failed(),
        ))
    }
}

impl Message {
    /// Its size as SQS counts it: the body, and each attribute's name, type and value.
    pub fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + TEXT.len() + value.len());
        self.body.len() + attributes.sum::<usize>()
    }
}

fn entry(id: usize, message: &Message) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let mut entry = SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(&message.body);
    for (name, value) in &message.attributes {
        let value = MessageAttributeValue::builder().data_type(TEXT).string_value(value).build()?;
        entry = entry.message_attributes(name, value);
    }
    entry.build()
}

/// Both lists name entries by the id they were sent with, which is their position. One in neither is unknown.
fn outcomes<'a>(
    limits: Limits,
    count: usize,
    successful: impl Iterator<Item = &'a str>,
    failed: &[BatchResultErrorEntry],
) -> Vec<Result<(), AwsError>> {
    let unknown =
        AwsError::new(Class::Transient, limits.operation, "NoAnswer", "the answer leaves this entry out");
    let mut outcomes = vec![Err(unknown); count];
    let place = |id: &str| id.parse::<usize>().ok().filter(|&at| at < count);
    for at in successful.filter_map(place) {
        outcomes[at] = Ok(());
    }
    for (at, failed) in failed.iter().filter_map(|failed| Some((place(failed.id())?, failed))) {
        outcomes[at] = Err(AwsError::entry(limits.operation, Some(failed.code()), failed.message()));
    }
    outcomes
}

fn broken(limits: Limits, error: &BuildError) -> AwsError {
    AwsError::new(Class::Fatal, limits.operation, "ConstructionFailure", &error.to_string())
}

fn whole_seconds(time: Duration) -> i32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    i32::try_from(seconds.min(DELAY_MAX_S)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json as value};

    use super::*;
    use crate::wire::{Response, Sent, Wire, json};

    const URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders-dlq";

    fn entries(sent: &Sent) -> Vec<Value> {
        sent.json()["Entries"].as_array().cloned().unwrap_or_default()
    }

    fn answer(sent: &Sent, failed: &[usize], code: &str) -> Response {
        let (bad, good): (Vec<usize>, Vec<usize>) =
            (0..entries(sent).len()).partition(|at| failed.contains(at));
        let good: Vec<_> = good
            .into_iter()
            .map(|at| value!({ "Id": at.to_string(), "MessageId": "m", "MD5OfMessageBody": "" }))
            .collect();
        let bad: Vec<_> = bad
            .into_iter()
            .map(|at| value!({ "Id": at.to_string(), "Code": code, "SenderFault": false }))
            .collect();
        json(200, &value!({ "Successful": good, "Failed": bad }))
    }

    fn message(body: &str) -> Message {
        Message { body: body.to_owned(), attributes: vec![("error".to_owned(), "not JSON".to_owned())] }
    }

    #[tokio::test]
    async fn a_message_carries_its_attributes_as_text() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        assert_eq!(wire.aws().queue(URL).send(&[message("{")]).await, [Ok(())]);
        let sent = &wire.requests()[0];
        assert_eq!(
            (sent.target.as_str(), &sent.json()["QueueUrl"]),
            ("AmazonSQS.SendMessageBatch", &value!(URL))
        );
        let entry = &entries(sent)[0];
        assert_eq!(entry["MessageBody"], "{");
        assert_eq!(
            entry["MessageAttributes"],
            value!({ "error": { "DataType": "String", "StringValue": "not JSON" } })
        );
    }

    #[tokio::test]
    async fn sends_are_filled_to_the_last_byte_with_attributes_counted() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let frame = message("").bytes();
        assert_eq!(frame, "errorStringnot JSON".len());
        let half = message(&"x".repeat(SEND.bytes / 2 - frame));
        let outcomes = wire.aws().queue(URL).send(&[half.clone(), half.clone(), half]).await;
        assert_eq!(outcomes, vec![Ok(()); 3]);
        assert_eq!(wire.requests().iter().map(|sent| entries(sent).len()).collect::<Vec<_>>(), [2, 1]);
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_refused_alone() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let outcomes = wire.aws().queue(URL).send(&[message(&"x".repeat(SEND.bytes)), message("{}")]).await;
        assert_eq!(
            outcomes[0].as_ref().map_err(|error| (error.class, error.code.as_str())),
            Err((Class::Fatal, "EntryTooLarge"))
        );
        assert_eq!(outcomes[1], Ok(()));
    }

    #[tokio::test]
    async fn only_failed_messages_are_sent_again() {
        let wire = Wire::answering(|sent| {
            answer(sent, if entries(sent).len() == 2 { &[1] } else { &[] }, "InternalError")
        });
        assert_eq!(wire.aws().queue(URL).send(&[message("1"), message("2")]).await, vec![Ok(()); 2]);
        assert_eq!(entries(&wire.requests()[1])[0]["MessageBody"], "2");
    }

    #[tokio::test]
    async fn delays_are_whole_seconds_in_batches_of_ten() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let delays: Vec<_> = (0..11)
            .map(|n| Delay { receipt_handle: format!("r{n}"), time: Duration::from_millis(1500) })
            .collect();
        assert_eq!(wire.aws().queue(URL).delay(&delays).await, vec![Ok(()); 11]);
        let requests = wire.requests();
        assert_eq!(requests.iter().map(|sent| entries(sent).len()).collect::<Vec<_>>(), [10, 1]);
        let last = &entries(&requests[1])[0];
        assert_eq!((&last["ReceiptHandle"], &last["VisibilityTimeout"]), (&value!("r10"), &value!(2)));
    }

    #[tokio::test]
    async fn a_receipt_that_has_expired_is_not_tried_again() {
        let wire = Wire::answering(|sent| answer(sent, &[0], "ReceiptHandleIsInvalid"));
        let delay = Delay { receipt_handle: "old".to_owned(), time: Duration::from_secs(1) };
        let outcomes = wire.aws().queue(URL).delay(&[delay]).await;
        assert_eq!(outcomes[0].as_ref().map_err(|error| error.class), Err(Class::Fatal));
        assert_eq!(wire.requests().len(), 1);
    }

    #[tokio::test]
    async fn an_entry_that_the_answer_leaves_out_is_sent_again() {
        let wire = Wire::answering(|_| json(200, &value!({ "Successful": [], "Failed": [] })));
        let outcomes = wire.aws().queue(URL).send(&[message("1")]).await;
        assert_eq!(outcomes[0].as_ref().map_err(|error| error.class), Err(Class::Transient));
        assert!(wire.requests().len() > 1);
    }

    #[test]
    fn delays_are_bounded() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::MAX.saturating_sub(Duration::from_secs(1))), 43_200);
    }
}
