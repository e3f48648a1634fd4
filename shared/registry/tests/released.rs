//! The platform's own releases: every event type has one, none was changed, and the working schemas keep the promises.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use semel_registry::{Registry, SchemaDocument};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn released() -> Registry {
    Registry::open(&schemas().join("released")).unwrap_or_else(|error| panic!("{error}"))
}

/// Every working schema: source, event type, major version, and the file's text.
fn working() -> Vec<(String, String, u16, String)> {
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder of schemas");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    let mut working = Vec::new();
    for source in names(&schemas()).into_iter().filter(|name| name != "released") {
        for event_type in names(&schemas().join(&source)) {
            let folder = schemas().join(&source).join(&event_type);
            for file in names(&folder) {
                let major = file.strip_suffix(".json").and_then(|name| name.parse().ok());
                let text = fs::read_to_string(folder.join(&file)).expect("a schema");
                working.push((source.clone(), event_type.clone(), major.expect("a major version"), text));
            }
        }
    }
    assert!(working.len() > 20, "only {} working schemas were found", working.len());
    working
}

#[test]
fn every_event_type_is_released_and_every_release_is_as_it_was() {
    let registry = released();
    let wanted: BTreeSet<_> =
        working().into_iter().map(|(source, event_type, ..)| (source, event_type)).collect();
    let found: BTreeSet<_> =
        registry.list().map(|each| (each.record.source.clone(), each.record.event_type.clone())).collect();
    assert_eq!(found, wanted, "cargo semel schemas release adds one; a type that is gone stays released");
}

#[test]
fn every_release_keeps_what_its_type_promises() {
    let registry = released();
    let broken: Vec<String> = registry
        .broken_promises()
        .into_iter()
        .map(|(found, version, report)| format!("{} {version}: {report:?}", found.record.event_type))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_working_schema_may_follow_what_was_released() {
    let registry = released();
    for (source, event_type, major, text) in working() {
        let schema = SchemaDocument::parse(&text).unwrap_or_else(|error| panic!("{event_type} {error}"));
        let report = registry.check(&source, &event_type, major, &schema).expect("a registered type");
        let breaking: Vec<_> = report.breaking().collect();
        assert!(breaking.is_empty(), "{source}/{event_type} {major}: {breaking:#?}");
    }
}

#[test]
fn a_golden_sample_is_taken_by_the_working_schema_of_its_major_version() {
    let registry = released();
    for (source, event_type, major, text) in working() {
        let schema = SchemaDocument::parse(&text).expect("a schema");
        let found = registry.find(&source, &event_type).expect("a registered type");
        for release in found.releases.iter().filter(|release| release.record.version.major == major) {
            let violations = schema.violations(&release.sample);
            assert!(violations.is_empty(), "{event_type} {}: {violations:?}", release.record.version);
        }
    }
}
