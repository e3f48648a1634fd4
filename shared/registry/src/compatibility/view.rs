//! A schema as the comparison sees it: references followed, unions of one opened, and its keywords in one place.
//!
//! Beside a reference draft 2020-12 allows further keywords. Where none of them speaks of what the target speaks of,
//! both are seen as one schema; otherwise the target is one more schema that must hold.

use std::ptr;

use serde_json::{Map, Value};

use crate::document::{Dialect, SchemaDocument};
use crate::reference;

/// A schema inside a document.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub document: &'a SchemaDocument,
    pub value: &'a Value,
}

impl<'a> Place<'a> {
    pub fn root(document: &'a SchemaDocument) -> Self {
        Self { document, value: document.value() }
    }

    pub fn at(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    /// Tells this place from all others, for as long as its document lives.
    pub fn identity(self) -> *const Value {
        ptr::from_ref(self.value)
    }

    /// The schema that this one is a mere reference to, if it is one; a description beside the reference asks nothing.
    pub fn target(self) -> Self {
        let mut place = self;
        while let Value::Object(fields) = place.value {
            let asks = |group: &&[&str]| !group.contains(&"$ref") && has(fields, group);
            if place.document.dialect() == Dialect::Draft202012 && GROUPS.iter().any(asks) {
                break;
            }
            let root = place.document.value();
            let Some(target) = reference::of(fields).and_then(|text| reference::resolve(root, text)) else {
                break;
            };
            place = place.at(target);
        }
        place
    }

    /// True or `{}`: nothing is asked.
    pub fn asks_nothing(self) -> bool {
        View::of(self).asks_nothing()
    }

    /// False: nothing fits.
    pub fn fits_nothing(self) -> bool {
        View::of(self).fits_nothing
    }
}

/// Keywords that ask something, each with those that it has effects on: two schemas can be seen as one only if they
/// have no group in common.
const GROUPS: [&[&str]; 29] = [
    &["type"],
    &["enum"],
    &["const"],
    &["format"],
    &["not"],
    &["allOf"],
    &["anyOf"],
    &["oneOf"],
    &["if", "then", "else"],
    &["maxLength"],
    &["minLength"],
    &["pattern"],
    &["maximum"],
    &["minimum"],
    &["exclusiveMaximum"],
    &["exclusiveMinimum"],
    &["multipleOf"],
    &["required"],
    &["maxProperties"],
    &["minProperties"],
    &["propertyNames"],
    &["dependencies", "dependentRequired", "dependentSchemas"],
    &["properties", "patternProperties", "additionalProperties", "unevaluatedProperties"],
    &["items", "prefixItems", "additionalItems", "unevaluatedItems"],
    &["contains", "maxContains", "minContains"],
    &["maxItems"],
    &["minItems"],
    &["uniqueItems"],
    &["$ref", "$dynamicRef"],
];

fn has(schema: &Map<String, Value>, group: &[&str]) -> bool {
    group.iter().any(|keyword| schema.contains_key(*keyword))
}

/// All that one schema says.
pub(super) struct View<'a> {
    pub place: Place<'a>,
    /// Whose keywords all hold and do not meet in any group; notes such as a title are the first's that has one.
    layers: Vec<&'a Map<String, Value>>,
    /// Of these only the notes count, and before those of the layers.
    notes: Vec<&'a Map<String, Value>>,
    /// Targets of references that could not be joined.
    pub beside: Vec<&'a Value>,
    pub fits_nothing: bool,
}

impl<'a> View<'a> {
    pub fn of(place: Place<'a>) -> Self {
        let (layers, notes, beside) = (Vec::new(), Vec::new(), Vec::new());
        let mut view = Self { place, layers, notes, beside, fits_nothing: false };
        let mut next = Some(place.value);
        while let Some(value) = next {
            next = view.add(value);
        }
        view
    }

    /// Takes in one more schema that holds, and tells the next.
    fn add(&mut self, value: &'a Value) -> Option<&'a Value> {
        let Value::Object(fields) = value else {
            self.fits_nothing |= *value == Value::Bool(false);
            return None;
        };
        let is_known = |layer: &&Map<String, Value>| ptr::eq(*layer, fields);
        if self.layers.iter().any(is_known) || self.notes.iter().any(is_known) {
            return None;
        }
        let meets = |group: &&[&str]| {
            !group.contains(&"$ref")
                && has(fields, group)
                && self.layers.iter().any(|layer| has(layer, group))
        };
        if GROUPS.iter().any(meets) {
            self.beside.push(value);
            return None;
        }
        let document = self.place.document;
        let target = reference::of(fields).and_then(|text| reference::resolve(document.value(), text));
        if target.is_some() && document.dialect() == Dialect::Draft7 {
            return target;
        }
        self.layers.push(fields);
        if target.is_some() {
            return target;
        }
        let single = self.single()?;
        self.notes.append(&mut self.layers);
        Some(single)
    }

    /// The one schema of a union that is all there is.
    fn single(&self) -> Option<&'a Value> {
        let mut asked = GROUPS.iter().filter(|group| self.layers.iter().any(|layer| has(layer, group)));
        let (group, None) = (asked.next()?, asked.next()) else { return None };
        match (group, self.beside.as_slice()) {
            ([keyword @ ("allOf" | "anyOf" | "oneOf")], []) => match self.list(keyword) {
                [only] => Some(only),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.layers.iter().find_map(|layer| layer.get(keyword))
    }

    pub fn note(&self, keyword: &str) -> Option<&'a Value> {
        self.notes.iter().find_map(|layer| layer.get(keyword)).or_else(|| self.get(keyword))
    }

    pub fn list(&self, keyword: &str) -> &'a [Value] {
        self.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub fn map(&self, keyword: &str) -> Option<&'a Map<String, Value>> {
        self.get(keyword).and_then(Value::as_object)
    }

    pub fn child(&self, keyword: &str) -> Option<Place<'a>> {
        self.get(keyword).map(|value| self.place.at(value))
    }

    pub fn asks_nothing(&self) -> bool {
        !self.fits_nothing && self.beside.is_empty() && !GROUPS.iter().any(|group| self.asks(group))
    }

    /// Whether it asks something by other keywords than these.
    pub fn asks_beside(&self, keywords: &[&str]) -> bool {
        GROUPS.iter().any(|group| !group.iter().any(|keyword| keywords.contains(keyword)) && self.asks(group))
    }

    /// The reference itself asks nothing: what it leads to is a layer, or beside.
    fn asks(&self, group: &[&str]) -> bool {
        !group.contains(&"$ref") && self.layers.iter().any(|layer| has(layer, group))
    }
}
