//! SNS: publishes events to a topic, with the event type as an attribute that filter policies look at.

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use semel_contracts::RawEnvelope;
use semel_exactly_once::{Class, Clock, Publish, PublishError};

use crate::batch::{Answer, Limits};
use crate::publish::publish_all;
use crate::{AwsError, SystemClock};

const OPERATION: &str = "SNS PublishBatch";

/// `PublishBatch` takes 10 messages and, on a topic whose maximum has not been raised, 256 KiB of bodies and
/// attributes together (API reference of `PublishBatch`).
const LIMITS: Limits = Limits { operation: OPERATION, entries: 10, bytes: 256 * 1024 };

const ATTRIBUTE: &str = "event_type";
const ATTRIBUTE_TYPE: &str = "String";

/// A topic.
#[derive(Debug, Clone)]
pub struct Topic<C = SystemClock> {
    client: aws_sdk_sns::Client,
    arn: String,
    clock: C,
}

impl Topic {
    pub(crate) fn new(client: aws_sdk_sns::Client, arn: String) -> Self {
        Self { client, arn, clock: SystemClock }
    }

    /// Waits and draws jitter by another clock.
    pub fn with_clock<C: Clock>(self, clock: C) -> Topic<C> {
        Topic { client: self.client, arn: self.arn, clock }
    }
}

impl<C: Clock> Topic<C> {
    async fn put(&self, entries: Vec<PublishBatchRequestEntry>) -> Answer {
        let count = entries.len();
        let answer = self
            .client
            .publish_batch()
            .topic_arn(&self.arn)
            .set_publish_batch_request_entries(Some(entries))
            .send()
            .await
            .map_err(|error| AwsError::of(OPERATION, &error))?;
        // Both lists name entries by the id they were sent with, which is their position. One in neither is unknown.
        let mut outcomes: Vec<_> =
            vec![Err(AwsError::new(Class::Transient, OPERATION, "NoAnswer", "")); count];
        for sent in answer.successful() {
            if let Some(outcome) = sent.id().and_then(|id| place(id, &mut outcomes)) {
                *outcome = Ok(());
            }
        }
        for failed in answer.failed() {
            if let Some(outcome) = place(failed.id(), &mut outcomes) {
                *outcome = Err(AwsError::entry(OPERATION, Some(failed.code()), failed.message()));
            }
        }
        Ok(outcomes)
    }
}

fn place<'a, T>(id: &str, outcomes: &'a mut [T]) -> Option<&'a mut T> {
    outcomes.get_mut(id.parse::<usize>().ok()?)
}

fn entry(at: usize, event: &RawEnvelope<'_>, body: String) -> Result<PublishBatchRequestEntry, AwsError> {
    let broken = |error: aws_sdk_sns::error::BuildError| {
        AwsError::new(Class::Fatal, OPERATION, "ConstructionFailure", &error.to_string())
    };
    let event_type = MessageAttributeValue::builder()
        .data_type(ATTRIBUTE_TYPE)
        .string_value(event.event_type.as_str())
        .build()
        .map_err(broken)?;
    PublishBatchRequestEntry::builder()
        .id(at.to_string())
        .message(body)
        .message_attributes(ATTRIBUTE, event_type)
        .build()
        .map_err(broken)
}

