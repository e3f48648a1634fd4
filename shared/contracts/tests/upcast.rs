//! Events as they were once released, read as the newest version: each step has its golden sample here.

mod generate;

use proptest::prelude::*;
use semel_contracts::events::{DeclineReason, DeclineStage, PaymentDeclined};
use semel_contracts::{Envelope, Event, EventType, Fault, SchemaVersion, decode};
use serde_json::{Value, json};

const RELEASED: &str =
    include_str!("../../../schemas/released/com.ecommerce.payments/PaymentDeclined/1.0.sample.json");

fn released() -> Value {
    serde_json::from_str(RELEASED).expect("a golden sample is JSON")
}

/// `event` as the bus hands it over.
fn on_the_bus(event: &Value) -> String {
    json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "source": "com.ecommerce.payments",
        "detail-type": "PaymentDeclined", "account": "123456789012", "time": "2026-11-22T16:50:00Z",
        "region": "eu-central-1", "resources": [], "detail": event,
    })
    .to_string()
}

fn declined(envelope: &Envelope) -> &PaymentDeclined {
    let Event::PaymentDeclined(declined) = &envelope.data else { panic!("{envelope:?}") };
    declined
}

#[test]
fn a_payment_declined_of_version_1_says_what_was_refused() {
    use DeclineReason::{CardDeclined, ExpiredCard, InsufficientFunds, InvalidPaymentMethod};
    use DeclineStage::{Authorization, Capture};
    for (word, stage, reason) in [
        ("card_declined", Authorization, CardDeclined),
        ("insufficient_funds", Authorization, InsufficientFunds),
        ("expired_card", Authorization, ExpiredCard),
        ("invalid_payment_method", Authorization, InvalidPaymentMethod),
        ("capture_failed", Capture, CardDeclined),
    ] {
        let mut event = released();
        event["data"]["reason"] = json!(word);
        let bare = decode(&event.to_string()).expect("is read");
        assert_eq!((declined(&bare).stage, declined(&bare).reason), (stage, reason), "{word}");
        assert_eq!(decode(&on_the_bus(&event)).expect("is read on the bus"), bare);

        // Nothing else of it has changed.
        let mut expected = event;
        expected["data"]["stage"] = json!(stage.as_str());
        expected["data"]["reason"] = json!(reason.as_str());
        expected["metadata"]["version"] = json!("2.0");
        assert_eq!(serde_json::to_value(&bare).expect("is written"), expected);
    }
}

#[test]
fn what_a_relay_of_before_calls_version_1_keeps_its_stage() {
    let mut event = released();
    event["data"]["reason"] = json!("insufficient_funds");
    for (stage, expected) in [
        (json!("capture"), DeclineStage::Capture),
        (json!("authorization"), DeclineStage::Authorization),
        // Of no version: an unknown field, as any other.
        (json!("delivery"), DeclineStage::Authorization),
        (json!({"of": "a play"}), DeclineStage::Authorization),
    ] {
        event["data"]["stage"] = stage;
        let read = decode(&event.to_string()).expect("is read");
        assert_eq!(declined(&read).stage, expected);
        assert_eq!(declined(&read).reason, DeclineReason::InsufficientFunds);
    }
}

#[test]
fn an_event_of_version_1_is_held_to_version_1() {
    for (reason, path) in [(json!("bored"), "data.reason"), (json!(""), "data.reason")] {
        let mut event = released();
        event["data"]["reason"] = reason;
        for (body, prefix) in [(event.to_string(), ""), (on_the_bus(&event), "detail.")] {
            let error = decode(&body).expect_err("is refused");
            let Fault::InvalidValue { path: found, detail } = error.fault() else { panic!("{error}") };
            assert_eq!(found, &format!("{prefix}{path}"));
            assert!(detail.contains("capture_failed"), "{detail}");
            assert_eq!(error.upcast_from(), Some(SchemaVersion::FIRST));
            assert!(error.to_string().contains("\"PaymentDeclined\" in version 1.0"), "{error}");
        }
    }
    let mut event = released();
    event["metadata"]["version"] = json!("2.0");
    let error = decode(&event.to_string()).expect_err("is refused");
    assert_eq!(error.fault(), &Fault::MissingField { path: "data.stage".to_owned() });
    assert_eq!(error.upcast_from(), None, "it says that it is of the newest");
    event["data"]["stage"] = json!("capture");
    event["data"]["reason"] = json!("capture_failed");
    let error = decode(&event.to_string()).expect_err("is refused");
    assert!(matches!(error.fault(), Fault::InvalidValue { path, .. } if path == "data.reason"), "{error}");
}

#[test]
fn what_the_bus_says_of_an_old_event_must_agree_too() {
    for (field, wrong) in [("source", json!("com.ecommerce.orders")), ("detail-type", json!("OrderCreated"))]
    {
        let mut event: Value = serde_json::from_str(&on_the_bus(&released())).expect("JSON");
        event[field] = wrong;
        let error = decode(&event.to_string()).expect_err("the bus disagrees");
        assert!(matches!(error.fault(), Fault::Disagrees { path, .. } if *path == field), "{error}");
        event.as_object_mut().expect("an object").remove(field);
        let error = decode(&event.to_string()).expect_err("the bus is silent");
        assert_eq!(error.fault(), &Fault::MissingField { path: field.to_owned() });
    }
}

proptest! {
    /// Every event of version 1 is one of version 2 without its stage: the way back is the way there.
    #[test]
    fn any_event_of_version_1_is_read(envelope in generate::envelope_of(EventType::PaymentDeclined), minor in 0..9999_u16) {
        let mut old = serde_json::to_value(&envelope).expect("is written");
        let stage = old["data"].as_object_mut().and_then(|data| data.remove("stage")).expect("a stage");
        if stage == "capture" {
            old["data"]["reason"] = json!("capture_failed");
        }
        old["metadata"]["version"] = json!(format!("1.{minor}"));
        let read = decode(&old.to_string()).expect("is read");
        let mut expected = envelope;
        expected.metadata.version = EventType::PaymentDeclined.version();
        if let (Event::PaymentDeclined(declined), "capture") = (&mut expected.data, stage.as_str().unwrap_or("")) {
            declined.reason = DeclineReason::CardDeclined;
        }
        prop_assert_eq!(&read, &expected);
        let written = read.encode().expect("is written");
        prop_assert_eq!(decode(&written).expect("is read again"), expected);
    }

    /// Old events are read by other code than new ones: it does not panic either, and says what is wrong.
    #[test]
    fn a_damaged_old_event_is_answered(at in any::<prop::sample::Index>(), with in r#"[{}\[\],:"a0]{0,3}"#) {
        let mut wire = RELEASED.trim().as_bytes().to_vec();
        let at = at.index(wire.len());
        wire.splice(at..=at, with.into_bytes());
        if let Err(error) = decode(&wire) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
