//! The function that publishes to Kafka, and that an outage of Kafka stays its own.

use semel_contracts::RawEnvelope;
use semel_exactly_once::{Class, Publish, PublishError};

use super::fixture::{
    Silent, World, attribute, count, follow, follow_to_the_end, from_json, ids, record_json, refusal, stream,
};
use crate::handler::Relay;
use crate::route::Kafka;

/// Brokers that are away: a port that refuses.
#[derive(Debug, Clone, Copy)]
struct Away;

impl Publish for Away {
    async fn publish(&self, events: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        vec![Err(refusal(Class::Transient, "Disconnected")); events.len()]
    }
}

#[test]
fn every_event_goes_to_kafka_with_the_bytes_that_the_bus_gets_and_nowhere_else() {
    let (world, records) = (World::default(), stream());
    let followed = world.follow_to_kafka(&records);
    assert_eq!((followed.first_failed, count(&followed, "kafka")), (None, 4));
    assert!(world.bus.bodies().is_empty() && world.topic.bodies().is_empty());
    assert!(
        followed.counts.iter().all(|(name, _)| !["bus", "topic"].contains(name)),
        "{:?}",
        followed.counts
    );

    let followed = world.follow(&records);
    assert!(followed.counts.iter().all(|(name, _)| *name != "kafka"), "{:?}", followed.counts);
    assert_eq!(world.kafka.bodies(), world.bus.bodies());
}

#[test]
fn the_shop_goes_on_while_kafka_is_away_and_kafka_gets_everything_when_it_is_back() {
    let (world, records) = (World::default(), stream());
    let away = Relay::new(Kafka(Away), world.kafka_letters.clone(), world.clock.clone());
    for batch in records.chunks(1) {
        assert_eq!(world.follow(batch).first_failed, None, "an order's event waits for Kafka");
        // Its own reader stays at the first record, however often it is called.
        assert_eq!(follow(&away, &records).first_failed, Some(0));
    }
    assert_eq!(world.bus.ids(), ids(&records));
    assert_eq!(world.topic.ids(), ids(&records));
    assert!(world.kafka_letters().is_empty(), "an outage is no reason to give an event up");

    assert_eq!(follow_to_the_end(&records, |rest| world.follow_to_kafka(rest)), 1);
    assert_eq!(world.kafka.bodies(), world.bus.bodies(), "each once, in order, the same bytes");
    assert!(world.letters().is_empty());
}

#[test]
fn brokers_that_do_not_answer_hold_their_stream_where_they_were_lost() {
    let world = World::default();
    let relay = Relay::new(Kafka(Silent), world.kafka_letters.clone(), world.clock.clone());
    let mut records = stream();
    // A record without events in front of the others needs no broker.
    records.insert(0, from_json(record_json(9, "order#1", 2, r#"{"at":1,"events":[]}"#)));
    // And one that cannot be read behind them is not passed over yet.
    records.push(from_json(record_json(10, "order#1", 3, "{")));
    let followed = follow(&relay, &records);
    assert_eq!((followed.first_failed, count(&followed, "kafka")), (Some(1), 0));
    assert!(world.kafka_letters().is_empty());
}

#[test]
fn what_kafka_refuses_for_good_becomes_a_letter_of_its_own_and_its_neighbours_proceed() {
    let (world, records) = (World::default(), stream());
    let bad = &ids(&records)[2];
    world.kafka.refuse(bad, Class::Fatal, "MessageTooLarge");
    let followed = world.follow_to_kafka(&records);
    assert_eq!((followed.first_failed, count(&followed, "dead_lettered")), (None, 1));
    assert_eq!(world.kafka.ids().len(), 3);
    let letters = world.kafka_letters();
    assert_eq!((letters.len(), attribute(&letters[0], "event_id")), (1, Some(bad.as_str())));
    assert_eq!(attribute(&letters[0], "consumer"), Some("kafka-relay"), "whose letter it is");

    assert_eq!(count(&world.follow(&records), "dead_lettered"), 0, "the bus takes what Kafka does not");
    assert!(world.letters().is_empty());
}

#[test]
fn a_record_that_cannot_be_read_is_a_letter_of_each_function() {
    let (world, mut records) = (World::default(), stream());
    records[1] = from_json(record_json(1, "order#1", 2, "{"));
    for (followed, letters, consumer) in [
        (world.follow(&records), world.letters(), "relay"),
        (world.follow_to_kafka(&records), world.kafka_letters(), "kafka-relay"),
    ] {
        assert_eq!(followed.first_failed, None);
        assert_eq!((letters.len(), attribute(&letters[0], "consumer")), (1, Some(consumer)));
    }
}

#[test]
fn brokers_that_refuse_everybody_hold_the_stream() {
    let (world, records) = (World::default(), stream());
    for id in ids(&records) {
        world.kafka.refuse(&id, Class::Fatal, "TopicAuthorizationFailed");
    }
    assert_eq!(world.follow_to_kafka(&records).first_failed, Some(0));
    assert!(world.kafka_letters().is_empty());
}
