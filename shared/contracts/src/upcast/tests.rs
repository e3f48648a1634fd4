//! Reading older versions, tried on a family of the tests' own whose types have seen more than the platform's have.

use serde::de::DeserializeSeed;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Data, Misfit, Upcast, word};
use crate::decode::read_bare;
use crate::family::family;
use crate::telemetry::DeviceId;
use crate::{ContractError, Envelope, Fault, SchemaVersion};

/// Version 1 had `warm`, `yes` or `no`; version 2 `degrees`; version 3 has it in tenths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measured {
    device_id: DeviceId,
    tenths: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Has never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Started {
    device_id: DeviceId,
}

crate::strict::object!(Measured, Started);

fn warm_to_degrees(data: &mut Data) -> Result<(), Misfit> {
    let degrees = if word(data, "warm", &["yes", "no"])? == "yes" { 30 } else { 10 };
    data.insert("degrees".to_owned(), degrees.into());
    Ok(())
}

fn degrees_to_tenths(data: &mut Data) -> Result<(), Misfit> {
    let degrees = data.get("degrees").ok_or(Misfit::Missing("degrees"))?.as_u64();
    let degrees = degrees.ok_or_else(|| Misfit::WrongType("degrees", "expected an integer".to_owned()))?;
    let tenths = degrees.checked_mul(10).ok_or_else(|| Misfit::Invalid("degrees", "too hot".to_owned()))?;
    data.insert("tenths".to_owned(), tenths.into());
    Ok(())
}

family! {
    /// What the tests' devices say.
    Sample,
    /// Its types.
    SampleType,
    thermometer(device_id) {
        Measured(3, 1, warm_to_degrees, degrees_to_tenths),
        Started(1, 0),
    }
}

fn event(version: &str, data: &Value) -> Value {
    json!({
        "event_id": "0193557d-2a4b-7c1e-8f00-0123456789ab",
        "event_type": "Measured",
        "timestamp": "2026-11-22T16:50:00.123Z",
        "data": data,
        "metadata": {
            "producer_id": "thermometer", "version": version, "aggregate_id": "d-1", "sequence": 1,
            "correlation_id": "d-1",
        },
    })
}

fn read(event: &Value) -> Result<Envelope<Sample>, ContractError> {
    read_bare(event.to_string().as_bytes())
}

fn tenths(envelope: &Envelope<Sample>) -> u32 {
    let Sample::Measured(measured) = &envelope.data else { panic!("{envelope:?}") };
    measured.tenths
}

fn fault(version: &str, data: &Value) -> Fault {
    let error = read(&event(version, data)).expect_err("is refused");
    assert_eq!(error.upcast_from().map(|version| version.to_string()).as_deref(), Some(version), "{error}");
    assert!(error.to_string().contains(&format!("in version {version}")), "{error}");
    error.fault().clone()
}

#[test]
fn every_version_comes_out_as_the_newest() {
    for (version, data, expected) in [
        ("1.0", json!({"device_id": "d-1", "warm": "yes"}), 300),
        ("1.7", json!({"device_id": "d-1", "warm": "no", "of_1_7": {"a": [1]}}), 100),
        ("2.0", json!({"device_id": "d-1", "degrees": 21}), 210),
        ("3.0", json!({"device_id": "d-1", "tenths": 215}), 215),
    ] {
        let envelope = read(&event(version, &data)).expect("is read");
        assert_eq!(tenths(&envelope), expected, "{version}");
        let written = if version == "3.0" { "3.0" } else { "3.1" };
        assert_eq!(envelope.metadata.version.to_string(), written, "{version}");
    }
}

#[test]
fn the_version_decides_even_if_the_data_pass_for_the_newest() {
    let data = json!({"device_id": "d-1", "warm": "yes", "degrees": 5, "tenths": 7});
    for (version, expected) in [("1.0", 300), ("2.0", 50), ("3.0", 7)] {
        assert_eq!(tenths(&read(&event(version, &data)).expect("is read")), expected, "{version}");
    }
}

