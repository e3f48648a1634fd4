//! The relay as a whole, over ports in memory: what goes where, and what is passed over.

#![allow(clippy::unwrap_used)]

mod carriers;
mod envelopes;
mod fixture;
mod kafka;
mod letters;

use semel_contracts::decode;
use semel_testkit::sample;

use self::fixture::{World, count, from_json, ids, record_json, stream};

#[test]
fn every_event_goes_to_the_bus_and_what_is_fanned_out_to_the_topic_as_well() {
    let world = World::default();
    let records = stream();
    let followed = world.follow(&records);
    assert_eq!(followed.first_failed, None);
    assert_eq!(world.bus.ids(), ids(&records));
    assert_eq!(
        world.topic.bodies(),
        world.bus.bodies(),
        "orders that are placed and cancelled are fanned out"
    );
    assert_eq!((count(&followed, "events"), count(&followed, "bus")), (4, 4));
    assert_eq!((count(&followed, "topic"), count(&followed, "skipped")), (4, 0));
}

#[test]
fn only_orders_that_are_placed_or_cancelled_are_fanned_out() {
    let world = World::default();
    let data = serde_json::to_string(&sample::paid()).unwrap();
    let outbox = format!(
        r#"{{"at":1,"events":[{{"id":"AQEBAQEBAQEBAQEBAQEBAQ","cause":"AgICAgICAgICAgICAgICAg","type":"PaymentProcessed","data":{data}}}]}}"#
    );
    let key = format!("payment#{}", sample::order_id());
    world.follow(&[from_json(record_json(0, &key, 3, &outbox))]);
    assert!(world.topic.bodies().is_empty());
    let envelope = decode(&world.bus.bodies()[0]).unwrap();
    assert_eq!((envelope.metadata.producer_id.as_str(), envelope.metadata.sequence), ("payments", 3));
}

#[test]
fn deletions_items_without_events_and_versions_that_stay_are_skipped() {
    let world = World::default();
    let outbox = r#"{"at":1,"events":[]}"#;
    let mut deleted = record_json(0, "order#1", 2, "{");
    deleted["eventName"] = "REMOVE".into();
    let mut counter = record_json(1, "sku#MUG", 2, outbox);
    counter["dynamodb"]["NewImage"].as_object_mut().unwrap().remove("outbox");
    let mut touched = record_json(2, "order#1", 2, "{");
    touched["dynamodb"]["OldImage"]["version"]["N"] = "2".into();
    let nothing = record_json(3, "order#1", 2, outbox);
    let followed = world.follow(&[deleted, counter, touched, nothing].map(from_json));
    assert_eq!((followed.first_failed, count(&followed, "skipped")), (None, 4));
    assert!(world.bus.bodies().is_empty() && world.letters().is_empty());
}

#[test]
fn a_shard_that_is_replayed_publishes_the_same_bytes() {
    let world = World::default();
    world.follow(&stream());
    let first = world.bus.bodies();
    world.follow(&stream());
    assert_eq!(world.bus.bodies()[first.len()..], first);
}

#[test]
fn the_samples_are_answered_as_they_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/relay");
    for (case, published, dead_lettered) in
        [("good", 1, 0), ("duplicate", 2, 0), ("malformed", 1, 2), ("malformed-unknown-event-type", 0, 1)]
    {
        let text = std::fs::read_to_string(format!("{folder}/{case}.json")).unwrap();
        let event: semel_lambda::stream::StreamEvent = serde_json::from_str(&text).unwrap();
        let world = World::default();
        let followed = world.follow(&event.records);
        assert_eq!(followed.first_failed, None, "{case}");
        let counts = ["bus", "topic", "dead_lettered"].map(|name| count(&followed, name));
        assert_eq!(counts, [published, published, dead_lettered], "{case}");
        assert_eq!(world.bus.ids().len() as u64, published, "what leaves keeps the contract");

        let followed = world.follow_to_kafka(&event.records);
        assert_eq!(followed.first_failed, None, "{case}");
        let counts = ["kafka", "dead_lettered"].map(|name| count(&followed, name));
        assert_eq!(counts, [published, dead_lettered], "{case}");
        assert_eq!(world.kafka.bodies(), world.bus.bodies(), "the same bytes");
    }
}
