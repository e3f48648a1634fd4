//! Types with several versions, and schemas of every form: each event is held against the newest of its major version.

use std::fs;
use std::path::PathBuf;
use std::process;

use semel_registry::compatibility::{Mode, Policy};
use semel_registry::discovery::Discovery;
use semel_registry::{Day, NewRelease, Promise, Registry};
use serde_json::{Value, json};

use crate::{lines, on_bus, report};

const SOURCE: &str = "com.example.shop";

/// A folder of one test's own, gone with it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays behind in the temporary folder does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A registry of these schemas of one type, each with a sample that it takes.
fn registry(test: &str, releases: &[(&str, Value, Value)]) -> (Folder, Registry) {
    let folder = std::env::temp_dir().join(format!("semel-discovery-{}-{test}", process::id()));
    let mut registry = Registry::open(&folder).expect("an empty registry");
    for (at, (version, schema, sample)) in releases.iter().enumerate() {
        let promise = (at == 0).then(|| Promise {
            description: "An order was placed.".to_owned(),
            owner: "orders".to_owned(),
            compatibility: Mode::None,
            policy: Policy::Lenient,
        });
        let release = NewRelease {
            source: SOURCE.to_owned(),
            event_type: "Placed".to_owned(),
            version: version.parse().expect("a version"),
            created: Day::parse("2026-11-23").expect("a day"),
            description: "A release.".to_owned(),
            schema: schema.to_string(),
            sample: sample.to_string(),
            promise,
        };
        registry.register(&release).unwrap_or_else(|error| panic!("{error}"));
    }
    (Folder(folder), registry)
}

fn detail(version: &str, data: &Value) -> Value {
    json!({ "metadata": { "version": version }, "data": data })
}

fn schema(data: &Value) -> Value {
    let metadata = json!({ "type": "object", "properties": { "version": { "type": "string" } } });
    json!({ "type": "object", "properties": { "metadata": metadata, "data": data } })
}

/// Three releases: one field, then two, then another type of the first.
fn three(test: &str) -> (Folder, Registry) {
    let of = |fields: Value| schema(&json!({ "type": "object", "properties": fields }));
    let string = json!({ "type": "string" });
    let releases = [
        ("1.0", of(json!({ "a": string })), detail("1.0", &json!({ "a": "x" }))),
        ("1.1", of(json!({ "a": string, "b": string })), detail("1.1", &json!({ "a": "x", "b": "y" }))),
        ("2.0", of(json!({ "a": { "type": "integer" } })), detail("2.0", &json!({ "a": 1 }))),
    ];
    registry(test, &releases)
}

#[test]
fn an_event_is_held_against_the_newest_release_of_its_major_version() {
    let (_folder, registry) = three("majors");
    let event = |version: &str, data: &Value| on_bus(SOURCE, "Placed", &detail(version, data));
    let good = [
        event("1.0", &json!({ "a": "x", "b": "y" })),
        event("1.1", &json!({ "a": "x" })),
        event("2.0", &json!({ "a": 1 })),
    ];
    assert_eq!(lines(&report(&registry, &good).findings), [""; 0]);
    let bad = [
        event("1.1", &json!({ "a": 1 })),
        event("2.0", &json!({ "a": 1, "b": "y" })),
        event("2.1", &json!({ "a": "x" })),
        event("3.0", &json!({ "z": null })),
    ];
    assert_eq!(
        lines(&report(&registry, &bad).findings),
        [
            "com.example.shop/Placed: version 2.1 was never released; the newest is 2.0 (1 event)",
            "com.example.shop/Placed: version 3.0 was never released; the newest is 2.0 (1 event)",
            "com.example.shop/Placed: $.data.a: type conflict: documented string, found integer (1 value)",
            "com.example.shop/Placed: $.data.a: type conflict: documented integer, found string (1 value)",
            "com.example.shop/Placed: $.data.b: undocumented field: string (1 value)",
        ]
    );
}

#[test]
fn an_event_without_a_version_is_judged_as_a_new_one() {
    let (_folder, registry) = three("none");
    let event = on_bus(SOURCE, "Placed", &json!({ "data": { "a": "x" } }));
    let found = lines(&report(&registry, &[event]).findings);
    let expected =
        "com.example.shop/Placed: $.data.a: type conflict: documented integer, found string (1 value)";
    assert_eq!(found, [expected]);
}

#[test]
fn a_document_that_says_no_version_is_held_against_all_majors() {
    let (_folder, registry) = three("document");
    let mut discovery = Discovery::new(&registry);
    let mut document = json!({ "components": { "schemas": { "AWSEvent": {
        "x-amazon-events-source": SOURCE, "x-amazon-events-detail-type": "Placed",
        "properties": { "detail": { "properties": { "data": { "properties": {
            "a": { "oneOf": [{ "type": "integer", "format": "int64" }, { "type": "string" }] },
            "b": { "type": "string" },
        } } } } },
    } } } });
    discovery.document(&document).expect("a document");
    assert_eq!(lines(&discovery.report().findings), [""; 0]);
    let a = "/components/schemas/AWSEvent/properties/detail/properties/data/properties/a";
    *document.pointer_mut(a).expect("a field") = json!({ "type": "boolean", "nullable": true });
    discovery.document(&document).expect("a document");
    let expected = "com.example.shop/Placed: $.data.a: type conflict: documented string or integer, \
                    found boolean or null";
    assert_eq!(lines(&discovery.report().findings), [expected]);
}

