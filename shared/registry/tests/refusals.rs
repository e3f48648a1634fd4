//! What the registry refuses, each with the file and the field: bad schemas, bad metadata, changed files, bad releases.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use semel_registry::compatibility::{Mode, Policy};
use semel_registry::{Day, NewRelease, Promise, Registry, RegistryError, SchemaDocument, SchemaFault};
use serde_json::{Value, json};

/// A folder of one test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("semel-registry-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join("com.example.shop").join("OrderPlaced").join(name)
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(name)).expect("the file is there");
        assert!(text.contains(from), "{name} has no {from}: {text}");
        fs::write(self.file(name), text.replacen(from, to, 1)).expect("the file is written");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays behind in the temporary folder does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn schema(max_length: u64) -> Value {
    json!({
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": max_length}},
        "required": ["name"],
        "additionalProperties": false,
    })
}

fn release(version: &str, schema: &Value) -> NewRelease {
    NewRelease {
        source: "com.example.shop".to_owned(),
        event_type: "OrderPlaced".to_owned(),
        version: version.parse().expect("a version"),
        created: Day::parse("2026-11-23").expect("a day"),
        description: "A release.".to_owned(),
        schema: schema.to_string(),
        sample: json!({"name": "Ann"}).to_string(),
        promise: None,
    }
}

fn first() -> NewRelease {
    let promise = Promise {
        description: "An order was placed.".to_owned(),
        owner: "orders".to_owned(),
        compatibility: Mode::Backward,
        policy: Policy::Strict,
    };
    NewRelease { promise: Some(promise), ..release("1.0", &schema(10)) }
}

/// A registry with two versions of one type.
fn registry() -> (Folder, Registry) {
    let folder = Folder::new();
    let mut registry = Registry::open(&folder.0).expect("an empty registry");
    registry.register(&first()).expect("a first release");
    registry.register(&release("1.1", &schema(20))).expect("a second release");
    (folder, registry)
}

fn refusal(folder: &Path) -> String {
    Registry::open(folder).expect_err("the registry is refused").to_string()
}

#[test]
fn what_was_released_is_found_again() {
    let (folder, written) = registry();
    let read = Registry::open(&folder.0).expect("the registry opens");
    for registry in [&written, &read] {
        let latest = registry.latest("com.example.shop", "OrderPlaced").expect("a latest release");
        assert_eq!(latest.record.version.to_string(), "1.1");
        let found = registry.by_id(&latest.record.id).expect("a release of this id");
        assert_eq!(found.text, schema(20).to_string());
        let version = "1.0".parse().expect("a version");
        let older = registry.get("com.example.shop", "OrderPlaced", version).expect("an older release");
        assert_eq!(older.sample, json!({"name": "Ann"}));
        assert_eq!(registry.list().count(), 1);
        assert!(registry.get("com.example.shop", "OrderLost", version).is_none());
        assert!(registry.broken_promises().is_empty());
    }
}

#[test]
fn every_violation_is_named_with_its_place_and_its_rule() {
    let (_folder, registry) = registry();
    let version = "1.0".parse().expect("a version");
    let event = json!({"name": "A name that is too long", "extra": 1});
    let mut violations =
        registry.validate("com.example.shop", "OrderPlaced", version, &event).expect("a known version");
    violations.sort_by(|one, other| one.schema_path.cmp(&other.schema_path));
    let paths: Vec<(&str, &str)> =
        violations.iter().map(|each| (each.instance_path.as_str(), each.schema_path.as_str())).collect();
    assert_eq!(paths, [("", "/additionalProperties"), ("/name", "/properties/name/maxLength")]);
    assert!(violations.iter().all(|each| !each.reason.is_empty()), "{violations:?}");
    let missing = registry.validate("com.example.shop", "OrderLost", version, &event);
    assert!(matches!(missing, Err(RegistryError::Unknown { .. })));
}

