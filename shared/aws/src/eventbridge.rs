//! `EventBridge`: publishes events to a bus.

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use semel_contracts::RawEnvelope;
use semel_exactly_once::{Clock, Publish, PublishError};

use crate::batch::{Answer, Limits};
use crate::publish::publish_all;
use crate::{AwsError, SystemClock};

const OPERATION: &str = "EventBridge PutEvents";

/// `PutEvents` takes 10 entries, and less than 1 MB of entries together (API reference of `PutEvents`). Read as a
/// million bytes: the few percent that the other reading adds are not worth a refused call, and an event with the
/// frame that the bus puts around it still fits into a queue's 1 MiB.
const LIMITS: Limits = Limits { operation: OPERATION, entries: 10, bytes: 999_999 };

/// Size of an entry's `Time`, whatever it is.
const TIME_BYTES: usize = 14;

/// Where the aggregates' own resource names live: the account and region of the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arns {
    /// `arn:<partition>:semel:<region>:<account>:`.
    prefix: String,
}

/// A text that is no ARN with partition, region and account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an ARN with partition, region and account, such as arn:aws:sns:eu-central-1:123456789012:orders"
)]
pub struct InvalidArn(String);

impl Arns {
    /// Takes partition, region and account from the ARN of anything in the same account and region.
    pub fn beside(arn: &str) -> Result<Self, InvalidArn> {
        let mut parts = arn.split(':');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        match (part(), part(), part(), part(), part()) {
            (Some("arn"), Some(partition), Some(_), Some(region), Some(account)) => {
                Ok(Self { prefix: format!("arn:{partition}:semel:{region}:{account}:") })
            }
            _ => Err(InvalidArn(arn.to_owned())),
        }
    }

    /// The ARN of an order's life.
    fn order(&self, id: &str) -> String {
        format!("{}order/{id}", self.prefix)
    }
}

/// An event bus.
#[derive(Debug, Clone)]
pub struct EventBridge<C = SystemClock> {
    client: aws_sdk_eventbridge::Client,
    bus: String,
    arns: Arns,
    clock: C,
}

impl EventBridge {
    pub(crate) fn new(client: aws_sdk_eventbridge::Client, bus: String, arns: Arns) -> Self {
        Self { client, bus, arns, clock: SystemClock }
    }

    /// Waits and draws jitter by another clock.
    pub fn with_clock<C: Clock>(self, clock: C) -> EventBridge<C> {
        EventBridge { client: self.client, bus: self.bus, arns: self.arns, clock }
    }
}

impl<C: Clock> EventBridge<C> {
    /// An entry's size as `EventBridge` counts it: 14 bytes of time, then source, detail type, detail and resources
    /// in UTF-8; the bus's name does not count (user guide, "Calculating `PutEvents` event entry size").
    fn bytes(&self, event: &RawEnvelope<'_>, detail: usize) -> usize {
        let resource = self.arns.prefix.len() + "order/".len() + event.metadata.aggregate_id.as_str().len();
        TIME_BYTES + event.event_type.source().len() + event.event_type.as_str().len() + detail + resource
    }

    async fn put(&self, entries: Vec<PutEventsRequestEntry>) -> Answer {
        let answer = self
            .client
            .put_events()
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| AwsError::of(OPERATION, &error))?;
        Ok(answer
            .entries()
            .iter()
            .map(|entry| match entry.error_code() {
                None => Ok(()),
                code => Err(AwsError::entry(OPERATION, code, entry.error_message())),
            })
            .collect())
    }
}