/// What the schema of `data` says, and what is found in events that have this `data`.
#[track_caller]
fn check(test: &str, of_data: &Value, good: &[Value], bad: &[(Value, &[&str])]) {
    let releases = [("1.0", schema(of_data), detail("1.0", &good[0]))];
    let (_folder, registry) = registry(test, &releases);
    for data in good {
        let event = on_bus(SOURCE, "Placed", &detail("1.0", data));
        assert_eq!(lines(&report(&registry, &[event]).findings), [""; 0], "{data}");
    }
    for (data, expected) in bad {
        let event = on_bus(SOURCE, "Placed", &detail("1.0", data));
        let found = lines(&report(&registry, &[event]).findings);
        let expected: Vec<String> =
            expected.iter().map(|line| format!("com.example.shop/Placed: {line}")).collect();
        assert_eq!(found, expected, "{data}");
    }
}

#[test]
fn alternatives_document_what_any_of_them_does() {
    let card = json!({ "properties": { "kind": { "const": "card" }, "token": { "type": "string" } } });
    let cash = json!({ "properties": { "kind": { "const": "cash" }, "given": { "type": "integer" } } });
    let of_data = json!({ "type": "object", "required": ["kind"], "oneOf": [card, cash] });
    let good = [json!({ "kind": "card", "token": "x" }), json!({ "kind": "cash", "given": 1 })];
    let bad: &[(Value, &[&str])] = &[
        (json!({ "kind": "cash", "tip": 1 }), &["$.data.tip: undocumented field: integer (1 value)"]),
        // The alternatives fail as well, and that says nothing more.
        (
            json!({ "kind": "cash", "given": "1" }),
            &["$.data.given: type conflict: documented integer, found string (1 value)"],
        ),
        (json!({ "kind": "barter" }), &["$.data: breaks oneOf (1 value)"]),
    ];
    check("alternatives", &of_data, &good, bad);
}

#[test]
fn a_map_documents_its_values_and_an_open_object_anything() {
    let of_data = json!({ "type": "object", "properties": {
        "sums": { "type": "object", "additionalProperties": { "type": "integer" } },
        "notes": { "type": "object" },
        "any": true,
    } });
    let good = [
        json!({ "sums": { "a": 1, "b": 2 }, "notes": { "x": { "y": 1 } }, "any": [{ "z": 1 }] }),
        json!({ "any": { "z": 1 } }),
    ];
    let bad: &[(Value, &[&str])] = &[(
        json!({ "sums": { "a b": "x" } }),
        &["$.data.sums['a b']: type conflict: documented integer, found string (1 value)"],
    )];
    check("maps", &of_data, &good, bad);
    let names: serde_json::Map<String, Value> =
        (0..300).map(|number| (format!("n{number:03}"), json!(0.5))).collect();
    let (_folder, registry) = registry("many", &[("1.0", schema(&of_data), detail("1.0", &good[0]))]);
    let event = on_bus(SOURCE, "Placed", &detail("1.0", &json!({ "sums": names })));
    let found = lines(&report(&registry, &[event]).findings);
    let last = "com.example.shop/Placed: $.data.sums.*: type conflict: documented integer, found number \
                (100 values)";
    assert!(found.iter().any(|line| line == last), "{found:#?}");
}

#[test]
fn references_that_come_back_are_followed_as_far_as_events_go() {
    let of_data = json!({ "$ref": "#/$defs/Node" });
    let mut document = schema(&of_data);
    document["$defs"] = json!({ "Node": { "type": "object", "additionalProperties": false, "properties": {
        "value": { "enum": [1, null] },
        "next": { "anyOf": [{ "$ref": "#/$defs/Node" }, { "type": "null" }] },
        "pair": { "type": "array", "prefixItems": [{ "type": "string" }], "items": { "type": "boolean" } },
    } } });
    let good = json!({ "value": 1, "next": { "value": null, "next": { "pair": ["x", true, false] } } });
    let (_folder, registry) = registry("references", &[("1.0", document, detail("1.0", &good))]);
    let bad = json!({ "next": { "next": { "value": "x", "further": 1, "pair": ["x", 1.0] } } });
    let event = on_bus(SOURCE, "Placed", &detail("1.0", &bad));
    let name = "com.example.shop/Placed: $.data.next.next";
    assert_eq!(
        lines(&report(&registry, &[event]).findings),
        [
            format!("{name}.pair[*]: type conflict: documented string or boolean, found integer (1 value)"),
            format!("{name}.value: type conflict: documented integer or null, found string (1 value)"),
            format!("{name}.further: undocumented field: integer (1 value)"),
        ]
    );
}
