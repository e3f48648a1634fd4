//! Messages of devices, which nobody answers: nothing of them may be lost.

use semel_aws::Message;
use serde_json::{Value, json};

use super::fixture::{Fixture, gzip, message, page, shelf};

fn attribute<'a>(letter: &'a Message, name: &str) -> &'a str {
    letter.attributes.iter().find(|(of, _)| of == name).map_or("", |(_, value)| value)
}

/// Takes a message whose only letter is told by its reason.
#[track_caller]
fn assert_kept(event: &Value, reason: &str, body: &str) {
    let fixture = Fixture::default();
    let (answer, _) = fixture.invoke(event).expect("taken");
    assert_eq!((answer.rejected, answer.accepted), (1, 0));
    let letters = fixture.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(attribute(&letters[0], "error_class"), reason, "{letters:?}");
    assert!(letters[0].body.contains(body), "{:?} has {body:?}", letters[0].body);
    assert_eq!(fixture.calls(), 0);
}

#[test]
fn a_message_is_published_byte_for_byte_and_costs_no_record() {
    let array = format!("[{} ,\n{}]", shelf(1), shelf(2));
    let lines = format!("{}\n{}\n", shelf(1), shelf(2));
    for bytes in [array.as_bytes(), lines.as_bytes(), &gzip(array.as_bytes())] {
        let fixture = Fixture::default();
        let (answer, counts) = fixture.invoke(&message(bytes)).expect("taken");
        assert_eq!((answer.accepted, answer.events.len()), (2, 2));
        assert!(counts.contains(&("accepted", 2)) && counts.contains(&("dead_lettered", 0)));
        let expected = [1, 2].map(|number| ("d-1".to_owned(), shelf(number).to_string()));
        assert_eq!(fixture.published(), expected);
        assert_eq!((fixture.calls(), fixture.record_writes()), (1, 0));
    }
    let fixture = Fixture::default();
    fixture.invoke(&message(shelf(1).to_string().as_bytes())).expect("taken");
    assert_eq!(fixture.published().len(), 1);
}

#[test]
fn rejected_events_are_kept_with_their_reason_and_good_ones_pass() {
    let fixture = Fixture::default();
    let mut bad = shelf(2);
    bad["data"]["quantity"] = json!(-1);
    let bytes = json!([shelf(1), bad, page(3)]).to_string();
    let (answer, counts) = fixture.invoke(&message(bytes.as_bytes())).expect("taken");
    assert_eq!((answer.accepted, answer.rejected), (1, 2));
    assert!(counts.contains(&("dead_lettered", 2)));
    let letters = fixture.letters();
    assert_eq!(letters[0].body, bad.to_string());
    for (name, value) in [
        ("error_class", "invalid_value"),
        ("consumer", "ingest"),
        ("event_id", bad["event_id"].as_str().expect("an id")),
        ("event_type", "ShelfCounted"),
        ("mqtt_topic", "semel/devices/d-1/events"),
        ("client_id", "c-1"),
        ("failed_at", "2026-01-01T00:00:00.000Z"),
    ] {
        assert_eq!(attribute(&letters[0], name), value, "{name}");
    }
    assert!(attribute(&letters[0], "error").contains("data.quantity"));
    assert_eq!(attribute(&letters[1], "error_class"), "not_the_sender");
}

#[test]
fn an_event_of_a_newer_major_version_is_kept_until_a_build_knows_it() {
    let fixture = Fixture::default();
    let mut newer = shelf(2);
    newer["metadata"]["version"] = json!("2.0");
    newer["data"] = json!({"of": "another shape"});
    let bytes = json!([shelf(1), newer]).to_string();
    let (answer, counts) = fixture.invoke(&message(bytes.as_bytes())).expect("taken");
    assert_eq!((answer.accepted, answer.unsupported), (1, 1));
    assert!(counts.contains(&("dead_lettered", 1)));
    let letters = fixture.letters();
    assert_eq!((attribute(&letters[0], "error_class"), letters.len()), ("unsupported_version", 1));
    assert_eq!(letters[0].body, newer.to_string());
}

#[test]
fn what_is_no_message_is_kept_whole() {
    assert_kept(&message(b""), "not_json", "(no body)");
    assert_kept(&message(b"{\"a\":"), "not_json", "{\"a\":");
    assert_kept(&message(&[0xff, 0x00]), "not_json", "payload");
    assert_kept(&message(&gzip(&[0xff])), "not_json", "payload");
    let mut zip = gzip(b"[]");
    zip.truncate(12);
    assert_kept(&message(&zip), "broken_gzip", "payload");
    assert_kept(&message(&gzip(&vec![b' '; 2_000_000])), "too_large", "payload");
    assert_kept(&json!({"payload": "!", "topic": "t"}), "not_base64", "payload");
    assert_kept(&json!({"payload": "A".repeat(2_000_000)}), "too_large", "AAAA");
}

#[test]
fn only_what_the_rule_selects_is_a_message() {
    for event in [json!(null), json!(1), json!([]), shelf(1), json!([shelf(1)]), json!({"payload": 1})] {
        assert_kept(&event, "not_a_message", &event.to_string());
    }
}

#[test]
fn a_failure_fails_the_invocation_so_that_it_is_repeated() {
    let fixture = Fixture::default();
    let event = message(json!([shelf(1), {}]).to_string().as_bytes());
    fixture.fail_next([0]);
    assert_eq!(
        fixture.invoke(&event).map(|_| ()).map_err(|failure| failure.kind()),
        Err("Ingest.Unpublished")
    );
    assert_eq!(fixture.letters().len(), 0, "letters follow what is published, else they are kept twice");
    fixture.fail_next_letters();
    assert_eq!(
        fixture.invoke(&event).map(|_| ()).map_err(|failure| failure.kind()),
        Err("Ingest.DeadLetters")
    );
    fixture.invoke(&event).expect("taken");
    assert_eq!((fixture.published().len(), fixture.letters().len()), (2, 1));
}
