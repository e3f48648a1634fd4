//! Carriers that fail, refuse or do not answer: nothing is lost, and nothing passes what waits.

use semel_exactly_once::Class;

use super::fixture::{Carrier, Silent, World, count, follow, follow_to_the_end, ids, stream};
use crate::handler::Relay;
use crate::route::BusAndTopic;

#[test]
fn a_carrier_that_fails_at_any_event_before_or_after_taking_it_gets_everything_in_order() {
    let records = stream();
    let all = ids(&records);
    for at in 0..all.len() {
        for taken in [false, true] {
            for failing in ["bus", "topic", "kafka"] {
                let mut world = World::default();
                let carrier = Carrier::tripping(at, taken);
                match failing {
                    "bus" => world.bus = carrier,
                    "topic" => world.topic = carrier,
                    _ => world.kafka = carrier,
                }
                let attempts = [
                    follow_to_the_end(&records, |rest| world.follow(rest)),
                    follow_to_the_end(&records, |rest| world.follow_to_kafka(rest)),
                ];
                let expected = if failing == "kafka" { [1, 2] } else { [2, 1] };
                assert_eq!(attempts, expected, "event {at} at {failing}");
                for carrier in [&world.bus, &world.topic, &world.kafka] {
                    let arrived = carrier.ids();
                    let first = |id: &String| arrived.iter().position(|a| a == id).expect("arrived");
                    assert!(
                        first(&all[0]) < first(&all[1]) && first(&all[2]) < first(&all[3]),
                        "{arrived:?}"
                    );
                }
                assert!(world.letters().is_empty() && world.kafka_letters().is_empty());
            }
        }
    }
}

#[test]
fn the_stream_restarts_at_the_first_record_that_is_not_published() {
    let world = World { bus: Carrier::tripping(2, false), ..World::default() };
    let records = stream();
    let followed = world.follow(&records);
    assert_eq!(followed.first_failed, Some(2));
    assert_eq!((count(&followed, "bus"), count(&followed, "topic")), (2, 4));
    assert_eq!(world.follow(&records[2..]).first_failed, None);
}

#[test]
fn a_carrier_that_refuses_everybody_holds_the_stream_instead_of_emptying_it() {
    let world = World::default();
    let records = stream();
    for id in ids(&records) {
        world.topic.refuse(&id, Class::Fatal, "AuthorizationErrorException");
    }
    assert_eq!(world.follow(&records).first_failed, Some(0));
    assert!(world.letters().is_empty());
}

#[test]
fn a_carrier_that_does_not_answer_in_time_has_its_events_repeated() {
    let World { topic, letters, clock, .. } = World::default();
    let relay = Relay::new(BusAndTopic { bus: Silent, topic: topic.clone() }, letters, clock);
    let followed = follow(&relay, &stream());
    assert_eq!((followed.first_failed, count(&followed, "bus")), (Some(0), 0));
    assert_eq!(topic.ids().len(), 4, "the other carrier has not waited");
}
