//! What can never be published: a dead letter, once, from which it can be published again.

use std::time::Duration;

use semel_contracts::decode;
use semel_exactly_once::Class;
use semel_lambda::stream::StreamRecord;

use super::fixture::{
    Carrier, World, attribute, count, follow_to_the_end, from_json, ids, record_json, stream,
};

#[test]
fn an_event_that_is_refused_for_good_becomes_a_letter_and_its_neighbours_proceed() {
    let world = World::default();
    let records = stream();
    let bad = &ids(&records)[1];
    world.bus.refuse(bad, Class::Fatal, "EntryTooLarge");
    let followed = world.follow(&records);
    assert_eq!((followed.first_failed, count(&followed, "dead_lettered")), (None, 1));
    assert_eq!((world.bus.ids().len(), world.topic.ids().len()), (3, 4));
    let letter = &world.letters()[0];
    assert_eq!(attribute(letter, "event_id"), Some(bad.as_str()));
    assert_eq!(attribute(letter, "error_class"), Some("EntryTooLarge"));
    assert_eq!(
        (attribute(letter, "consumer"), attribute(letter, "record_id")),
        (Some("relay"), Some("record-1"))
    );
    assert!(letter.attributes.len() <= 10, "SQS takes ten");
    assert_eq!(decode(&letter.body).unwrap().event_id.to_string(), *bad, "ready to be published again");
}

#[test]
fn an_outbox_that_cannot_be_read_becomes_a_letter_that_can_be_handed_in_again() {
    let world = World::default();
    let mut records = stream();
    for (bad, code) in [("{", "bad_outbox"), (r#"{"at":1,"events":[{"id":"x"}]}"#, "bad_outbox")] {
        records[1] = from_json(record_json(1, "order#1\u{FFFF}", 2, bad));
        let followed = world.follow(&records);
        assert_eq!((followed.first_failed, count(&followed, "bus")), (None, 3));
        let letter = world.letters().pop().unwrap();
        // The key has a character that ids do not, and that SQS does not take either.
        assert_eq!(attribute(&letter, "error_class"), Some("bad_key"), "{code}");
        assert!(!letter.body.contains('\u{FFFF}'));
        assert_eq!(serde_json::from_str::<StreamRecord>(&letter.body).unwrap(), records[1]);
        records[1] = from_json(record_json(1, "order#1", 2, bad));
        world.follow(&records);
        assert_eq!(attribute(&world.letters().pop().unwrap(), "error_class"), Some(code));
    }
}

#[test]
fn a_letter_that_cannot_be_sent_holds_the_stream_at_its_record() {
    let mut world = World::default();
    world.letters.broken = true;
    let mut records = stream();
    records[1] = from_json(record_json(1, "order#1", 2, "{"));
    let followed = world.follow(&records);
    assert_eq!((followed.first_failed, count(&followed, "dead_lettered")), (Some(1), 0));
    world.letters.broken = false;
    assert_eq!(world.follow(&records[1..]).first_failed, None);
    assert_eq!(world.letters().len(), 1);
}

#[test]
fn what_comes_again_anyway_gets_its_letter_then() {
    let world = World { bus: Carrier::tripping(0, false), ..World::default() };
    let mut records = stream();
    records[3] = from_json(record_json(3, "order#9", 2, "{"));
    assert_eq!(follow_to_the_end(&records, |rest| world.follow(rest)), 2);
    assert_eq!(world.letters().len(), 1, "one letter, though the record came twice");
}

#[test]
fn an_unknown_event_type_waits_for_a_newer_relay_but_not_for_ever() {
    let world = World::default();
    let mut records = stream();
    let outbox = r#"{"at":1,"events":[{"id":"AQEBAQEBAQEBAQEBAQEBAQ","cause":"AQEBAQEBAQEBAQEBAQEBAQ","type":"OrderSung","data":1}]}"#;
    records[2] = from_json(record_json(2, "order#2", 1, outbox));
    let followed = world.follow(&records);
    assert_eq!((followed.first_failed, count(&followed, "bus")), (Some(2), 2), "nothing passes it");
    assert!(world.letters().is_empty());
    world.clock.advance(Duration::from_mins(15));
    assert_eq!(world.follow(&records[2..]).first_failed, None);
    assert_eq!(attribute(&world.letters()[0], "error_class"), Some("unknown_event_type"));
}
