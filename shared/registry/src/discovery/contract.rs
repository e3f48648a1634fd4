//! What schemas say of a place in an event: which types it may have, and which parts are documented.
//!
//! Alternatives are seen together: a field is documented if any of them describes it, and a type is allowed if any of
//! them allows it. What holds in which case is the validator's to say.

use std::ptr;

use serde_json::{Map, Value};

use super::types::{JsonType, Types};
use crate::document::{Dialect, SchemaDocument};
use crate::reference;

/// Keywords that speak of an object's fields.
const OF_FIELDS: [&str; 4] =
    ["properties", "patternProperties", "additionalProperties", "unevaluatedProperties"];

/// A schema inside a document.
#[derive(Clone, Copy)]
struct Part<'a> {
    document: &'a SchemaDocument,
    value: &'a Value,
}

/// The schemas that describe one place.
#[derive(Clone)]
pub(super) struct Contract<'a> {
    parts: Vec<Part<'a>>,
}

impl<'a> Contract<'a> {
    /// What these documents say of a whole event, each in a case of its own.
    pub fn of(documents: impl IntoIterator<Item = &'a SchemaDocument>) -> Self {
        let parts = documents.into_iter().map(|document| Part { document, value: document.value() });
        Self { parts: parts.collect() }
    }

    /// The types that are allowed here.
    pub fn types(&self) -> Types {
        self.parts.iter().map(|part| part.types()).fold(Types::NONE, Types::or)
    }

    /// Whether objects are allowed here of which no field is documented: anything may be in them.
    pub fn is_any_object(&self) -> bool {
        let speaks = |fields: &Map<String, Value>| OF_FIELDS.iter().any(|name| fields.contains_key(*name));
        !self.layers().iter().any(|(_, fields)| speaks(fields))
    }

    /// What is said of a field, if it is documented.
    pub fn field(&self, name: &str) -> Option<Self> {
        let named = self.collect(|fields| {
            let properties = fields.get("properties").and_then(Value::as_object);
            properties.and_then(|all| all.get(name)).into_iter().collect()
        });
        named.or_else(|| self.further())
    }

    /// What is said of fields that have no place of their own.
    pub fn further(&self) -> Option<Self> {
        self.collect(|fields| {
            let patterns = fields.get("patternProperties").and_then(Value::as_object);
            let additional = ["additionalProperties", "unevaluatedProperties"];
            // `true` lets fields through and documents none.
            let schemas = additional.iter().filter_map(|name| fields.get(*name)).filter(|it| it.is_object());
            patterns.into_iter().flat_map(Map::values).chain(schemas).collect()
        })
    }

    /// What is said of a list's elements, if anything is.
    pub fn items(&self) -> Option<Self> {
        self.collect(|fields| {
            let mut schemas = Vec::new();
            for keyword in ["prefixItems", "items", "additionalItems", "unevaluatedItems"] {
                match fields.get(keyword) {
                    Some(Value::Array(each)) => schemas.extend(each),
                    Some(one) if one.is_object() => schemas.push(one),
                    Some(_) | None => {}
                }
            }
            schemas
        })
    }

    fn collect(&self, of: impl Fn(&'a Map<String, Value>) -> Vec<&'a Value>) -> Option<Self> {
        let layers = self.layers();
        let parts: Vec<Part<'a>> = layers
            .into_iter()
            .flat_map(|(document, fields)| of(fields).into_iter().map(move |value| Part { document, value }))
            .collect();
        (!parts.is_empty()).then_some(Self { parts })
    }

    /// Every schema that holds here or may hold here.
    fn layers(&self) -> Vec<(&'a SchemaDocument, &'a Map<String, Value>)> {
        let mut found: Vec<(&'a SchemaDocument, &'a Map<String, Value>)> = Vec::new();
        let mut next: Vec<Part<'a>> = self.parts.clone();
        while let Some(part) = next.pop() {
            let Some(fields) = part.value.as_object() else { continue };
            if !found.iter().any(|(_, known)| ptr::eq(*known, fields)) {
                found.push((part.document, fields));
                next.extend(part.in_place());
            }
        }
        found
    }
}

impl<'a> Part<'a> {
    fn at(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    fn target(self) -> Option<Self> {
        let reference = reference::of(self.value.as_object()?)?;
        reference::resolve(self.document.value(), reference).map(|target| self.at(target))
    }

    /// In draft-07 nothing beside a reference counts.
    fn is_mere_reference(self) -> bool {
        self.document.dialect() == Dialect::Draft7 && self.target().is_some()
    }

    fn list(self, keyword: &str) -> impl Iterator<Item = Self> {
        let list = self.value.get(keyword).filter(|_| !self.is_mere_reference()).and_then(Value::as_array);
        list.into_iter().flatten().map(move |value| self.at(value))
    }

    /// Schemas that this one makes hold for the same value, always or sometimes.
    fn in_place(self) -> Vec<Self> {
        let mut parts: Vec<Self> = self.target().into_iter().collect();
        if self.is_mere_reference() {
            return parts;
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            parts.extend(self.list(keyword));
        }
        parts.extend(["then", "else"].iter().filter_map(|name| self.value.get(name)).map(|it| self.at(it)));
        let dependent = self.value.get("dependentSchemas").and_then(Value::as_object);
        parts.extend(dependent.into_iter().flat_map(Map::values).map(|value| self.at(value)));
        parts
    }

    /// The types that a value here may have. A document's references have been followed to their end when it was read.
    fn types(self) -> Types {
        let Some(fields) = self.value.as_object() else {
            return if *self.value == Value::Bool(false) { Types::NONE } else { Types::ANY };
        };
        let mut types = self.target().map_or(Types::ANY, Self::types);
        if self.is_mere_reference() {
            return types;
        }
        if let Some(named) = fields.get("type") {
            types = types.and(said(named));
        }
        if let Some(value) = fields.get("const") {
            types = types.and(Types::only(JsonType::of(value)));
        }
        if let Some(values) = fields.get("enum").and_then(Value::as_array) {
            let each = values.iter().map(|value| Types::only(JsonType::of(value)));
            types = types.and(each.fold(Types::NONE, Types::or));
        }
        for part in self.list("allOf") {
            types = types.and(part.types());
        }
        for keyword in ["anyOf", "oneOf"] {
            let any = self.list(keyword).map(Self::types).reduce(Types::or);
            types = types.and(any.unwrap_or(Types::ANY));
        }
        types
    }
}

fn said(named: &Value) -> Types {
    let one = |name: &Value| name.as_str().and_then(JsonType::named).map_or(Types::NONE, Types::taken_by);
    match named.as_array() {
        Some(several) => several.iter().map(one).fold(Types::NONE, Types::or),
        None => one(named),
    }
}
