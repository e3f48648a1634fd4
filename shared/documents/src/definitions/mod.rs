//! One table of named schemas for all event types: what the `AsyncAPI` document refers to, and what types are made of.
//!
//! An event's schema stands alone: it brings its own definitions, most of which other events have too. Here each is once.
//! Objects that stand inside others get names, so that they can be types. Whatever an event's schema allowed, the table
//! allows; only the words of draft 2020-12 are put as draft-07 has them, which is what `AsyncAPI`'s schemas are built on.

pub mod keywords;
mod local;
mod naming;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Fault;
use local::Local;

/// Where a definition is in the `AsyncAPI` document.
pub const PREFIX: &str = "#/components/schemas/";

/// Named schemas, whose references are to each other and begin with [`PREFIX`].
#[derive(Debug, Clone, PartialEq)]
pub struct Definitions {
    schemas: BTreeMap<String, Value>,
}

impl Definitions {
    /// The definitions of event types, given as name and schema. Each type is defined under its own name.
    pub fn of(types: &[(&str, &Value)]) -> Result<Self, Fault> {
        let read = |&(name, schema): &(&str, &Value)| Local::read(name, schema);
        let locals = types.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut schemas = BTreeMap::new();
        for (local, names) in locals.iter().zip(naming::names(&locals)) {
            let renamed = |schema: &Value| {
                keywords::rename(schema, &|key| match names.get(key) {
                    Some(name) => format!("{PREFIX}{name}"),
                    None => key.to_owned(),
                })
            };
            schemas.insert(local.event_type.clone(), renamed(&local.root));
            for (key, part) in &local.parts {
                if let Some(name) = names.get(key) {
                    schemas.entry(name.clone()).or_insert_with(|| renamed(&part.schema));
                }
            }
        }
        Ok(Self { schemas })
    }

    /// The schema of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.schemas.get(name)
    }

    /// Every schema, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.schemas.iter().map(|(name, schema)| (name.as_str(), schema))
    }
}

/// The name that a schema refers to, if it is a reference.
pub fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(data: &Value, definitions: &Value) -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:an:event",
            "type": "object",
            "properties": { "data": data },
            "$defs": definitions,
        })
    }

    fn object(field: &str, schema: &Value) -> Value {
        json!({ "type": "object", "properties": { field: schema } })
    }

    #[test]
    fn what_two_events_share_is_defined_once_and_what_differs_twice() {
        let sku = json!({ "type": "string", "maxLength": 40 });
        let (short, long) =
            (json!({ "type": "string", "maxLength": 1 }), json!({ "type": "string", "maxLength": 2 }));
        let data = json!({ "type": "object", "properties": {
            "sku": { "$ref": "#/$defs/Sku" }, "line": { "$ref": "#/$defs/Line" } } });
        let line = object("code", &json!({ "$ref": "#/$defs/Code" }));
        let first = event(&data, &json!({ "Sku": sku, "Line": line, "Code": short }));
        let second = event(&data, &json!({ "Sku": sku, "Line": line, "Code": long }));
        let found = Definitions::of(&[("A", &first), ("B", &second)]).expect("definitions");
        let names: Vec<_> = found.iter().map(|(name, _)| name).collect();
        // The lines are alike as written, but what they refer to is not.
        assert_eq!(names, ["A", "AData", "B", "BCode", "BData", "BLine", "Code", "Line", "Sku"]);
        assert_eq!(found.get("BCode"), Some(&long));
        let line = found.get("BLine").expect("a line");
        assert_eq!(referred(&line["properties"]["code"]), Some("BCode"));
    }

    #[test]
    fn what_stands_beside_a_reference_stays() {
        let data = object("sku", &json!({ "$ref": "#/$defs/Sku", "description": "The article." }));
        let found = Definitions::of(&[("A", &event(&data, &json!({ "Sku": { "type": "string" } })))]);
        let wanted =
            json!({ "description": "The article.", "allOf": [{ "$ref": "#/components/schemas/Sku" }] });
        assert_eq!(found.expect("definitions").get("AData").expect("data")["properties"]["sku"], wanted);
    }

    #[test]
    fn a_reference_in_an_example_is_no_reference() {
        let data = object("at", &json!({ "const": { "$ref": "#/$defs/Sku" } }));
        let found = Definitions::of(&[("A", &event(&data, &json!({ "Sku": { "type": "string" } })))]);
        let found = found.expect("definitions");
        let at = &found.get("AData").expect("data")["properties"]["at"]["const"];
        assert_eq!(*at, json!({ "$ref": "#/$defs/Sku" }));
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_place() {
        let refusal = |data: &Value| {
            Definitions::of(&[("A", &event(data, &json!({})))]).expect_err("refused").to_string()
        };
        assert_eq!(
            refusal(&object("sku", &json!({ "prefixItems": [] }))),
            "A: #/properties/data/properties/sku: prefixItems has no counterpart in AsyncAPI's schemas"
        );
        for reference in ["#/$defs/Sku", "#", "#/properties/data", "https://example.com/sku.json"] {
            assert_eq!(
                refusal(&object("sku", &json!({ "$ref": reference }))),
                format!("A: #/properties/data/properties/sku: {reference} is no definition of this schema")
            );
        }
    }

    #[test]
    fn a_name_is_one_in_other_languages_too() {
        let schema = event(&json!({}), &json!({}));
        for name in ["order-created", "1st", "", "Größe"] {
            let refused = Definitions::of(&[(name, &schema)]).expect_err(name);
            assert_eq!(refused, Fault::Name { event_type: name.to_owned() });
        }
        let definitions = json!({ "line item": { "type": "string" }, "None": { "type": "null" } });
        let data = object("x", &json!({ "$ref": "#/$defs/line item" }));
        let found = Definitions::of(&[("A", &event(&data, &definitions))]).expect("definitions");
        let names: Vec<_> = found.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["A", "AData", "ANone", "LineItem"], "None means something in Python");
    }
}
