//! The rules against what schemas mean: whenever they say that a reader takes all that a writer writes, a validator with
//! the reader's schema takes every value that one with the writer's takes.
//!
//! Where Confluent's rules are knowingly more generous than a validator, the generated schemas keep away: no defaults
//! (a required field with one passes), no `oneOf` whose alternatives overlap, no `unevaluated*`, and the strict policy.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use semel_registry::SchemaDocument;
use semel_registry::compatibility::{Mode, Policy, check, differences};
use serde_json::{Map, Value, json};

/// Few names and small numbers, so that two schemas of one draw speak of the same things.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..6).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.5, -2.5]).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "ab", "xyz", "1"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// One keyword with its value.
fn keyword(inner: BoxedStrategy<Value>) -> impl Strategy<Value = (&'static str, Value)> {
    let small = || (0_u64..4).prop_map(Value::from);
    let number = || (-2_i64..5).prop_map(Value::from);
    let names = || prop::collection::btree_set(name(), 0..3).prop_map(|names| json!(names));
    let fields = |inner: BoxedStrategy<Value>| {
        prop::collection::btree_map(name(), inner, 0..3).prop_map(|fields| json!(fields))
    };
    let some = |inner: BoxedStrategy<Value>| prop::collection::vec(inner, 1..4).prop_map(Value::from);
    let any_type = prop::sample::select(vec![
        json!("string"),
        json!("integer"),
        json!("number"),
        json!("object"),
        json!("array"),
        json!(["string", "null"]),
        json!(["integer", "string"]),
    ]);
    // Disjoint, so that no value fits two of them.
    let disjoint = prop::sample::subsequence(
        vec![
            json!({"type": "string"}),
            json!({"type": "integer"}),
            json!({"type": "null"}),
            json!({"type": "object"}),
        ],
        1..4,
    );
    let values = vec![json!(1), json!("a"), json!(null), json!("ab"), json!({})];
    prop_oneof![
        4 => any_type.prop_map(|value| ("type", value)),
        2 => small().prop_map(|value| ("maxLength", value)),
        2 => small().prop_map(|value| ("minLength", value)),
        1 => prop::sample::select(vec!["^a", "b$", "."]).prop_map(|value| ("pattern", json!(value))),
        2 => number().prop_map(|value| ("maximum", value)),
        2 => number().prop_map(|value| ("minimum", value)),
        1 => number().prop_map(|value| ("exclusiveMaximum", value)),
        1 => number().prop_map(|value| ("exclusiveMinimum", value)),
        1 => prop::sample::select(vec![json!(1), json!(2), json!(0.5)]).prop_map(|value| ("multipleOf", value)),
        2 => names().prop_map(|value| ("required", value)),
        4 => fields(inner.clone()).prop_map(|value| ("properties", value)),
        3 => prop_oneof![Just(json!(false)), Just(json!(true)), inner.clone()]
            .prop_map(|value| ("additionalProperties", value)),
        1 => inner.clone().prop_map(|value| ("patternProperties", json!({"^[ab]$": value}))),
        1 => Just(("propertyNames", json!({"pattern": "a"}))),
        1 => small().prop_map(|value| ("maxProperties", value)),
        1 => small().prop_map(|value| ("minProperties", value)),
        1 => names().prop_map(|value| ("dependentRequired", json!({"a": value}))),
        1 => inner.clone().prop_map(|value| ("dependentSchemas", json!({"a": value}))),
        3 => inner.clone().prop_map(|value| ("items", value)),
        2 => some(inner.clone()).prop_map(|value| ("prefixItems", value)),
        1 => inner.clone().prop_map(|value| ("contains", value)),
        1 => small().prop_map(|value| ("maxContains", value)),
        1 => small().prop_map(|value| ("minContains", value)),
        1 => small().prop_map(|value| ("maxItems", value)),
        1 => small().prop_map(|value| ("minItems", value)),
        1 => any::<bool>().prop_map(|value| ("uniqueItems", json!(value))),
        1 => prop::sample::subsequence(values.clone(), 1..4).prop_map(|values| ("enum", json!(values))),
        1 => prop::sample::select(values).prop_map(|value| ("const", value)),
        1 => inner.clone().prop_map(|value| ("not", value)),
        2 => some(inner.clone()).prop_map(|value| ("allOf", value)),
        2 => some(inner.clone()).prop_map(|value| ("anyOf", value)),
        1 => disjoint.prop_map(|values| ("oneOf", json!(values))),
        1 => inner.clone().prop_map(|value| ("if", value)),
        1 => inner.clone().prop_map(|value| ("then", value)),
        1 => inner.prop_map(|value| ("else", value)),
        1 => prop::sample::select(vec!["#/$defs/one", "#/$defs/two"]).prop_map(|value| ("$ref", json!(value))),
    ]
}

fn schema() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!(false)),
        Just(json!({"type": "string"})),
        Just(json!({"type": "integer"})),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop::collection::vec(keyword(inner.boxed()), 0..4).prop_map(|keywords| {
            let fields: Map<String, Value> =
                keywords.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            Value::Object(fields)
        })
    })
    .boxed()
}

/// A document with two definitions, one of which refers to itself.
fn document() -> impl Strategy<Value = Value> {
    (schema(), schema()).prop_map(|(root, one)| {
        let two = json!({
            "type": ["object", "string"], "properties": {"a": {"$ref": "#/$defs/two"}, "b": {"maximum": 3}},
        });
        json!({"$defs": {"one": one, "two": two}, "allOf": [root]})
    })
}

/// Changes one value somewhere, so that two documents have much in common.
fn changed(mut document: Value, at: prop::sample::Index, new: Value) -> Value {
    let mut places = Vec::new();
    collect(&document, "", &mut places);
    if let Some(place) = document.pointer_mut(&places[at.index(places.len())]) {
        *place = new;
    }
    document
}

fn collect(value: &Value, at: &str, places: &mut Vec<String>) {
    places.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            collect(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), places);
        }),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| collect(value, &format!("{at}/{index}"), places));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn pair() -> impl Strategy<Value = (Value, Value)> {
    let new = prop_oneof![
        (0_i64..5).prop_map(Value::from),
        schema(),
        Just(json!("string")),
        Just(json!("number")),
        Just(json!(["a"])),
        Just(json!({})),
    ];
    (document(), any::<prop::sample::Index>(), new, document(), any::<bool>()).prop_map(
        |(one, at, new, unrelated, is_related)| {
            let other = if is_related { changed(one.clone(), at, new) } else { unrelated };
            (one, other)
        },
    )
}

fn parsed((one, other): &(Value, Value)) -> Option<(SchemaDocument, SchemaDocument)> {
    Some((SchemaDocument::new(one.clone()).ok()?, SchemaDocument::new(other.clone()).ok()?))
}

#[test]
fn what_is_called_compatible_is_taken_by_a_validator() {
    let mut runner = TestRunner::new(Config { cases: 2000, ..Config::default() });
    let (compatible, taken) = (Cell::new(0_u32), Cell::new(0_u32));
    let outcome = runner.run(&(pair(), prop::collection::vec(value(), 40)), |(documents, values)| {
        let Some((writer, reader)) = parsed(&documents) else { return Ok(()) };
        let found = differences(&writer, &reader, Policy::Strict);
        if found.iter().any(|difference| difference.breaks) || documents.0 == documents.1 {
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
        compatible > 100 && taken > 500,
        "only {compatible} compatible pairs and {taken} values were seen"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

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
