//! Every golden sample changed in every place, one change at a time: each gives its finding, and no other.

use semel_registry::Registry;
use semel_registry::discovery::{Finding, JsonType, What};
use serde_json::{Value, json};

use crate::{on_bus, released, report};

/// A place in an event: as a JSON pointer, and as a path.
struct Place {
    pointer: String,
    path: String,
}

fn places(value: &Value, pointer: &str, path: &str, found: &mut Vec<Place>) {
    found.push(Place { pointer: pointer.to_owned(), path: path.to_owned() });
    match value {
        Value::Object(fields) => {
            for (name, inside) in fields {
                places(inside, &format!("{pointer}/{name}"), &format!("{path}.{name}"), found);
            }
        }
        Value::Array(list) => {
            for (index, inside) in list.iter().enumerate() {
                places(inside, &format!("{pointer}/{index}"), &format!("{path}[*]"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Calls `check` with every sample, and answers how many there were.
fn with_samples(registry: &Registry, mut check: impl FnMut(&str, &str, &Value)) -> usize {
    let mut count = 0;
    for found in registry.list() {
        let release = found.latest().expect("a type has a release");
        check(&found.record.source, &found.record.event_type, &release.sample);
        count += 1;
    }
    count
}

/// Calls `check` with every place of every sample.
fn with_places(registry: &Registry, mut check: impl FnMut(&str, &str, &Value, Place)) {
    with_samples(registry, |source, event_type, sample| {
        let mut all = Vec::new();
        places(sample, "", "$", &mut all);
        for place in all {
            check(source, event_type, sample, place);
        }
    });
}

#[track_caller]
fn assert_only(registry: &Registry, source: &str, event_type: &str, detail: &Value, expected: &What) {
    let found = report(registry, &[on_bus(source, event_type, detail)]).findings;
    let (source, event_type) = (source.to_owned(), event_type.to_owned());
    assert_eq!(found, [Finding { source, event_type, what: expected.clone() }], "{detail}");
}

#[test]
fn a_further_field_anywhere_is_undocumented() {
    let registry = released();
    let mut tried = 0;
    with_places(registry, |source, event_type, sample, Place { pointer, path }| {
        let mut detail = sample.clone();
        let Some(Value::Object(fields)) = detail.pointer_mut(&pointer) else { return };
        fields.insert("surprise".to_owned(), json!({ "inside": 1 }));
        let path = format!("{path}.surprise");
        let what = What::UndocumentedField { path, types: vec![JsonType::Object], values: 1 };
        assert_only(registry, source, event_type, &detail, &what);
        tried += 1;
    });
    assert!(tried > 60, "only {tried} objects were found");
}

#[test]
fn another_type_anywhere_is_a_conflict() {
    let registry = released();
    let mut tried = 0;
    with_places(registry, |source, event_type, sample, Place { pointer, path }| {
        for other in [json!([[true]]), json!({ "x": { "y": 1 } }), json!(0.5)] {
            let mut detail = sample.clone();
            let value = detail.pointer_mut(&pointer).expect("the place is there");
            if JsonType::of(value) == JsonType::of(&other) || is_any_number(value, &other) {
                continue;
            }
            *value = other.clone();
            let found = report(registry, &[on_bus(source, event_type, &detail)]).findings;
            let [Finding { what: What::TypeConflict { path: at, found, values, .. }, .. }] = &found[..]
            else {
                panic!("{event_type} {path}: {found:?}");
            };
            assert_eq!((at, &found[..], *values), (&path, &[JsonType::of(&other)][..], 1));
            tried += 1;
        }
    });
    assert!(tried > 1_000, "only {tried} changes were tried");
}

/// Where a sample has a whole number, a fraction may be as good.
fn is_any_number(value: &Value, other: &Value) -> bool {
    value.is_number() && other.is_number()
}

#[test]
fn an_unknown_name_is_an_undocumented_type() {
    let registry = released();
    let tried = with_samples(registry, |source, event_type, sample| {
        let renamed = format!("{event_type}2");
        let mut detail = sample.clone();
        detail["event_type"] = json!(renamed);
        assert_only(registry, source, &renamed, &detail, &What::UndocumentedType { events: 1 });
    });
    assert!(tried > 20);
}

#[test]
fn a_known_type_from_another_source_is_told_apart() {
    let registry = released();
    let tried = with_samples(registry, |source, event_type, sample| {
        let what = What::WrongSource { documented: vec![source.to_owned()], events: 1 };
        assert_only(registry, "com.ecommerce.elsewhere", event_type, sample, &what);
    });
    assert!(tried > 20);
}

#[test]
fn a_newer_version_is_unreleased_and_is_otherwise_what_it_was() {
    let registry = released();
    let tried = with_samples(registry, |source, event_type, sample| {
        let newest = registry.latest(source, event_type).expect("a release").record.version;
        for version in [format!("{}.9999", newest.major), "9999.0".to_owned()] {
            let mut detail = sample.clone();
            detail["metadata"]["version"] = json!(version);
            let version = version.parse().expect("a version");
            let what = What::UnreleasedVersion { version, newest, events: 1 };
            assert_only(registry, source, event_type, &detail, &what);
        }
    });
    assert!(tried > 20);
}