#[test]
fn a_schema_that_is_none_is_refused_with_its_place() {
    let cases = [
        ("{", "is not JSON"),
        ("[]", "at #"),
        (r#"{"type": "strnig"}"#, "at #/type"),
        (r#"{"properties": {"a": {"minLength": -1}}}"#, "at #/properties/a/minLength"),
        (r#"{"properties": {"a": {"pattern": "("}}}"#, "pattern"),
        (r#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#, "draft-04"),
        (r##"{"$ref": "#/$defs/none"}"##, "at #/$ref: #/$defs/none is not in this document"),
        (
            r#"{"items": {"$ref": "https://example.com/a.json"}}"#,
            "at #/items/$ref: https://example.com/a.json is in another",
        ),
        (r#"{"items": {"$ref": "file:///etc/passwd"}}"#, "nothing is fetched"),
        (r#"{"items": {"$ref": "other.json#/a"}}"#, "nothing is fetched"),
        (r##"{"$ref": "#"}"##, "refers to itself"),
        (r##"{"allOf": [{"$ref": "#"}]}"##, "refers to itself"),
        (
            r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}}"##,
            "refers to itself",
        ),
        (r#"{"$defs": {"a": {"$id": "https://example.com/a"}}}"#, "at #/$defs/a/$id"),
    ];
    for (text, wanted) in cases {
        let error = SchemaDocument::parse(text).expect_err(text).to_string();
        assert!(error.contains(wanted), "{text}: {error}");
    }
    let long = format!("\"{}\"", "x".repeat(semel_registry::MAX_SCHEMA_BYTES));
    assert!(matches!(SchemaDocument::parse(&long), Err(SchemaFault::TooLarge { .. })));
}

#[test]
fn references_inside_the_document_are_followed() {
    for text in [
        r##"{"$defs": {"a/b~c": {"type": "null"}}, "$ref": "#/$defs/a~1b~0c"}"##,
        r##"{"$defs": {"a b": {"type": "null"}}, "$ref": "#/$defs/a%20b"}"##,
        r##"{"$defs": {"a": {"$anchor": "here", "type": "null"}}, "$ref": "#here"}"##,
        r#"{"$id": "urn:example:a", "$defs": {"a": {"type": "null"}}, "$ref": "urn:example:a#/$defs/a"}"#,
        r##"{"type": ["object", "null"], "properties": {"next": {"$ref": "#"}}}"##,
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"$id": "#here", "type": "null"}}, "anyOf": [{"$ref": "#here"}]}"##,
    ] {
        let schema = SchemaDocument::parse(text).expect(text);
        assert!(schema.is_valid(&Value::Null), "{text}");
        assert!(!schema.is_valid(&json!(1)), "{text}");
    }
}

#[test]
fn a_released_file_that_changes_is_found_out() {
    for (name, field) in [("1.0.json", "releases[0].id"), ("1.1.sample.json", "releases[1].sample")] {
        let (folder, _) = registry();
        let text = fs::read_to_string(folder.file(name)).expect("the file is there");
        fs::write(folder.file(name), text + "\n").expect("the file is written");
        let error = refusal(&folder.0);
        assert!(error.contains(&format!("{name}: was changed after its release")), "{error}");
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn files_that_are_missing_or_belong_to_no_release_are_named() {
    let (folder, _) = registry();
    fs::remove_file(folder.file("1.0.json")).expect("the file was there");
    assert!(refusal(&folder.0).contains("1.0.json: cannot be read"));

    let (folder, _) = registry();
    fs::write(folder.file("1.2.json"), "{}").expect("the file is written");
    assert!(refusal(&folder.0).contains("1.2.json: belongs to no release"));
}

#[test]
fn metadata_that_do_not_hold_what_they_should_are_named_by_field() {
    let cases = [
        ("\"BACKWARD\"", "\"SIDEWAYS\"", "type.json: compatibility: unknown variant"),
        ("\"owner\"", "\"ownr\"", "type.json: ownr: unknown field"),
        ("\"owner\": \"orders\"", "\"owner\": \" \"", "type.json: owner: is empty"),
        (
            "\"owner\": \"orders\"",
            "\"unrouted\": \"\", \"owner\": \"orders\"",
            "type.json: unrouted: is empty",
        ),
        (
            "\"OrderPlaced\"",
            "\"OrderLost\"",
            "type.json: event_type: is OrderLost in the folder of OrderPlaced",
        ),
        ("\"com.example.shop\"", "\"com.example\"", "type.json: source: is com.example in the folder of"),
        ("\"2026-11-23\"", "\"2026-11-31\"", "type.json: releases[0].created: a day"),
        (
            "\"2026-11-23\"",
            "\"2026-11-24\"",
            "type.json: releases[1].created: 2026-11-23 is before 2026-11-24",
        ),
        ("\"1.1\"", "\"1.01\"", "type.json: releases[1].version: a version is two numbers"),
        ("\"1.1\"", "\"1.0\"", "type.json: releases[1].version: 1.0 does not come after 1.0"),
        ("\"1.0\"", "\"2.0\"", "type.json: releases[1].version: 1.1 does not come after 2.0"),
        ("\"id\": \"", "\"id\": \"x", "type.json: releases[0].id: an id is 64"),
        ("{", "[", "type.json: ."),
    ];
    for (from, to, wanted) in cases {
        let (folder, _) = registry();
        folder.replace("type.json", from, to);
        // A version that is named anew has no files; the order of versions is looked at before them.
        if from == "\"1.0\"" {
            fs::rename(folder.file("1.0.json"), folder.file("2.0.json")).expect("renamed");
            fs::rename(folder.file("1.0.sample.json"), folder.file("2.0.sample.json")).expect("renamed");
        }
        let error = refusal(&folder.0);
        assert!(error.contains(wanted), "{from} → {to}: {error}");
    }
}

#[test]
fn one_content_cannot_be_two_releases() {
    let (folder, registry) = registry();
    let ids: Vec<String> = registry
        .list()
        .flat_map(|found| &found.releases)
        .map(|release| release.record.id.to_string())
        .collect();
    folder.replace("type.json", &ids[1], &ids[0]);
    let error = refusal(&folder.0);
    assert!(error.contains("releases[1].id"), "{error}");
    assert!(error.contains("is the id of com.example.shop/OrderPlaced 1.0 already"), "{error}");
}

#[test]
fn a_release_that_may_not_be_is_refused_and_leaves_no_trace() {
    let (folder, mut registry) = registry();
    let before = fs::read_dir(folder.file("")).expect("a folder").count();
    let no_sample = NewRelease { sample: "{}".to_owned(), ..release("1.2", &schema(30)) };
    let no_json = NewRelease { sample: "{".to_owned(), ..release("1.2", &schema(30)) };
    let no_name = NewRelease { event_type: "../OrderPlaced".to_owned(), ..first() };
    let no_promise = NewRelease { event_type: "OrderLost".to_owned(), ..release("1.0", &schema(5)) };
    let no_schema = release("1.2", &json!({"type": "strnig"}));
    let cases = [
        (release("1.1", &schema(30)), "releases[2].version: 1.1 does not come after 1.1"),
        (release("0.9", &schema(30)), "releases[2].version: 0.9 does not come after 1.1"),
        (release("1.2", &schema(10)), "is the id of com.example.shop/OrderPlaced 1.0 already"),
        (
            release("1.2", &schema(15)),
            "#/properties/name/maxLength: MAX_LENGTH_DECREASED (20 → 15) against 1.1",
        ),
        (no_schema, "1.2.json: is not a schema: at #/type"),
        (
            no_sample,
            "1.2.sample.json: the golden sample is refused by its schema: at #: \"name\" is a required",
        ),
        (no_json, "1.2.sample.json: the golden sample: is not JSON"),
        (no_name, "event_type: is no name"),
        (no_promise, "compatibility: must be promised with the first release"),
        (NewRelease { version: "1.2".parse().expect("a version"), ..first() }, "compatibility: was promised"),
    ];
    for (new, wanted) in cases {
        let error = registry.register(&new).expect_err(wanted).to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
    assert_eq!(fs::read_dir(folder.file("")).expect("a folder").count(), before);
    Registry::open(&folder.0).expect("the registry is as it was");
}

#[test]
fn a_new_major_version_may_break_and_minor_ones_after_it_may_not() {
    let (_folder, mut registry) = registry();
    registry.register(&release("2.0", &schema(5))).expect("a new major version promises nothing to the old");
    let error = registry.register(&release("2.1", &schema(4))).expect_err("it breaks 2.0").to_string();
    assert!(error.contains("(5 → 4) against 2.0"), "{error}");
    registry.register(&release("2.1", &schema(6))).expect("it reads 2.0");
}
