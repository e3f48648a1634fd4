//! Telemetry events: written, read, and refused. What each field allows is compared with the schemas elsewhere.

use semel_contracts::{
    Envelope, EventType, Fault, MAX_ENVELOPE_BYTES, Telemetry, TelemetryType, decode, decode_telemetry,
};
use serde_json::{Value, json};

/// An event of each type with nothing that may be left out.
fn events() -> Vec<Value> {
    let client = json!({"kind": "web", "os": "Linux", "app_version": "1.0", "locale": "en"});
    let data = [
        ("PageViewed", json!({"session_id": "s-1", "page": "/", "client": client})),
        ("ProductViewed", json!({"session_id": "s-1", "sku": "MUG", "client": client})),
        ("CartUpdated", json!({"session_id": "s-1", "sku": "MUG", "quantity": 0, "client": client})),
        (
            "ShelfCounted",
            json!({"device_id": "d-1", "warehouse": "w", "shelf": "A", "sku": "MUG", "quantity": 0}),
        ),
        (
            "ItemScanned",
            json!({
                "device_id": "d-1", "warehouse": "w", "shelf": "A", "sku": "MUG", "direction": "in", "quantity": 1,
            }),
        ),
        (
            "DeviceReported",
            json!({
                "device_id": "d-1", "battery_percent": 0, "signal_dbm": -150, "temperature_decicelsius": -1000,
                "firmware": "1", "uptime_seconds": 0, "errors": 0,
            }),
        ),
    ];
    data.map(|(event_type, data)| {
        let aggregate_id = data.get("session_id").or(data.get("device_id")).cloned();
        json!({
            "event_id": "0193557d-2a4b-7c1e-8f00-0123456789ab",
            "event_type": event_type,
            "timestamp": "2026-11-22T16:50:00.123Z",
            "data": data,
            "metadata": {
                "producer_id": "p", "version": "1.0", "aggregate_id": aggregate_id, "sequence": 1,
                "correlation_id": "c",
            },
        })
    })
    .into()
}

fn read(event: &Value) -> Envelope<Telemetry> {
    decode_telemetry(&event.to_string()).expect("is good")
}

fn refused(event: &Value) -> Fault {
    decode_telemetry(&event.to_string()).expect_err("is refused").fault().clone()
}

#[test]
fn every_type_is_read_as_itself_and_written_as_it_was() {
    let events = events();
    let types: Vec<_> = events.iter().map(|event| read(event).event_type()).collect();
    assert_eq!(types, TelemetryType::ALL);
    for event in events {
        let envelope = read(&event);
        let written = envelope.encode().expect("is written");
        assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), event);
        assert_eq!(decode_telemetry(&written).expect("is good"), envelope);
        assert_eq!(envelope.data.event_type(), event["event_type"]);
    }
}

#[test]
fn the_order_of_fields_does_not_matter() {
    for event in events() {
        let field = |name: &str| format!("\"{name}\":{}", event[name]);
        let backwards = ["metadata", "data", "timestamp", "event_type", "event_id"].map(field).join(",");
        assert_eq!(decode_telemetry(&format!("{{{backwards}}}")).expect("is good"), read(&event));
    }
}

#[test]
fn a_family_does_not_read_the_others_events() {
    for event in events() {
        let error = decode(&event.to_string()).expect_err("is no event of an order's life");
        assert!(matches!(error.fault(), Fault::UnknownEventType { .. }), "{error}");
    }
    for &event_type in EventType::ALL {
        let mut event = events().remove(0);
        event["event_type"] = json!(event_type.as_str());
        assert_eq!(refused(&event), Fault::UnknownEventType { name: event_type.as_str().to_owned() });
        assert_eq!(TelemetryType::parse(event_type.as_str()), None);
    }
}

#[test]
fn a_newer_minor_version_is_read_and_its_new_fields_are_ignored() {
    for mut event in events() {
        event["metadata"]["version"] = json!("1.7");
        event["metadata"]["tenant"] = json!("t-1");
        event["data"]["since_1_7"] = json!({"a": [true]});
        event["priority"] = json!(3);
        let envelope = read(&event);
        assert_eq!(envelope.metadata.version.to_string(), "1.7");
        assert_eq!(envelope.event_type().as_str(), event["event_type"]);
    }
}

#[test]
fn an_event_is_bare_and_what_looks_like_the_bus_is_an_unknown_field() {
    let mut event = events().remove(0);
    event["detail"] = json!({"event_id": 1});
    event["source"] = json!(7);
    read(&event);
    let wrapped =
        json!({"source": "com.ecommerce.clickstream", "detail-type": "PageViewed", "detail": events()[0]});
    assert_eq!(refused(&wrapped), Fault::MissingField { path: "event_id".to_owned() });
}

#[test]
fn an_event_is_its_sessions_or_its_devices() {
    for mut event in events() {
        event["metadata"]["aggregate_id"] = json!("another");
        let is_device = event["data"].get("device_id").is_some();
        let (expected, because) =
            if is_device { ("d-1", "data.device_id") } else { ("s-1", "data.session_id") };
        let path = "metadata.aggregate_id";
        assert_eq!(refused(&event), Fault::Disagrees { path, expected: expected.to_owned(), because });
    }
}

#[test]
fn a_field_may_be_there_once() {
    for event in events() {
        let once = event.to_string();
        for name in ["event_id", "event_type", "timestamp", "data", "metadata"] {
            let twice = format!("{},\"{name}\":{}}}", &once[..once.len() - 1], event[name]);
            let error = decode_telemetry(&twice).expect_err("is refused");
            assert!(
                matches!(error.fault(), Fault::InvalidValue { path, .. } if path == name),
                "{name} twice: {error}"
            );
        }
    }
}

#[test]
fn what_is_wrong_is_named_with_its_path() {
    let mut event = events().remove(0);
    event["data"]["client"]["viewport"] = json!({"width": 0, "height": 1});
    let Fault::InvalidValue { path, detail } = refused(&event) else { panic!("{:?}", refused(&event)) };
    assert_eq!(path, "data.client.viewport.width");
    assert!(detail.contains("1 to 32768"), "{detail}");
    event["data"]["client"] = json!({});
    assert_eq!(refused(&event), Fault::MissingField { path: "data.client.kind".to_owned() });
    event["metadata"]["version"] = json!("2.0");
    assert!(matches!(refused(&event), Fault::UnsupportedVersion { .. }), "its shape is not ours to judge");
}

#[test]
fn what_is_too_large_or_no_json_is_not_looked_at() {
    let large = " ".repeat(MAX_ENVELOPE_BYTES + 1);
    assert!(matches!(decode_telemetry(&large).expect_err("too large").fault(), Fault::TooLarge { .. }));
    for body in ["", "{", "{}}", "[1,]"] {
        assert!(
            matches!(decode_telemetry(body).expect_err("no JSON").fault(), Fault::NotJson { .. }),
            "{body:?}"
        );
    }
    for body in ["[]", "1", "null"] {
        assert!(matches!(decode_telemetry(body).expect_err("no object").fault(), Fault::WrongType { .. }));
    }
}