impl<C: Clock> Publish for Topic<C> {
    async fn publish(&self, events: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        publish_all(
            LIMITS,
            &self.clock,
            events,
            |event, body| body + ATTRIBUTE.len() + ATTRIBUTE_TYPE.len() + event.event_type.as_str().len(),
            |batch| {
                let entries: Result<Vec<_>, AwsError> = batch
                    .into_iter()
                    .enumerate()
                    .map(|(id, (at, body))| entry(id, &events[at], body))
                    .collect();
                async move { self.put(entries?).await }
            },
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::value::RawValue;

    use super::*;
    use crate::wire::{Response, Sent, Wire, event, text};

    const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:orders";

    fn messages(form: &BTreeMap<String, String>) -> Vec<&str> {
        (1..)
            .map_while(|n| form.get(&format!("PublishBatchRequestEntries.member.{n}.Message")))
            .map(String::as_str)
            .collect()
    }

    fn answer(sent: &Sent, failed: &[usize], code: &str) -> Response {
        let count = messages(&sent.form()).len();
        let member = |at: usize, inside: &str| format!("<member><Id>{at}</Id>{inside}</member>");
        let (bad, good): (Vec<usize>, Vec<usize>) = (0..count).partition(|at| failed.contains(at));
        let good: String = good.into_iter().map(|at| member(at, "<MessageId>m</MessageId>")).collect();
        let fault = format!("<Code>{code}</Code><SenderFault>false</SenderFault>");
        let bad: String = bad.into_iter().map(|at| member(at, &fault)).collect();
        text(
            200,
            format!(
                "<PublishBatchResponse><PublishBatchResult><Successful>{good}</Successful><Failed>{bad}</Failed>\
                 </PublishBatchResult></PublishBatchResponse>"
            ),
        )
    }

    fn data(bytes: usize) -> Box<RawValue> {
        RawValue::from_string(format!("\"{}\"", "x".repeat(bytes))).expect("JSON")
    }

    #[tokio::test]
    async fn a_message_is_the_bare_envelope_with_its_type_as_an_attribute() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let data = data(1);
        let event = event(1, 1, &data);
        assert_eq!(wire.aws().topic(TOPIC).publish(std::slice::from_ref(&event)).await, [Ok(())]);
        let form = wire.requests()[0].form();
        assert_eq!(form["TopicArn"], TOPIC);
        assert_eq!(messages(&form), [event.encode().expect("encodes")]);
        let attribute = "PublishBatchRequestEntries.member.1.MessageAttributes.entry.1";
        assert_eq!(form[&format!("{attribute}.Name")], "event_type");
        assert_eq!(form[&format!("{attribute}.Value.DataType")], "String");
        assert_eq!(form[&format!("{attribute}.Value.StringValue")], "OrderCancelled");
    }

    #[tokio::test]
    async fn calls_are_filled_to_the_byte_with_attributes_counted() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let empty = data(0);
        let frame =
            event(1, 1, &empty).encode().expect("encodes").len() + "event_typeStringOrderCancelled".len();
        let half = data(LIMITS.bytes / 2 - frame);
        let events = [event(1, 1, &half), event(2, 1, &half), event(3, 1, &half)];
        assert_eq!(wire.aws().topic(TOPIC).publish(&events).await, vec![Ok(()); 3]);
        let sizes: Vec<_> = wire.requests().iter().map(|sent| messages(&sent.form()).len()).collect();
        assert_eq!(sizes, [2, 1]);
    }

    #[tokio::test]
    async fn only_failed_entries_are_sent_again() {
        let wire = Wire::answering(|sent| {
            let count = messages(&sent.form()).len();
            answer(sent, if count == 3 { &[0, 2] } else { &[] }, "InternalError")
        });
        let data = data(1);
        let events: Vec<_> = (0..3).map(|order| event(order, 1, &data)).collect();
        assert_eq!(wire.aws().topic(TOPIC).publish(&events).await, vec![Ok(()); 3]);
        let again = wire.requests()[1].form();
        assert_eq!(
            messages(&again),
            [events[0].encode().expect("encodes"), events[2].encode().expect("encodes")]
        );
    }

    #[tokio::test]
    async fn a_refused_entry_is_fatal() {
        let wire = Wire::answering(|sent| answer(sent, &[1], "InvalidParameter"));
        let data = data(1);
        let events = [event(1, 1, &data), event(2, 1, &data)];
        let outcomes = wire.aws().topic(TOPIC).publish(&events).await;
        assert_eq!(outcomes[0], Ok(()));
        let error = outcomes[1].as_ref().expect_err("refused");
        assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "InvalidParameter"));
        assert_eq!(wire.requests().len(), 1);
    }
}
