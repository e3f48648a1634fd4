//! What may pass and what may not, event by event.

use semel_contracts::borrowed::EnvelopeRef;
use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-11-22T16:50:00.000Z";
const ID: &str = "0193557d-2a4b-7c1e-8f00-0123456789ab";

fn page_viewed() -> Value {
    json!({
        "event_id": ID,
        "event_type": "PageViewed",
        "timestamp": "2026-11-22T16:49:59.000Z",
        "data": {
            "session_id": "s-1", "customer_id": "ada", "page": "/mugs",
            "client": {"kind": "web", "os": "Linux", "app_version": "1.0", "locale": "en"},
        },
        "metadata": {
            "producer_id": "web", "version": "1.0", "aggregate_id": "s-1", "sequence": 1, "correlation_id": "s-1",
        },
    })
}

fn shelf_counted() -> Value {
    json!({
        "event_id": ID,
        "event_type": "ShelfCounted",
        "timestamp": "2026-11-22T16:49:59.000Z",
        "data": {"device_id": "d-1", "warehouse": "par1", "shelf": "A-1", "sku": "MUG-BLUE", "quantity": 7},
        "metadata": {
            "producer_id": "shelf", "version": "1.0", "aggregate_id": "d-1", "sequence": 1, "correlation_id": "d-1",
        },
    })
}

fn with(mut event: Value, pointer: &str, value: Value) -> Value {
    *event.pointer_mut(pointer).expect("the pointer is right") = value;
    event
}

fn verdicts<'a>(events: &'a [String], sender: Sender<'_>) -> Vec<Verdict<'a>> {
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    judge(&events, sender, NOW.parse().expect("a time"))
}

/// An event in the order in which it is usually written.
fn usual(event: &Value) -> String {
    in_order(event, ["event_id", "event_type", "timestamp", "data", "metadata"])
}

/// Says the order itself: that of a [`Value`] depends on features that others turn on.
fn in_order(event: &Value, fields: [&str; 5]) -> String {
    format!("{{{}}}", fields.map(|name| format!("\"{name}\":{}", event[name])).join(","))
}

