//! A schema in the words of JSON Schema Draft 4. What those cannot say is refused; nothing is dropped.
//!
//! One difference stays, because Draft 4 has no other whole number: its `integer` does not take a number that is written
//! with a fraction, such as `1.0`, which later drafts take. Nobody who writes an integer writes that.

use semel_registry::Dialect;
use serde_json::{Map, Value, json};

use crate::definitions::keywords;

/// What cannot be said, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsayable {
    /// Where, as a JSON pointer in a fragment.
    pub at: String,
    /// The keyword, or the format.
    pub keyword: String,
}

/// Keywords that have no counterpart.
const UNSAYABLE: [&str; 3] = ["propertyNames", "$recursiveRef", "$recursiveAnchor"];

/// Formats that validators check by later drafts and leave alone by this one.
const LATER_FORMATS: [&str; 12] = [
    "date",
    "time",
    "duration",
    "idn-email",
    "idn-hostname",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "uri-reference",
    "uri-template",
];

/// What the format `uuid` asks of a text.
const UUID: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// The schema, which speaks as draft-07 does, in Draft 4. `dialect` is what it was released in: a word that means
/// nothing there must not begin to mean something here.
pub fn translated(schema: &Value, dialect: Dialect, at: &str) -> Result<Value, Unsayable> {
    let Some(members) = schema.as_object() else {
        return Ok(if *schema == Value::Bool(false) { json!({ "not": {} }) } else { json!({}) });
    };
    let silent: &[&str] = match dialect {
        Dialect::Draft7 => &["id"],
        Dialect::Draft202012 => &["id", "dependencies", "additionalItems"],
    };
    if let Some(keyword) = UNSAYABLE.iter().chain(silent).find(|keyword| members.contains_key(**keyword)) {
        return Err(Unsayable { at: at.to_owned(), keyword: (*keyword).to_owned() });
    }
    let members = keywords::map(members, &mut |_, step, inner| {
        if inner.is_boolean() && ["additionalProperties", "additionalItems"].contains(&step) {
            return Ok(inner.clone());
        }
        translated(inner, dialect, &format!("{at}/{step}"))
    })?;
    said(members).map(Value::Object).map_err(|keyword| Unsayable { at: at.to_owned(), keyword })
}

/// One schema's own words; those inside it are translated already.
fn said(mut schema: Map<String, Value>) -> Result<Map<String, Value>, String> {
    format(&mut schema)?;
    // What has no word of its own is said by other schemas for the same value.
    let mut also = Vec::new();
    if let Some(value) = schema.remove("const") {
        if schema.contains_key("enum") {
            also.push(json!({ "enum": [value] }));
        } else {
            schema.insert("enum".to_owned(), json!([value]));
        }
    }
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        let Some(limit) = schema.remove(exclusive) else { continue };
        if schema.contains_key(bound) {
            also.push(json!({ bound: limit, exclusive: true }));
        } else {
            schema.insert(bound.to_owned(), limit);
            schema.insert(exclusive.to_owned(), Value::Bool(true));
        }
    }
    if let Some(element) = schema.remove("contains") {
        also.push(json!({ "not": { "type": "array", "items": { "not": element } } }));
    }
    let (then, otherwise) = (schema.remove("then"), schema.remove("else"));
    if let Some(condition) = schema.remove("if") {
        if let Some(then) = then {
            also.push(json!({ "anyOf": [{ "not": condition }, then] }));
        }
        if let Some(otherwise) = otherwise {
            also.push(json!({ "anyOf": [condition, otherwise] }));
        }
    }
    lists(&mut schema, &mut also);
    if !also.is_empty() {
        match schema.get_mut("allOf") {
            Some(Value::Array(all)) => all.extend(also),
            Some(_) | None => {
                schema.insert("allOf".to_owned(), Value::Array(also));
            }
        }
    }
    Ok(schema)
}

/// Draft 4 wants its lists to have something in them, and choices to differ.
fn lists(schema: &mut Map<String, Value>, also: &mut Vec<Value>) {
    if schema.get("required") == Some(&json!([])) {
        schema.remove("required");
    }
    if let Some(Value::Object(dependencies)) = schema.get_mut("dependencies") {
        dependencies.retain(|_, needed| *needed != json!([]));
    }
    let choices = match schema.get_mut("enum") {
        Some(Value::Array(choices)) => {
            let mut different: Vec<Value> = Vec::new();
            for choice in choices.drain(..) {
                if !different.contains(&choice) {
                    different.push(choice);
                }
            }
            *choices = different;
            choices.len()
        }
        Some(_) | None => return,
    };
    if choices == 0 {
        schema.remove("enum");
        also.push(json!({ "not": {} }));
    }
}

