//! The references inside one schema document. Nothing is ever fetched: a reference to another document is refused.

use std::collections::HashSet;
use std::ptr;

use serde_json::{Map, Value};

use crate::document::Dialect;

/// Schemas that may hold for one and the same value because one refers to or combines the next. A validator follows
/// them on its stack.
const MAX_HOPS: usize = 64;

/// Keywords whose schemas hold for the value itself, not for a part of it.
const IN_PLACE: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/// Likewise, by the name of a field that must be there.
const IN_PLACE_BY_NAME: [&str; 2] = ["dependencies", "dependentSchemas"];

/// Keywords whose value is one schema.
const ONE: [&str; 15] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "allOf",
    "anyOf",
    "oneOf",
];
/// Keywords whose value is a map of schemas.
const MAPS: [&str; 6] =
    ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// The reference that a schema consists of or has beside other keywords. `$dynamicRef` differs from `$ref` only where
/// one document stands in for a part of another, which is refused.
pub(crate) fn of(schema: &Map<String, Value>) -> Option<&str> {
    ["$ref", "$dynamicRef"].iter().find_map(|keyword| schema.get(*keyword)).and_then(Value::as_str)
}

/// What a reference means in the document whose root this is.
pub(crate) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let own = root.get("$id").and_then(Value::as_str).map(|id| id.trim_end_matches('#'));
    if !document.is_empty() && own != Some(document) {
        return None;
    }
    let fragment = percent_decoded(fragment)?;
    if fragment.is_empty() {
        return Some(root);
    }
    if fragment.starts_with('/') {
        return root.pointer(&fragment).filter(|target| target.is_object() || target.is_boolean());
    }
    let mut found = None;
    walk(root, &mut String::new(), &mut |_, schema| {
        let names = ["$anchor", "$dynamicAnchor"]
            .iter()
            .any(|keyword| schema.get(*keyword).and_then(Value::as_str) == Some(fragment.as_str()));
        // How draft-07 writes an anchor.
        let named_by_id = schema.get("$id").and_then(Value::as_str).and_then(|id| id.strip_prefix('#'))
            == Some(fragment.as_str());
        if names || named_by_id {
            found.get_or_insert(schema);
        }
    });
    found
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Every schema inside a schema, itself first, with its JSON pointer.
pub(crate) fn walk<'a>(schema: &'a Value, at: &mut String, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(at, schema);
    let Value::Object(fields) = schema else { return };
    for (keyword, value) in fields {
        let is_one = ONE.contains(&keyword.as_str()) || keyword == "prefixItems";
        match value {
            Value::Object(children) if MAPS.contains(&keyword.as_str()) => {
                for (name, child) in children {
                    descend(child, &[keyword, name], at, visit);
                }
            }
            Value::Array(children) if is_one => {
                for (index, child) in children.iter().enumerate() {
                    descend(child, &[keyword, &index.to_string()], at, visit);
                }
            }
            Value::Object(_) | Value::Bool(_) if is_one => descend(value, &[keyword], at, visit),
            Value::Object(_)
            | Value::Bool(_)
            | Value::Array(_)
            | Value::Null
            | Value::Number(_)
            | Value::String(_) => {}
        }
    }
}

fn descend<'a>(child: &'a Value, steps: &[&str], at: &mut String, visit: &mut impl FnMut(&str, &'a Value)) {
    // A dependency on field names is no schema.
    if !child.is_object() && !child.is_boolean() {
        return;
    }
    let length = at.len();
    for step in steps {
        at.push('/');
        at.push_str(&escaped(step));
    }
    walk(child, at, visit);
    at.truncate(length);
}

/// A name as a step of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What is wrong with a document's references: where, and why.
pub(crate) fn first_fault(root: &Value, dialect: Dialect) -> Option<(String, String)> {
    let mut fault = None;
    walk(root, &mut String::new(), &mut |at, schema| {
        if fault.is_none() {
            fault = fault_of(root, at, schema, dialect);
        }
    });
    if fault.is_some() {
        return fault;
    }
    let mut ended = HashSet::new();
    walk(root, &mut String::new(), &mut |at, schema| {
        if fault.is_none() && !ends(root, schema, dialect, MAX_HOPS, &mut ended) {
            let why = "refers to itself without a step into the event, or through too many others";
            fault = Some((at.to_owned(), why.to_owned()));
        }
    });
    fault
}

/// Whether the schemas that hold in one place come to an end.
fn ends<'a>(
    root: &'a Value,
    schema: &'a Value,
    dialect: Dialect,
    hops: usize,
    ended: &mut HashSet<*const Value>,
) -> bool {
    let Some(fields) = schema.as_object() else { return true };
    if ended.contains(&ptr::from_ref(schema)) {
        return true;
    }
    let Some(hops) = hops.checked_sub(1) else { return false };
    let target = of(fields).and_then(|reference| resolve(root, reference));
    let alone = target.is_some() && dialect == Dialect::Draft7;
    let held = |keyword: &&str| fields.get(*keyword).filter(|_| !alone);
    let by_name = IN_PLACE_BY_NAME.iter().filter_map(held).filter_map(Value::as_object).flat_map(Map::values);
    let parts = IN_PLACE.iter().filter_map(held).flat_map(parts).chain(by_name);
    let all_end = target.into_iter().chain(parts).all(|next| ends(root, next, dialect, hops, ended));
    if all_end {
        ended.insert(ptr::from_ref(schema));
    }
    all_end
}

/// The schemas of a keyword, be it one or a list.
fn parts(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(parts) => parts.iter().collect(),
        Value::Object(_) | Value::Bool(_) => vec![value],
        Value::Null | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn fault_of(root: &Value, at: &str, schema: &Value, dialect: Dialect) -> Option<(String, String)> {
    let fields = schema.as_object()?;
    if let Some(id) = fields.get("$id").and_then(Value::as_str) {
        let is_anchor = dialect == Dialect::Draft7 && id.starts_with('#');
        if !at.is_empty() && !is_anchor {
            return Some((
                format!("{at}/$id"),
                format!("{id} is a schema inside another: release it on its own"),
            ));
        }
    }
    for keyword in ["$recursiveRef", "$recursiveAnchor"] {
        if fields.contains_key(keyword) {
            return Some((format!("{at}/{keyword}"), "is of draft 2019-09".to_owned()));
        }
    }
    let keyword = if fields.contains_key("$ref") { "$ref" } else { "$dynamicRef" };
    if fields.contains_key("$ref") && fields.contains_key("$dynamicRef") {
        return Some((
            format!("{at}/$dynamicRef"),
            "is beside a $ref: put one of them into an allOf".to_owned(),
        ));
    }
    let reference = of(fields)?;
    let place = format!("{at}/{keyword}");
    if resolve(root, reference).is_some() {
        return None;
    }
    let is_local = reference.starts_with('#');
    let why =
        if is_local { "is not in this document" } else { "is in another document, and nothing is fetched" };
    Some((place, format!("{reference} {why}")))
}