impl<C: Clock> Publish for EventBridge<C> {
    async fn publish(&self, events: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        publish_all(
            LIMITS,
            &self.clock,
            events,
            |event, detail| self.bytes(event, detail),
            |batch| {
                let entry = |(at, detail): (usize, String)| {
                    let event = &events[at];
                    let time_ms = i64::try_from(event.timestamp.as_millis()).unwrap_or(i64::MAX);
                    PutEventsRequestEntry::builder()
                        .event_bus_name(&self.bus)
                        .time(DateTime::from_millis(time_ms))
                        .source(event.event_type.source())
                        .detail_type(event.event_type.as_str())
                        .resources(self.arns.order(event.metadata.aggregate_id.as_str()))
                        .detail(detail)
                        .build()
                };
                self.put(batch.into_iter().map(entry).collect())
            },
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use semel_exactly_once::Class;
    use serde_json::value::RawValue;
    use serde_json::{Value, json as value};

    use super::*;
    use crate::wire::{Response, Sent, Wire, event, json, refusal};

    fn arns() -> Arns {
        Arns::beside("arn:aws:sns:eu-central-1:123456789012:orders").expect("an ARN")
    }

    fn data(bytes: usize) -> Box<RawValue> {
        RawValue::from_string(format!("\"{}\"", "x".repeat(bytes))).expect("JSON")
    }

    /// Accepts all entries but those at `failed` of the request.
    fn answer(sent: &Sent, failed: &[usize], code: &str) -> Response {
        let count = sent.json()["Entries"].as_array().map_or(0, Vec::len);
        let entries: Vec<Value> = (0..count)
            .map(|at| {
                if failed.contains(&at) { value!({ "ErrorCode": code }) } else { value!({ "EventId": "e" }) }
            })
            .collect();
        json(200, &value!({ "FailedEntryCount": failed.len(), "Entries": entries }))
    }

    #[tokio::test]
    async fn an_entry_says_who_what_when_and_about_what() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let data = RawValue::from_string(r#"{"reason":"deadline_passed"}"#.to_owned()).expect("JSON");
        let event = event(1, 4, &data);
        let bus = wire.aws().event_bus("semel", arns());
        assert_eq!(bus.publish(std::slice::from_ref(&event)).await, [Ok(())]);
        let request = &wire.requests()[0];
        assert_eq!(request.target, "AWSEvents.PutEvents");
        let entry = &request.json()["Entries"][0];
        let order = event.metadata.aggregate_id.as_str();
        assert_eq!(entry["EventBusName"], "semel");
        assert_eq!(entry["Source"], "com.ecommerce.orders");
        assert_eq!(entry["DetailType"], "OrderCancelled");
        assert_eq!(
            entry["Resources"],
            value!([format!("arn:aws:semel:eu-central-1:123456789012:order/{order}")])
        );
        assert_eq!(entry["Time"], value!(1_795_366_200.123));
        assert_eq!(entry["Detail"].as_str(), event.encode().ok().as_deref());
    }

    #[tokio::test]
    async fn eleven_events_are_two_calls_counted_as_such() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let aws = wire.aws();
        let data = data(10);
        let events: Vec<_> = (0..11).map(|order| event(order, 1, &data)).collect();
        assert_eq!(aws.event_bus("semel", arns()).publish(&events).await, vec![Ok(()); 11]);
        let sizes: Vec<_> = wire
            .requests()
            .iter()
            .map(|sent| sent.json()["Entries"].as_array().map_or(0, Vec::len))
            .collect();
        assert_eq!(sizes, [10, 1]);
        assert_eq!(aws.requests().take().requests["EventBridge.PutEvents"], 2);
    }

    #[tokio::test]
    async fn a_call_is_filled_to_the_byte_by_the_services_formula() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let bus = wire.aws().event_bus("semel", arns());
        // Given four events of one size, of which a call takes exactly four.
        let empty = data(0);
        let frame = {
            let event = event(1, 1, &empty);
            bus.bytes(&event, event.encode().expect("encodes").len())
        };
        let fitting = data((LIMITS.bytes + 1) / 4 - frame);
        let events: Vec<_> = (0..4).map(|order| event(order, 1, &fitting)).collect();
        let total: usize =
            events.iter().map(|event| bus.bytes(event, event.encode().expect("encodes").len())).sum();
        assert_eq!(total, LIMITS.bytes + 1, "one byte too many");
        // When they are published, then the last goes alone.
        assert_eq!(bus.publish(&events).await, vec![Ok(()); 4]);
        let sizes: Vec<_> = wire
            .requests()
            .iter()
            .map(|sent| sent.json()["Entries"].as_array().map_or(0, Vec::len))
            .collect();
        assert_eq!(sizes, [3, 1]);
    }

    #[tokio::test]
    async fn only_failed_entries_are_sent_again_with_the_same_bytes() {
        let wire = Wire::answering(|sent| {
            let entries = sent.json()["Entries"].as_array().map_or(0, Vec::len);
            answer(sent, if entries == 3 { &[1] } else { &[] }, "ThrottlingException")
        });
        let data = data(10);
        let events: Vec<_> = (0..3).map(|order| event(order, 1, &data)).collect();
        assert_eq!(wire.aws().event_bus("semel", arns()).publish(&events).await, vec![Ok(()); 3]);
        let requests = wire.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[1].json()["Entries"], value!([requests[0].json()["Entries"][1]]));
    }

    #[tokio::test]
    async fn a_refused_entry_is_fatal_and_its_neighbours_are_published() {
        let wire = Wire::answering(|sent| answer(sent, &[0], "MalformedDetail"));
        let data = data(10);
        let events = [event(1, 1, &data), event(2, 1, &data)];
        let outcomes = wire.aws().event_bus("semel", arns()).publish(&events).await;
        let error = outcomes[0].as_ref().expect_err("refused");
        assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "MalformedDetail"));
        assert_eq!(outcomes[1], Ok(()));
    }

    #[tokio::test]
    async fn an_event_over_the_bound_is_fatal_with_its_size() {
        let wire = Wire::answering(|sent| answer(sent, &[], ""));
        let (large, small) = (data(semel_contracts::MAX_ENVELOPE_BYTES), data(1));
        let outcomes =
            wire.aws().event_bus("semel", arns()).publish(&[event(1, 1, &large), event(1, 2, &small)]).await;
        let error = outcomes[0].as_ref().expect_err("too large");
        assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "too_large"));
        assert!(error.message.contains("bytes"), "{error}");
        assert_eq!(outcomes[1], Ok(()));
    }

    #[tokio::test]
    async fn a_throttled_call_leaves_its_events_to_the_next_attempt() {
        let wire = Wire::answering(|_| refusal(400, "ThrottlingException"));
        let data = data(10);
        let outcomes = wire.aws().event_bus("semel", arns()).publish(&[event(1, 1, &data)]).await;
        assert_eq!(outcomes[0].as_ref().map_err(|error| error.class), Err(Class::Transient));
    }

    #[test]
    fn arns_need_partition_region_and_account() {
        for arn in ["", "semel", "arn:aws:events:eu-central-1", "arn:aws:s3:::bucket", "urn:a:b:c:d:e"] {
            assert_eq!(Arns::beside(arn), Err(InvalidArn(arn.to_owned())));
        }
    }
}