/// A format that this draft does not check is said by a pattern. One that stands there already is taken to say it.
fn format(schema: &mut Map<String, Value>) -> Result<(), String> {
    let Some(format) = schema.get("format").and_then(Value::as_str) else { return Ok(()) };
    if schema.contains_key("pattern") {
        return Ok(());
    }
    if format == "uuid" {
        // A format speaks of texts only, as a pattern does.
        schema.insert("pattern".to_owned(), json!(UUID));
        return Ok(());
    }
    if LATER_FORMATS.contains(&format) { Err(format!("the format {format}")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use jsonschema::Draft;

    use super::*;

    fn in_draft4(schema: &Value) -> Value {
        translated(schema, Dialect::Draft202012, "#")
            .unwrap_or_else(|refused| panic!("{schema}: {refused:?}"))
    }

    /// The schema and its translation say the same of every value.
    fn agree(schema: &Value, values: &[Value]) {
        let other = in_draft4(schema);
        jsonschema::draft4::meta::validate(&other).unwrap_or_else(|error| panic!("{other}: {error}"));
        let build = |draft: Draft, schema: &Value| {
            let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
            options.build(schema).unwrap_or_else(|error| panic!("{schema}: {error}"))
        };
        let (before, after) = (build(Draft::Draft202012, schema), build(Draft::Draft4, &other));
        for value in values {
            assert_eq!(after.is_valid(value), before.is_valid(value), "{value} by {schema} and {other}");
        }
    }

    fn values() -> Vec<Value> {
        vec![
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(1),
            json!(2),
            json!(1.5),
            json!(9_007_199_254_740_993_u64),
            json!(""),
            json!("a"),
            json!("0193557d-2a4b-7c1e-8f00-0123456789ab"),
            json!("2026-11-23T04:00:00Z"),
            json!([]),
            json!([1]),
            json!([2, 3]),
            json!(["a", 1]),
            json!({}),
            json!({ "a": 1 }),
            json!({ "a": 2, "b": 1 }),
            json!({ "b": "b" }),
        ]
    }

    #[test]
    fn every_word_is_translated_to_what_means_the_same() {
        let schemas = [
            json!(true),
            json!(false),
            json!({ "const": 1 }),
            json!({ "const": null, "enum": [null, 1] }),
            json!({ "enum": [] }),
            json!({ "enum": [1, 1, "a"] }),
            json!({ "exclusiveMinimum": 0 }),
            json!({ "exclusiveMaximum": 1, "maximum": 1 }),
            json!({ "exclusiveMinimum": 0, "minimum": 1, "exclusiveMaximum": 2, "maximum": 1.5 }),
            json!({ "exclusiveMinimum": 9_007_199_254_740_992_u64 }),
            json!({ "contains": { "const": 1 } }),
            json!({ "contains": true }),
            json!({ "contains": false }),
            json!({ "if": { "type": "object" }, "then": { "required": ["a"] }, "else": { "not": { "const": 1 } } }),
            json!({ "if": { "type": "string" }, "else": { "type": "array" } }),
            json!({ "then": false, "else": false }),
            json!({ "required": [], "properties": { "a": true, "b": false } }),
            json!({ "properties": { "a": { "const": 1 } }, "additionalProperties": false }),
            json!({ "additionalProperties": { "exclusiveMinimum": 1 } }),
            json!({ "patternProperties": { "^a": { "exclusiveMaximum": 2 } } }),
            json!({ "items": { "const": 1 }, "allOf": [{ "contains": { "const": 1 } }], "contains": true }),
            json!({ "items": false }),
            json!({ "anyOf": [{ "const": 1 }, { "type": ["string", "null"] }] }),
            json!({ "oneOf": [{ "exclusiveMinimum": 0 }, { "const": 2 }], "not": { "const": "a" } }),
            json!({ "format": "uuid" }),
            json!({ "format": "date-time" }),
            json!({ "format": "uint64", "type": "integer" }),
            json!({ "minProperties": 1, "maxProperties": 1, "uniqueItems": true }),
        ];
        for schema in schemas {
            agree(&schema, &values());
        }
    }

    #[test]
    fn what_is_data_stays_as_it_is() {
        let schema =
            json!({ "const": { "const": 1 }, "default": { "exclusiveMinimum": 1 }, "examples": [false] });
        let expected =
            json!({ "enum": [{ "const": 1 }], "default": { "exclusiveMinimum": 1 }, "examples": [false] });
        assert_eq!(in_draft4(&schema), expected);
    }

    #[test]
    fn a_whole_number_with_a_fraction_is_no_integer_in_draft_4() {
        let integer = json!({ "type": "integer" });
        assert_eq!(in_draft4(&integer), integer);
        let validator = jsonschema::draft4::new(&integer).expect("a schema");
        assert!(validator.is_valid(&json!(1)) && !validator.is_valid(&json!(1.0)));
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_place() {
        for (inner, keyword) in [
            (json!({ "propertyNames": { "maxLength": 1 } }), "propertyNames"),
            (json!({ "format": "date" }), "the format date"),
            // Draft 2020-12 ignores these, Draft 4 would not.
            (json!({ "id": "urn:x" }), "id"),
            (json!({ "dependencies": { "a": ["b"] } }), "dependencies"),
            (json!({ "additionalItems": false }), "additionalItems"),
        ] {
            let schema = json!({ "properties": { "a/b": { "items": inner } } });
            let refused = translated(&schema, Dialect::Draft202012, "#").expect_err(keyword);
            assert_eq!(
                refused,
                Unsayable { at: "#/properties/a~1b/items".to_owned(), keyword: keyword.to_owned() }
            );
        }
        let dependencies = json!({ "dependencies": { "a": [], "b": ["a"] }, "additionalItems": false });
        let expected = json!({ "dependencies": { "b": ["a"] }, "additionalItems": false });
        assert_eq!(translated(&dependencies, Dialect::Draft7, "#"), Ok(expected));
    }
}