/// The verdict on an event: the same whether it is read in place or has its data before its type, which cannot be.
#[track_caller]
fn verdict(event: &Value, sender: Sender<'_>) -> Verdict<'static> {
    let unusual = in_order(event, ["data", "event_id", "event_type", "metadata", "timestamp"]);
    let usual = usual(event);
    assert_eq!(EnvelopeRef::read(unusual.as_bytes()), None, "nothing reads this in place");
    let read = |text: String| owned(verdicts(&[text], sender).remove(0));
    let (usual, unusual) = (read(usual), read(unusual));
    assert_eq!(usual, unusual);
    usual
}

fn owned(verdict: Verdict<'_>) -> Verdict<'static> {
    match verdict {
        Verdict::Good { id, key } => Verdict::Good { id, key: key.into_owned().into() },
        Verdict::Repeated { id } => Verdict::Repeated { id },
        Verdict::Rejected(rejection) => Verdict::Rejected(rejection),
    }
}

#[track_caller]
fn assert_rejected(verdict: &Verdict, reason: &str, field: Option<&str>) {
    let Verdict::Rejected(rejection) = verdict else { panic!("expected {reason}, got {verdict:?}") };
    assert_eq!((rejection.reason, rejection.field.as_deref()), (reason, field), "{}", rejection.detail);
    assert!(!rejection.detail.is_empty());
}

#[test]
fn a_good_event_passes_under_its_aggregate() {
    let id: EventId = ID.parse().expect("an id");
    let expected = |key| Verdict::Good { id, key: Cow::Borrowed(key) };
    assert_eq!(verdict(&page_viewed(), Sender::Anyone), expected("s-1"));
    assert_eq!(verdict(&shelf_counted(), Sender::Anyone), expected("d-1"));
}

#[test]
fn an_event_in_the_usual_form_is_not_copied() {
    for event in [page_viewed(), shelf_counted()] {
        let texts = [usual(&event)];
        let verdicts = verdicts(&texts, Sender::Anyone);
        assert!(matches!(&verdicts[0], Verdict::Good { key: Cow::Borrowed(_), .. }), "{verdicts:?}");
    }
}

#[test]
fn what_breaks_the_contract_is_told_with_its_field() {
    let cases = [
        (with(page_viewed(), "/event_type", json!("Nothing")), "unknown_event_type", Some("event_type")),
        (
            with(page_viewed(), "/metadata/version", json!("2.0")),
            "unsupported_version",
            Some("metadata.version"),
        ),
        (
            with(page_viewed(), "/metadata/aggregate_id", json!("s-2")),
            "disagrees",
            Some("metadata.aggregate_id"),
        ),
        (with(page_viewed(), "/data/page", json!(1)), "wrong_type", Some("data.page")),
        (with(page_viewed(), "/data/client/kind", json!("tv")), "invalid_value", Some("data.client.kind")),
        (with(shelf_counted(), "/data/quantity", json!(-1)), "invalid_value", Some("data.quantity")),
        (with(shelf_counted(), "/data", json!({})), "missing_field", Some("data.device_id")),
    ];
    for (event, reason, field) in cases {
        assert_rejected(&verdict(&event, Sender::Anyone), reason, field);
    }
    assert_rejected(&verdicts(&["{".to_owned()], Sender::Anyone)[0], "not_json", None);
}

#[test]
fn nobody_may_say_what_only_a_service_may_say() {
    for &event_type in EventType::ALL {
        let event = with(page_viewed(), "/event_type", json!(event_type.as_str()));
        assert_rejected(&verdict(&event, Sender::Anyone), "not_telemetry", Some("event_type"));
    }
}

#[test]
fn a_clock_may_be_five_minutes_ahead_and_any_time_behind() {
    for (time, passes) in [
        ("1970-01-01T00:00:00.000Z", true),
        ("2026-11-22T16:55:00.000Z", true),
        ("2026-11-22T16:55:00.001Z", false),
    ] {
        let verdict = verdict(&with(page_viewed(), "/timestamp", json!(time)), Sender::Anyone);
        if passes {
            assert!(matches!(verdict, Verdict::Good { .. }), "{time}: {verdict:?}");
        } else {
            assert_rejected(&verdict, "future_timestamp", Some("timestamp"));
        }
    }
}

#[test]
fn an_id_is_of_one_event() {
    let first = page_viewed().to_string();
    let other = with(page_viewed(), "/data/page", json!("/shirts")).to_string();
    let texts = [first.clone(), first, other];
    let verdicts = verdicts(&texts, Sender::Anyone);
    assert!(matches!(verdicts[0], Verdict::Good { .. }));
    assert_eq!(verdicts[1], Verdict::Repeated { id: ID.parse().expect("an id") });
    assert_rejected(&verdicts[2], "id_reused", Some("event_id"));
}

#[test]
fn a_token_speaks_for_its_subject_only() {
    let ada = CustomerId::new("ada").expect("an id");
    let eve = CustomerId::new("eve").expect("an id");
    assert!(matches!(verdict(&page_viewed(), Sender::Customer(&ada)), Verdict::Good { .. }));
    assert_rejected(
        &verdict(&page_viewed(), Sender::Customer(&eve)),
        "not_the_sender",
        Some("data.customer_id"),
    );
    let nobody = with(page_viewed(), "/data/customer_id", json!(null));
    assert!(matches!(verdict(&nobody, Sender::Customer(&eve)), Verdict::Good { .. }));
}

#[test]
fn a_device_speaks_for_itself_only() {
    assert!(matches!(verdict(&shelf_counted(), Sender::Device("d-1")), Verdict::Good { .. }));
    for event in [shelf_counted(), page_viewed()] {
        assert_rejected(&verdict(&event, Sender::Device("d-2")), "not_the_sender", Some("data.device_id"));
    }
}
