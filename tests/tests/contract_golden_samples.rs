//! Every golden sample of every release is read by the code of today: what was once released stays readable. A sample
//! of the newest major version is written again as it was; an older one comes out as the newest schema has it.
//!
//! That a sample keeps to its schema is the registry's own check, where the releases are opened.

use std::fs;
use std::path::{Path, PathBuf};

use semel_contracts::{EventType, SchemaVersion, TelemetryType, decode, decode_telemetry, schema};
use serde_json::{Value, json};

/// Every golden sample below a folder.
fn samples(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of releases") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            samples(&path, found);
        } else if path.to_string_lossy().ends_with(".sample.json") {
            found.push(path);
        }
    }
}

/// Reads an event with the decoder of its family; answers what is written of it, and the newest version of its type
/// with that one's schema.
fn read(name: &str, event: &str) -> (Value, SchemaVersion, Value) {
    let sample: Value = serde_json::from_str(event).expect("an event is JSON");
    let event_type = sample["event_type"].as_str().expect("an event has a type");
    let (written, newest, schema) = if let Some(kind) = TelemetryType::parse(event_type) {
        (decode_telemetry(event).map(serde_json::to_value), kind.version(), schema::of(kind))
    } else {
        let kind = EventType::parse(event_type).expect("a type of a family");
        (decode(event).map(serde_json::to_value), kind.version(), schema::of(kind))
    };
    let written = written.unwrap_or_else(|error| panic!("{name}: {error}"));
    (written.expect("an envelope is written as JSON"), newest, schema)
}

/// Holds what was read of an older version to the newest schema.
fn assert_newest(name: &str, written: &Value, newest: SchemaVersion, schema: &Value) {
    assert_eq!(written["metadata"]["version"], newest.to_string(), "{name}");
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let validator = options.build(schema).expect("a schema");
    let violations: Vec<String> = validator.iter_errors(written).map(|error| error.to_string()).collect();
    assert!(violations.is_empty(), "{name}: {violations:?} in {written}");
}

#[test]
fn every_golden_sample_is_read_and_written_as_its_newest_version() {
    let mut found = Vec::new();
    samples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/released"), &mut found);
    assert!(found.len() > EventType::ALL.len() + TelemetryType::ALL.len(), "only {} samples", found.len());
    let mut older = 0;
    for path in found {
        let text = fs::read_to_string(&path).expect("a golden sample");
        let sample: Value = serde_json::from_str(&text).expect("a golden sample is JSON");
        let name = path.display().to_string();
        let (written, newest, schema) = read(&name, &text);
        let version: SchemaVersion =
            sample["metadata"]["version"].as_str().and_then(|text| text.parse().ok()).expect("a version");
        if version.major < newest.major {
            older += 1;
            assert_newest(&name, &written, newest, &schema);
            continue;
        }
        for field in ["event_id", "event_type", "timestamp", "data", "metadata"] {
            assert_eq!(written[field], sample[field], "{name}: {field}");
        }
    }
    assert!(older > 0, "no sample is of an older major version");
}

#[test]
fn whatever_a_payment_declined_of_version_1_said_the_newest_schema_accepts_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/released/com.ecommerce.payments");
    let sample = fs::read_to_string(folder.join("PaymentDeclined/1.0.sample.json")).expect("a golden sample");
    let sample: Value = serde_json::from_str(&sample).expect("a golden sample is JSON");
    let reasons =
        ["card_declined", "insufficient_funds", "expired_card", "invalid_payment_method", "capture_failed"];
    for reason in reasons {
        for (amount, currency) in [(0, "EUR"), (1, "JPY"), (9_007_199_254_740_991_u64, "KWD")] {
            for (version, unknown) in
                [("1.0", json!({})), ("1.9999", json!({"stage": 7, "of": [{"1.9": 1}]}))]
            {
                let mut event = sample.clone();
                event["metadata"]["version"] = json!(version);
                let data = event["data"].as_object_mut().expect("data");
                data.extend(unknown.as_object().expect("fields").clone());
                data.insert("reason".to_owned(), json!(reason));
                data.insert("amount".to_owned(), json!({"amount": amount, "currency": currency}));
                let name = format!("{reason} {amount} {currency} {version}");
                let (written, newest, schema) = read(&name, &event.to_string());
                assert_newest(&name, &written, newest, &schema);
                assert_eq!(written["data"]["amount"], event["data"]["amount"], "{name}");
            }
        }
    }
}
