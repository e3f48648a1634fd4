//! Where schemas stand inside a schema. What is data there, as `const`, `enum` and `default` are, is left alone.

use serde_json::{Map, Value};

/// What a schema inside a schema is to it.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The schema of this field.
    Property(&'a str),
    /// The schema of a list's elements.
    Items,
    /// One of several for the same value.
    Alternative,
    /// Anything else.
    Other,
}

/// Keywords of draft 2020-12 that draft-07 has no word for, and those that would give a part of it another base.
const FOREIGN: [&str; 13] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$defs",
    "$id",
    "$schema",
    "definitions",
    "dependentRequired",
    "dependentSchemas",
    "minContains",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// The first keyword that the other words cannot say.
pub fn foreign(schema: &Map<String, Value>) -> Option<&'static str> {
    FOREIGN.into_iter().chain(["maxContains"]).find(|keyword| schema.contains_key(*keyword))
}

/// The schema with each schema directly inside it replaced. `at` is the steps to it, as in a JSON pointer.
pub fn map<E>(
    schema: &Map<String, Value>,
    replace: &mut dyn FnMut(Place<'_>, &str, &Value) -> Result<Value, E>,
) -> Result<Map<String, Value>, E> {
    let mut mapped = Map::new();
    for (keyword, value) in in_order(schema) {
        let value = match (keyword.as_str(), value) {
            ("properties", Value::Object(fields)) => named(fields, &mut |name, inner| {
                replace(Place::Property(name), &format!("properties/{}", escaped(name)), inner)
            })?,
            ("patternProperties" | "dependencies", Value::Object(schemas)) => {
                named(schemas, &mut |name, inner| match inner {
                    Value::Array(_) => Ok(inner.clone()),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                        replace(Place::Other, &format!("{keyword}/{}", escaped(name)), inner)
                    }
                })?
            }
            ("anyOf" | "oneOf" | "allOf" | "items", Value::Array(schemas)) => {
                let place = if keyword == "items" { Place::Items } else { Place::Alternative };
                let each = schemas.iter().enumerate();
                each.map(|(index, inner)| replace(place, &format!("{keyword}/{index}"), inner))
                    .collect::<Result<_, _>>()?
            }
            ("items", inner) => replace(Place::Items, keyword, inner)?,
            (
                "additionalProperties"
                | "additionalItems"
                | "not"
                | "contains"
                | "propertyNames"
                | "if"
                | "then"
                | "else",
                inner,
            ) => replace(Place::Other, keyword, inner)?,
            (_, data) => data.clone(),
        };
        mapped.insert(keyword.clone(), value);
    }
    Ok(mapped)
}

/// By name: the order that a map keeps depends on how `serde_json` was built, and numbers in names must not.
fn in_order(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut found: Vec<_> = members.iter().collect();
    found.sort_by_key(|(name, _)| *name);
    found
}

fn named<E>(
    schemas: &Map<String, Value>,
    replace: &mut dyn FnMut(&str, &Value) -> Result<Value, E>,
) -> Result<Value, E> {
    let each = in_order(schemas).into_iter().map(|(name, inner)| Ok((name.clone(), replace(name, inner)?)));
    Ok(Value::Object(each.collect::<Result<_, E>>()?))
}

/// The schema with other texts in its references, at any depth.
pub fn rename(schema: &Value, name: &dyn Fn(&str) -> String) -> Value {
    let Some(members) = schema.as_object() else { return schema.clone() };
    let renamed = map(members, &mut |_, _, inner| Ok::<_, std::convert::Infallible>(rename(inner, name)));
    let mut renamed = renamed.unwrap_or_else(|never| match never {});
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        renamed.insert("$ref".to_owned(), Value::String(name(reference)));
    }
    Value::Object(renamed)
}

/// Calls `see` with every reference, at any depth.
pub fn references(schema: &Value, see: &mut dyn FnMut(&str)) {
    let seen = std::cell::RefCell::new(Vec::new());
    rename(schema, &|reference| {
        seen.borrow_mut().push(reference.to_owned());
        String::new()
    });
    for reference in seen.into_inner() {
        see(&reference);
    }
}

/// A step of a JSON pointer.
fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
