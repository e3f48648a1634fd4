//! The rules against what schemas mean: whenever they say that a reader takes all that a writer writes, a validator with
//! the reader's schema takes every value that one with the writer's takes.
//!
//! Where Confluent's rules are knowingly more generous than a validator, the generated schemas keep away: no defaults
//! (a required field with one passes), no `oneOf` whose alternatives overlap, no `unevaluated*`, and the strict policy.

mod schemas;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use semel_registry::SchemaDocument;
use semel_registry::compatibility::{Mode, Policy, check, differences};
use serde_json::Value;

use schemas::{document, pair, values};

fn parsed((one, other): &(Value, Value)) -> Option<(SchemaDocument, SchemaDocument)> {
    Some((SchemaDocument::new(one.clone()).ok()?, SchemaDocument::new(other.clone()).ok()?))
}

/// Whether two alternatives of a `oneOf` anywhere in a document take the same one of `values`, as they may once one of
/// them has been widened: no rule of Confluent's looks at that.
fn overlaps(document: &Value, inside: &Value, values: &[Value]) -> bool {
    let alternatives = inside["oneOf"].as_array().into_iter().flatten().map(|schema| {
        let definitions = document.get("$defs").cloned().unwrap_or_else(|| serde_json::json!({}));
        let schema = serde_json::json!({ "$defs": definitions, "allOf": [schema] });
        SchemaDocument::new(schema).expect("a part of a schema is one")
    });
    let alternatives: Vec<SchemaDocument> = alternatives.collect();
    let takers = |value: &Value| alternatives.iter().filter(|schema| schema.is_valid(value)).count();
    let within = |part: &Value| overlaps(document, part, values);
    values.iter().any(|value| takers(value) > 1)
        || match inside {
            Value::Object(fields) => fields.values().any(within),
            Value::Array(items) => items.iter().any(within),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
}

#[test]
fn what_is_called_compatible_is_taken_by_a_validator() {
    let mut runner = TestRunner::new(Config { cases: 500, ..Config::default() });
    let (compatible, taken) = (Cell::new(0_u32), Cell::new(0_u32));
    let values = values();
    let outcome = runner.run(&pair(), |documents| {
        let Some((writer, reader)) = parsed(&documents) else { return Ok(()) };
        let found = differences(&writer, &reader, Policy::Strict);
        if found.iter().any(|difference| difference.breaks) || documents.0 == documents.1 {
            return Ok(());
        }
        if overlaps(&documents.1, &documents.1, &values) {
            return Ok(());
        }
        compatible.set(compatible.get() + 1);
        for value in values.iter().filter(|value| writer.is_valid(value)) {
            taken.set(taken.get() + 1);
            prop_assert!(reader.is_valid(value), "{} is refused; the differences are {:#?}", value, found);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let (compatible, taken) = (compatible.get(), taken.get());
    assert!(
        compatible > 80 && taken > 1500,
        "only {compatible} compatible pairs and {taken} values were seen"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn full_is_backward_and_forward(documents in pair(), is_strict in any::<bool>()) {
        let policy = if is_strict { Policy::Strict } else { Policy::Lenient };
        let Some((old, new)) = parsed(&documents) else { return Ok(()) };
        let released = [("1.0".to_owned(), &old)];
        let verdict = |mode| check(mode, policy, &new, &released).is_compatible();
        prop_assert_eq!(verdict(Mode::Full), verdict(Mode::Backward) && verdict(Mode::Forward));
        prop_assert!(verdict(Mode::None));
    }

    #[test]
    fn a_schema_is_compatible_with_itself(document in document()) {
        let Some((old, new)) = parsed(&(document.clone(), document)) else { return Ok(()) };
        for mode in Mode::ALL {
            let report = check(mode, Policy::Strict, &new, &[("1.0".to_owned(), &old)]);
            prop_assert!(report.comparisons.iter().all(|each| each.differences.is_empty()), "{:#?}", report);
        }
    }

    #[test]
    fn what_is_strictly_compatible_is_leniently_too(documents in pair()) {
        let Some((old, new)) = parsed(&documents) else { return Ok(()) };
        let breaks = |policy| differences(&old, &new, policy).iter().any(|difference| difference.breaks);
        prop_assert!(breaks(Policy::Strict) || !breaks(Policy::Lenient));
    }
}
