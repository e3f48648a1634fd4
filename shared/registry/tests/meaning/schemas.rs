//! Small schemas, pairs of them with much in common, and values on both sides of every bound.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Few names and small numbers, so that two schemas of one draw speak of the same things.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

/// Small values on both sides of every bound that is generated.
pub fn values() -> Vec<Value> {
    let scalars = [
        json!(null),
        json!(true),
        json!(-3),
        json!(-1),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(4),
        json!(5),
        json!(0.5),
        json!(-1.5),
        json!(""),
        json!("a"),
        json!("b"),
        json!("ab"),
        json!("xyz"),
        json!("xyzb"),
    ];
    let few = [
        json!(null),
        json!(-1),
        json!(1),
        json!(4),
        json!(0.5),
        json!(""),
        json!("ab"),
        json!("xyz"),
        json!({}),
    ];
    let mut values =
        vec![json!([]), json!({}), json!([1, 1, 1]), json!(["a", 1, null, {}]), json!({"a": {"a": "b"}})];
    values.extend(scalars);
    for one in &few {
        values.extend([
            json!([one]),
            json!({"a": one}),
            json!({"b": one}),
            json!({"c": one}),
            json!([[one]]),
        ]);
        values.extend(few.iter().map(|other| json!([one, other])));
        values.extend(few.iter().map(|other| json!({"a": one, "b": other})));
        values.extend(few.iter().map(|other| json!({"a": one, "b": other, "c": {"a": other}})));
    }
    values
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

/// The keywords that speak of a type.
fn speaks_of(type_name: &str) -> &'static [&'static str] {
    match type_name {
        "string" => &["maxLength", "minLength", "pattern", "enum"],
        "object" => &[
            "required",
            "properties",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "maxProperties",
            "minProperties",
            "dependentRequired",
            "dependentSchemas",
        ],
        "array" => &[
            "items",
            "prefixItems",
            "contains",
            "maxContains",
            "minContains",
            "maxItems",
            "minItems",
            "uniqueItems",
        ],
        _ => &["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"],
    }
}

fn object(keywords: Vec<(&'static str, Value)>) -> Value {
    keywords.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<String, Value>>().into()
}

/// A schema of texts or numbers, which holds no other.
fn leaf() -> impl Strategy<Value = Value> {
    let bound = |names: &'static [&'static str], low: i64, high: i64| {
        (prop::sample::select(names), (low..high).prop_map(Value::from))
    };
    let texts = prop::collection::vec(bound(&["maxLength", "minLength"], 0, 4), 0..3);
    let patterns = prop::option::of(prop::sample::select(vec!["^a", "b$", "."]));
    let texts = (texts, patterns).prop_map(|(mut keywords, pattern)| {
        keywords.extend(pattern.map(|pattern| ("pattern", json!(pattern))));
        keywords.push(("type", json!("string")));
        object(keywords)
    });
    let numbers = &["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"];
    let numbers = prop::collection::vec(bound(numbers, -2, 5), 0..3);
    let numbers = (numbers, any::<bool>()).prop_map(|(mut keywords, is_integer)| {
        keywords.push(("type", json!(if is_integer { "integer" } else { "number" })));
        object(keywords)
    });
    prop_oneof![6 => texts, 6 => numbers, 1 => Just(json!(true)), 1 => Just(json!(false))]
}

fn schema() -> BoxedStrategy<Value> {
    leaf()
        .prop_recursive(3, 12, 3, |inner| {
            let any = prop::collection::vec(keyword(inner.clone().boxed()), 0..4).prop_map(object);
            let many = prop::collection::vec(keyword(inner.boxed()), 4..12);
            let names = prop::sample::select(vec!["string", "integer", "number", "object", "array"]);
            let of_one_type = (names, many).prop_map(|(name, mut keywords)| {
                keywords.retain(|(keyword, _)| speaks_of(name).contains(keyword));
                keywords.truncate(3);
                keywords.push(("type", json!(name)));
                object(keywords)
            });
            prop_oneof![1 => any, 3 => of_one_type]
        })
        .boxed()
}

/// A document with two definitions, one of which refers to itself.
pub fn document() -> impl Strategy<Value = Value> {
    (schema(), leaf()).prop_map(|(root, one)| {
        let two = json!({
            "type": ["object", "string"], "properties": {"a": {"$ref": "#/$defs/two"}, "b": {"maximum": 3}},
        });
        json!({"$defs": {"one": one, "two": two}, "allOf": [root]})
    })
}

/// Changes one value somewhere, or takes it away, so that two documents have much in common.
fn changed(mut document: Value, at: prop::sample::Index, new: Value, step: i64) -> Value {
    let mut places = Vec::new();
    collect(&document, "", &mut places);
    let place = &places[at.index(places.len())];
    let (parent, key) = place.rsplit_once('/').unwrap_or_default();
    match document.pointer_mut(place) {
        Some(Value::Number(number)) => {
            let number = number.as_i64().unwrap_or_default() + step;
            document.pointer_mut(place).map(|found| *found = json!(number))
        }
        Some(_) if step > 0 => document.pointer_mut(parent).and_then(Value::as_object_mut).map(|fields| {
            fields.remove(key);
        }),
        Some(found) => {
            *found = new;
            None
        }
        None => None,
    };
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

pub fn pair() -> impl Strategy<Value = (Value, Value)> {
    let new = prop_oneof![
        schema(),
        Just(json!("string")),
        Just(json!("number")),
        Just(json!(["a"])),
        Just(json!({})),
    ];
    let step = prop::sample::select(vec![-1_i64, 1, 2]);
    (document(), any::<prop::sample::Index>(), new, step, document(), 0..8).prop_map(
        |(one, at, new, step, unrelated, chance)| {
            let other = if chance == 0 { unrelated } else { changed(one.clone(), at, new, step) };
            (one, other)
        },
    )
}
