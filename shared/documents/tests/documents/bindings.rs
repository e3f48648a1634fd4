//! The types: Python holds the golden samples against them, and TypeScript's are compared with the schemas field by
//! field, as no compiler of it is part of the project.

use std::collections::BTreeSet;
use std::process::Command;
use std::{env, fs};

use semel_documents::{asyncapi, python, typescript};
use serde_json::{Value, json};

use crate::source::{platform, registry};

/// Reads types as a type checker would: what stands in a value must be what its type says, and nothing else.
const CHECKER: &str = include_str!("check_samples.py");

/// The first Python that is new enough.
pub fn python_command() -> &'static str {
    let is_new_enough = |name: &&str| {
        let version = ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"];
        Command::new(name).args(version).status().is_ok_and(|status| status.success())
    };
    let names = ["python3", "python3.13", "python3.12", "python3.11"];
    names.into_iter().find(is_new_enough).expect("Python 3.11 or later, as the command needs it too")
}

/// Events with a word about each: whether it keeps to its type.
fn cases() -> Value {
    let mut cases = Vec::new();
    for found in registry().list() {
        let sample = &found.latest().expect("a release").sample;
        cases.push(json!({ "event": sample, "fits": true }));
        let wrong = [
            ("/event_type", json!("NoSuchEvent")),
            ("/data", json!(null)),
            ("/metadata/sequence", json!("1")),
            ("/timestamp", json!(5)),
        ];
        for (place, value) in wrong {
            let mut event = sample.clone();
            *event.pointer_mut(place).expect("a place") = value;
            cases.push(json!({ "event": event, "fits": false }));
        }
        let mut incomplete = sample.clone();
        incomplete["metadata"].as_object_mut().expect("metadata").remove("producer_id");
        cases.push(json!({ "event": incomplete, "fits": false }));
        let mut shorter = sample.clone();
        shorter["metadata"].as_object_mut().expect("metadata").remove("traceparent");
        cases.push(json!({ "event": shorter, "fits": true }));
    }
    let sample =
        registry().latest("com.ecommerce.orders", "OrderConfirmed").expect("a release").sample.clone();
    for (place, value) in [
        ("/data/shipping_method", json!("by balloon")),
        ("/data/total/currency", json!("XXX")),
        ("/data/lines/0/quantity", json!("2")),
        ("/data/ship_to/line2", json!(2)),
    ] {
        let mut event = sample.clone();
        *event.pointer_mut(place).expect("a place") = value;
        cases.push(json!({ "event": event, "fits": false }));
    }
    Value::Array(cases)
}

#[test]
fn python_takes_the_golden_samples_and_refuses_what_is_wrong() {
    let folder = env::temp_dir().join(format!("semel-documents-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in [
        ("events.py", python(&platform())),
        ("check_samples.py", CHECKER.to_owned()),
        ("cases.json", cases().to_string()),
    ] {
        fs::write(folder.join(name), text).expect("a file");
    }
    let mut command = Command::new(python_command());
    command.current_dir(&folder).env("PYTHONDONTWRITEBYTECODE", "1");
    let output =
        command.args(["-W", "error", "check_samples.py", "cases.json"]).output().expect("Python runs");
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).join("");
    fs::remove_dir_all(&folder).expect("the folder goes");
    assert!(output.status.success(), "{said}");
    let count = cases().as_array().map(Vec::len).expect("cases");
    assert_eq!(said.trim(), format!("{count} as expected"));
}

/// The body of a declaration: what is between its name and its end.
fn declared<'t>(text: &'t str, name: &str) -> &'t str {
    let interface = format!("export interface {name} {{\n");
    if let Some((_, after)) = text.split_once(&interface) {
        return after.split_once("\n}\n").expect("an end").0;
    }
    let (_, after) =
        text.split_once(&format!("export type {name} =")).unwrap_or_else(|| panic!("{name} is not declared"));
    after.split_once(";\n").expect("an end").0
}

#[test]
fn typescript_has_every_field_of_every_definition() {
    let platform = platform();
    let text = typescript(&platform);
    let document = asyncapi(&platform);
    let mut fields = 0;
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        if name.ends_with(".OnBus") {
            continue;
        }
        let body = declared(&text, name);
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for field in schema["properties"].as_object().into_iter().flatten().map(|(field, _)| field) {
            let mark = if required.contains(field.as_str()) { "" } else { "?" };
            assert!(body.contains(&format!("  {field}{mark}: ")), "{name}.{field} in {body}");
            fields += 1;
        }
    }
    assert!(fields > 200, "only {fields} fields");
}

#[test]
fn typescript_tells_events_apart_by_their_type() {
    let text = typescript(&platform());
    let names: BTreeSet<&str> = declared(&text, "Event").split('|').map(str::trim).collect();
    let wanted: Vec<String> = registry().list().map(|found| found.record.event_type.clone()).collect();
    assert_eq!(names, wanted.iter().map(String::as_str).collect());
    for name in names {
        assert!(declared(&text, name).contains(&format!("  event_type: \"{name}\";")), "{name}");
    }
}

#[test]
fn typescript_says_what_the_schemas_say() {
    let text = typescript(&platform());
    assert_eq!(
        declared(&text, "ShippingMethod"),
        "\n  /** The usual carrier. */\n  | \"standard\"\n  /** The fast one, handled first. */\n  | \"express\""
    );
    assert!(declared(&text, "Currency").contains("\"EUR\" | "));
    assert!(declared(&text, "Address").contains("line2?: AddressText | null;"));
    assert!(declared(&text, "OrderConfirmedData").contains("lines: Array<OrderLine>;"));
    assert!(
        declared(&text, "OrderConfirmedData")
            .contains("  /** What all lines cost together. */\n  total: Money;")
    );
    assert!(text.contains("Limits: 1 to 40 characters, pattern ^[A-Z0-9-]+$"));
    assert_eq!(text.matches("export interface Metadata {").count(), 1, "shared by all events");
    assert_eq!(text.matches('{').count(), text.matches('}').count());
}

#[test]
fn types_are_the_same_each_time() {
    assert_eq!(typescript(&platform()), typescript(&platform()));
    assert_eq!(python(&platform()), python(&platform()));
}
