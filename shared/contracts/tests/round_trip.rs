//! Whatever can be written can be read again, and writing it again gives the same bytes.

mod generate;

use proptest::prelude::*;
use semel_contracts::{Envelope, Event, RawEnvelope, decode};
use serde_json::value::RawValue;

/// The envelope's JSON as the bus delivers it to a queue.
fn on_the_bus(envelope: &Envelope, detail: &str) -> String {
    format!(
        r#"{{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"{}","source":"{}",
            "account":"123456789012","time":"2026-11-22T16:50:00Z","region":"eu-central-1",
            "resources":["arn:aws:semel:eu-central-1:123456789012:order/{}"],"detail":{detail}}}"#,
        envelope.event_type(),
        envelope.data.source(),
        envelope.order_id(),
    )
}

/// The envelope with its fields the other way round: data before its type.
fn backwards(envelope: &Envelope) -> String {
    let json = |value: Result<String, serde_json::Error>| value.expect("encodes");
    format!(
        r#"{{"metadata":{},"data":{},"timestamp":{},"event_type":{},"event_id":{}}}"#,
        json(serde_json::to_string(&envelope.metadata)),
        json(serde_json::to_string(&envelope.data)),
        json(serde_json::to_string(&envelope.timestamp)),
        json(serde_json::to_string(&envelope.event_type())),
        json(serde_json::to_string(&envelope.event_id)),
    )
}

proptest! {
    #[test]
    fn a_bare_envelope_comes_back_byte_for_byte(envelope in generate::envelope()) {
        let wire = envelope.encode().expect("encodes");
        let read = decode(&wire).expect("decodes");
        prop_assert_eq!(&read, &envelope);
        prop_assert_eq!(read.encode().expect("encodes"), wire);
    }

    #[test]
    fn an_envelope_on_the_bus_comes_back_byte_for_byte(envelope in generate::envelope()) {
        let wire = envelope.encode().expect("encodes");
        let read = decode(&on_the_bus(&envelope, &wire)).expect("decodes");
        prop_assert_eq!(&read, &envelope);
        prop_assert_eq!(read.encode().expect("encodes"), wire);
    }

    #[test]
    fn the_order_of_fields_does_not_matter(envelope in generate::envelope()) {
        let wire = backwards(&envelope);
        prop_assert_eq!(&decode(&wire).expect("decodes bare"), &envelope);
        prop_assert_eq!(&decode(&on_the_bus(&envelope, &wire)).expect("decodes on the bus"), &envelope);
    }

    #[test]
    fn a_raw_envelope_has_the_same_bytes_as_a_typed_one(envelope in generate::envelope()) {
        let data = RawValue::from_string(serde_json::to_string(&envelope.data).expect("encodes")).expect("is JSON");
        let raw = RawEnvelope {
            event_id: envelope.event_id,
            event_type: envelope.event_type(),
            timestamp: envelope.timestamp,
            data: &data,
            metadata: envelope.metadata.clone(),
        };
        prop_assert_eq!(raw.encode().expect("encodes"), envelope.encode().expect("encodes"));
    }

    #[test]
    fn any_bytes_are_answered_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
    }

    /// Cuts a good body anywhere and puts something else there: either it still reads, or the error says why.
    #[test]
    fn a_damaged_body_is_answered_and_never_panics(
        envelope in generate::envelope(),
        at in any::<prop::sample::Index>(),
        with in r#"[{}\[\],:"a0]{0,3}"#,
    ) {
        let mut wire = envelope.encode().expect("encodes").into_bytes();
        let at = at.index(wire.len());
        wire.splice(at..=at, with.into_bytes());
        if let Err(error) = decode(&wire) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn an_event_knows_its_own_type() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&generate::envelope(), |envelope| {
            let event: &Event = &envelope.data;
            prop_assert_eq!(event.event_type().parse(), Ok(event.kind()));
            prop_assert_eq!(event.kind().source(), event.source());
            Ok(())
        })
        .expect("holds for every event");
}
