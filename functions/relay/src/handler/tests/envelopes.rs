//! What leaves: an event says where it came from, in the version and the bytes it was written in.

use semel_contracts::{Event, decode};
use semel_exactly_once::Clock;
use semel_testkit::{SimulatedClock, sample};
use serde_json::Value;

use super::fixture::{World, from_json, record_json, stream};

#[test]
fn an_envelope_says_where_its_event_came_from() {
    let world = World::default();
    world.follow(&stream());
    let envelope = decode(&world.bus.bodies()[1]).unwrap();
    assert!(matches!(envelope.data, Event::OrderCancelled(_)));
    assert_eq!(envelope.timestamp, SimulatedClock::default().now());
    let metadata = envelope.metadata;
    let id = "01010101-0101-0101-0101-010101010101";
    assert_eq!((metadata.producer_id.as_str(), metadata.sequence), ("orders", 2));
    assert_eq!((metadata.aggregate_id.as_str(), metadata.correlation_id.as_str()), (id, id));
    assert_eq!(metadata.causation_id.unwrap().as_bytes(), &[17; 16]);
    assert_eq!(metadata.traceparent, None);
    let placed = decode(&world.bus.bodies()[0]).unwrap().metadata;
    assert!(placed.traceparent.is_some_and(|trace| trace.as_str().starts_with("00-0af7")));
}

/// An outbox with one event of a payment, at rest since before this build.
fn payment_outbox(event_type: &str, version: &str, data: &str) -> String {
    format!(
        r#"{{"at":1795366200123,"events":[{{"id":"AQEBAQEBAQEBAQEBAQEBAQ","cause":"AgICAgICAgICAgICAgICAg","type":"{event_type}",{version}"data":{data}}}]}}"#
    )
}

#[test]
fn an_event_is_published_in_the_version_it_was_written_in() {
    let key = format!("payment#{}", sample::order_id());
    let data = |rest: &str| {
        format!(
            r#"{{"order_id":"{}","amount":{{"amount":3998,"currency":"EUR"}},{rest}}}"#,
            sample::order_id()
        )
    };
    let old = data(r#""reason":"capture_failed""#);
    let new = data(r#""stage":"capture","reason":"card_declined""#);
    let mut read = Vec::new();
    for (stored, data, version) in [("", &old, "1.0"), (r#""v":"2.0","#, &new, "2.0")] {
        let world = World::default();
        let outbox = payment_outbox("PaymentDeclined", stored, data);
        world.follow(&[from_json(record_json(0, &key, 3, &outbox))]);
        let body: Value = serde_json::from_str(&world.bus.bodies()[0]).unwrap();
        assert_eq!(body["metadata"]["version"], version);
        assert_eq!(body["data"], serde_json::from_str::<Value>(data).unwrap(), "not touched");
        read.push(decode(&world.bus.bodies()[0]).unwrap());
    }
    assert_eq!(read[0], read[1], "whoever reads it finds the newest");
}

/// A ledger of Kafka's path knows an event by its bytes too: published again by another build, they must be the same.
#[test]
fn what_is_published_again_by_this_build_has_the_bytes_that_the_build_before_gave_it() {
    let world = World::default();
    let order = sample::order_id();
    let data = format!(
        r#"{{"order_id":"{order}","amount":{{"amount":3998,"currency":"EUR"}},"reason":"expired_card"}}"#
    );
    let outbox = payment_outbox("PaymentDeclined", "", &data);
    world.follow(&[from_json(record_json(0, &format!("payment#{order}"), 3, &outbox))]);
    let before = format!(
        r#"{{"event_id":"01010101-0101-0101-0101-010101010101","event_type":"PaymentDeclined","timestamp":"2026-11-22T16:50:00.123Z","data":{data},"metadata":{{"producer_id":"payments","version":"1.0","aggregate_id":"{order}","sequence":3,"correlation_id":"{order}","causation_id":"02020202-0202-0202-0202-020202020202"}}}}"#
    );
    assert_eq!(world.bus.bodies(), [before]);
}
