//! Events through the relay's port.

use krafka::error::ErrorCode;
use krafka::testing::{ApiKey, Control};
use semel_contracts::{EventId, EventType, RawEnvelope};
use semel_exactly_once::{Class, Publish};
use semel_kafka::{KafkaEvents, Publisher, topic_of};
use semel_testkit::sample;
use serde_json::value::RawValue;

mod support;

use support::{TOPIC, broker, settings, values};

/// The `n`-th event, of aggregate `aggregate`.
fn event<'a>(n: u8, aggregate: &str, data: &'a RawValue) -> RawEnvelope<'a> {
    let mut metadata = sample::envelope(n, sample::confirmed()).metadata;
    metadata.aggregate_id = aggregate.parse().expect("an aggregate's id");
    metadata.sequence = u64::from(n);
    RawEnvelope {
        event_id: EventId::from_bytes([n; 16]),
        event_type: EventType::OrderConfirmed,
        timestamp: sample::envelope(n, sample::confirmed()).timestamp,
        data,
        metadata,
    }
}

fn data() -> Box<RawValue> {
    serde_json::value::to_raw_value(&sample::confirmed()).expect("JSON")
}

#[test]
fn an_event_goes_to_the_topic_of_its_service() {
    assert_eq!(topic_of(EventType::OrderCreated), "orders");
    assert_eq!(topic_of(EventType::PaymentProcessed), "payments");
    assert_eq!(topic_of(EventType::InventoryReserved), "inventory");
    assert_eq!(topic_of(EventType::ShipmentCreated), "shipping");
}

#[tokio::test]
async fn an_event_travels_as_its_envelope_keyed_by_its_aggregate() {
    let broker = broker(3).await;
    let data = data();
    let events = [event(1, "a", &data), event(2, "b", &data), event(3, "a", &data)];
    assert_eq!(
        KafkaEvents::new(Publisher::new(settings(&broker))).publish(&events).await,
        [Ok(()), Ok(()), Ok(())]
    );
    let records = broker.committed_records(TOPIC).expect("the log decodes");
    assert_eq!(records.len(), 3);
    for record in &records {
        let value = std::str::from_utf8(record.value.as_deref().expect("a value")).expect("UTF-8");
        let read: RawEnvelope<'_> = serde_json::from_str(value).expect("an envelope");
        assert_eq!(record.key.as_deref(), Some(read.metadata.aggregate_id.as_str().as_bytes()));
    }
}

#[tokio::test]
async fn no_event_overtakes_an_earlier_one_of_its_aggregate_that_failed() {
    let broker = broker(1).await;
    let kafka = KafkaEvents::new(Publisher::new(settings(&broker)));
    let data = data();
    // The first round fails, for a reason that may pass; the second is let through.
    broker.on_once(ApiKey::Produce, |_| Control::Error(ErrorCode::OutOfOrderSequenceNumber));
    let events = [event(1, "a", &data), event(2, "a", &data), event(3, "a", &data)];
    let outcomes = kafka.publish(&events).await;
    let codes: Vec<String> =
        outcomes.into_iter().map(|outcome| outcome.expect_err("not sent")).map(|error| error.code).collect();
    assert_eq!(codes, ["OutOfOrderSequenceNumber", "HeldBack", "HeldBack"]);
    assert_eq!(values(&broker, TOPIC).len(), 0);
    assert_eq!(kafka.publish(&events).await, [Ok(()), Ok(()), Ok(())]);
    let written: Vec<String> = events.iter().map(|event| event.encode().expect("encodes")).collect();
    assert_eq!(values(&broker, TOPIC), written);
}

#[tokio::test]
async fn an_event_that_can_never_be_sent_holds_nothing_back() {
    let broker = broker(1).await;
    let kafka = KafkaEvents::new(Publisher::new(settings(&broker)));
    let (large, data) =
        (RawValue::from_string(format!("\"{}\"", "x".repeat(300_000))).expect("JSON"), data());
    let events = [event(1, "a", &large), event(2, "a", &data)];
    let outcomes = kafka.publish(&events).await;
    let refused = outcomes[0].as_ref().expect_err("too large");
    assert_eq!((refused.class, refused.code.as_str()), (Class::Fatal, "too_large"));
    assert_eq!(outcomes[1], Ok(()));
}

#[tokio::test]
async fn in_a_transaction_all_events_of_a_call_are_written_or_none() {
    let broker = broker(1).await;
    let kafka = KafkaEvents::new(Publisher::new(settings(&broker).transactional("relay-1")));
    let data = data();
    let events = [event(1, "a", &data), event(2, "a", &data), event(3, "b", &data)];
    assert_eq!(kafka.publish(&events).await, [Ok(()), Ok(()), Ok(())]);
    assert_eq!(broker.request_count(ApiKey::EndTxn), 1);
    assert_eq!(values(&broker, TOPIC).len(), 3);
}
