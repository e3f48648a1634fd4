//! What each kind of change to one of the platform's own events means, in every mode: the table to look a change up in.

mod fields;
mod values;

use std::collections::BTreeSet;
use std::path::Path;

use semel_registry::compatibility::{Direction, Mode, Policy, check};
use semel_registry::{Registry, SchemaDocument};
use serde_json::{Value, json};

/// Which ways a change is compatible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ways {
    Both,
    /// The new version reads old events.
    Backward,
    /// The old version reads new events.
    Forward,
    Neither,
}

impl Ways {
    fn of(backward: bool, forward: bool) -> Self {
        match (backward, forward) {
            (true, true) => Self::Both,
            (true, false) => Self::Backward,
            (false, true) => Self::Forward,
            (false, false) => Self::Neither,
        }
    }

    /// Whether the mode allows it.
    fn allowed_in(self, mode: Mode) -> bool {
        match mode {
            Mode::None => true,
            Mode::Backward | Mode::BackwardTransitive => matches!(self, Self::Both | Self::Backward),
            Mode::Forward | Mode::ForwardTransitive => matches!(self, Self::Both | Self::Forward),
            Mode::Full | Mode::FullTransitive => self == Self::Both,
        }
    }
}

/// A change to `OrderCreated` 1.0.
struct Evolution {
    name: &'static str,
    /// What is put where; a null takes away.
    edits: Vec<(&'static str, Value)>,
    /// Where undeclared fields are taken to be unused, as the platform's events have it.
    lenient: Ways,
    /// Where any undeclared field may have been written.
    strict: Ways,
    /// What is found under the strict policy: `B` or `F` for the direction, the path, and the kind.
    breaks: &'static [&'static str],
}

fn released() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/released");
    let registry = Registry::open(&folder).unwrap_or_else(|error| panic!("{error}"));
    let version = "1.0".parse().expect("a version");
    let release = registry.get("com.ecommerce.orders", "OrderCreated", version).expect("a released type");
    release.schema.value().clone()
}

fn edited(mut schema: Value, edits: &[(&str, Value)]) -> Value {
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
        match schema.pointer_mut(parent) {
            Some(Value::Object(fields)) if value.is_null() => {
                assert!(fields.remove(key).is_some(), "the schema has no {pointer}");
            }
            Some(Value::Object(fields)) => {
                fields.insert(key.to_owned(), value.clone());
            }
            Some(Value::Array(items)) => {
                let index: usize = key.parse().expect("an index");
                items.splice(index..items.len().min(index + 1), [value.clone()]);
            }
            _ => panic!("the schema has no {parent}"),
        }
    }
    schema
}

#[test]
fn every_change_means_in_every_mode_what_the_table_says() {
    let released = released();
    let old = SchemaDocument::new(released.clone()).expect("a schema");
    for evolution in fields::fields().into_iter().chain(values::values()) {
        let name = evolution.name;
        let new = SchemaDocument::new(edited(released.clone(), &evolution.edits)).expect(name);
        for (policy, wanted) in [(Policy::Lenient, evolution.lenient), (Policy::Strict, evolution.strict)] {
            for mode in Mode::ALL {
                let report = check(mode, policy, &new, &[("1.0".to_owned(), &old)]);
                let found = report.is_compatible();
                assert_eq!(
                    found,
                    wanted.allowed_in(mode),
                    "{name}, {policy:?}, {}: {report:#?}",
                    mode.name()
                );
            }
        }
        let report = check(Mode::Full, Policy::Strict, &new, &[("1.0".to_owned(), &old)]);
        let found: BTreeSet<String> = report
            .breaking()
            .map(|(comparison, difference)| {
                assert!(!difference.why.is_empty());
                let direction = if comparison.direction == Direction::Backward { 'B' } else { 'F' };
                format!("{direction} {} {}", difference.path, difference.kind.name())
            })
            .collect();
        let wanted: BTreeSet<String> = evolution.breaks.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(found, wanted, "{name}");
        let directions = |letter| !evolution.breaks.iter().any(|text| text.starts_with(letter));
        assert_eq!(
            evolution.strict,
            Ways::of(directions('B'), directions('F')),
            "{name}: the row contradicts itself"
        );
    }
}

/// A field that goes and comes back with another type: each step is allowed, both together are not.
#[test]
fn only_a_transitive_mode_sees_what_comes_back() {
    let first = released();
    let without = edited(first.clone(), &[("/properties/metadata/properties/causation_id", Value::Null)]);
    let again = edited(
        without.clone(),
        &[("/properties/metadata/properties/causation_id", json!({"type": "integer"}))],
    );
    let documents = [first, without, again].map(|schema| SchemaDocument::new(schema).expect("a schema"));
    let released = [("1.0".to_owned(), &documents[0]), ("1.1".to_owned(), &documents[1])];
    for mode in Mode::ALL {
        let report = check(mode, Policy::Lenient, &documents[2], &released);
        assert_eq!(report.is_compatible(), !mode.is_transitive(), "{}", mode.name());
        assert!(report.breaking().all(|(comparison, _)| comparison.released == "1.0"), "{report:#?}");
    }
}

#[test]
fn the_first_version_is_compatible_with_nothing_before_it() {
    let new = SchemaDocument::new(released()).expect("a schema");
    for mode in Mode::ALL {
        assert!(check(mode, Policy::Strict, &new, &[]).is_compatible());
    }
}