#[test]
fn what_an_old_version_did_not_allow_is_named_with_that_version() {
    let missing = |path: &str| Fault::MissingField { path: path.to_owned() };
    assert_eq!(fault("1.0", &json!({"device_id": "d-1"})), missing("data.warm"));
    assert_eq!(fault("2.3", &json!({"device_id": "d-1"})), missing("data.degrees"));
    assert_eq!(fault("1.0", &json!({"warm": "yes"})), missing("data.device_id"));
    let invalid = |fault: Fault, at: &str| matches!(fault, Fault::InvalidValue { path, .. } if path == at);
    assert!(invalid(fault("1.0", &json!({"device_id": "d-1", "warm": "maybe"})), "data.warm"));
    assert!(invalid(fault("2.0", &json!({"device_id": "d-1", "degrees": u64::MAX})), "data.degrees"));
    assert!(invalid(fault("2.0", &json!({"device_id": "a b", "degrees": 1})), "data.device_id"));
    let mistyped = |fault: Fault, at: &str| matches!(fault, Fault::WrongType { path, .. } if path == at);
    assert!(mistyped(fault("1.0", &json!({"device_id": "d-1", "warm": null})), "data.warm"));
    assert!(mistyped(fault("1.0", &json!({"device_id": "d-1", "warm": "yes", "note": 1})), "data.note"));
    for data in [json!([]), json!("text"), json!(null)] {
        assert!(mistyped(fault("1.0", &data), "data"), "{data}");
    }
    let disagrees = fault("1.0", &json!({"device_id": "d-2", "warm": "yes"}));
    assert!(matches!(disagrees, Fault::Disagrees { path: "metadata.aggregate_id", .. }), "{disagrees:?}");
}

#[test]
fn an_envelope_is_as_good_as_it_must_be_whatever_its_data_are() {
    let data = json!({"device_id": "d-1", "warm": "yes"});
    for field in ["event_id", "timestamp", "data"] {
        let mut less = event("1.0", &data);
        less.as_object_mut().expect("an object").remove(field);
        let error = read(&less).expect_err("is refused");
        assert_eq!(error.fault(), &Fault::MissingField { path: field.to_owned() });
    }
    let mut wrong = event("1.0", &data);
    wrong["metadata"]["sequence"] = json!("1");
    let error = read(&wrong).expect_err("is refused");
    assert!(matches!(error.fault(), Fault::WrongType { path, .. } if path == "metadata.sequence"), "{error}");
}

#[test]
fn a_field_that_is_there_twice_is_refused_at_every_depth() {
    let whole =
        event("1.0", &json!({"device_id": "d-1", "warm": "yes", "of_1_1": {"a": [{"b": 1}]}})).to_string();
    assert!(read_bare::<Sample>(whole.as_bytes()).is_ok());
    for (once, twice, at) in [
        (r#""warm":"yes""#, r#""warm":"no","warm":"yes""#, "data.warm"),
        (r#""b":1"#, r#""b":1,"b":1"#, "data.of_1_1.a[0].b"),
        (r#""sequence":1"#, r#""sequence":1,"sequence":1"#, "metadata.sequence"),
    ] {
        let error = read_bare::<Sample>(whole.replace(once, twice).as_bytes()).expect_err("is refused");
        assert!(matches!(error.fault(), Fault::InvalidValue { path, .. } if path == at), "{at}: {error}");
    }
}

#[test]
fn no_version_and_newer_ones_have_no_steps() {
    let data = json!({"device_id": "d-1", "warm": "yes", "degrees": 5, "tenths": 7});
    for found in [SchemaVersion { major: 0, minor: 9 }, SchemaVersion { major: 4, minor: 0 }] {
        let error = read(&event(&found.to_string(), &data)).expect_err("is refused");
        let known = SampleType::Measured.version();
        assert_eq!(error.fault(), &Fault::UnsupportedVersion { found, known });
        assert_eq!(error.upcast_from(), None);
    }
}

#[test]
fn every_type_has_a_step_for_each_version_before_its_newest() {
    let steps: Vec<usize> = SampleType::ALL.iter().map(|kind| kind.steps().len()).collect();
    assert_eq!(steps, [2, 0]);
    // The seed is what reads data of the newest version alone.
    let newest = SampleType::Started.deserialize(json!({"device_id": "d-1"})).expect("is read");
    assert_eq!((newest.event_type(), newest.source()), ("Started", "com.ecommerce.thermometer"));
}
