//! What a JSON Schema says about a field: whether there is one, and which values it can take.
//!
//! It judges in favour of the pattern: where it cannot tell, the field is there and takes the value.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// How deep references and combinations are followed, against schemas that refer to themselves.
const MAX_DEPTH: usize = 32;

/// A schema with the document that its references point into.
#[derive(Debug, Clone, Copy)]
pub struct Node<'s> {
    root: &'s Value,
    schema: &'s Value,
}

impl<'s> Node<'s> {
    /// The schema of a whole document.
    pub const fn root(root: &'s Value) -> Self {
        Self { root, schema: root }
    }

    const fn of(self, schema: &'s Value) -> Self {
        Self { schema, ..self }
    }

    /// Every schema that may stand at a path below this one, through references, combinations and arrays' elements.
    pub fn at(self, path: &str) -> Vec<Self> {
        let mut found = self.property(path, MAX_DEPTH);
        // A dot may be part of a name.
        for (dot, _) in path.match_indices('.') {
            for inner in self.property(&path[..dot], MAX_DEPTH) {
                found.extend(inner.at(&path[dot + 1..]));
            }
        }
        found
    }

    /// Whether a value is always at the path.
    pub fn always_has(self, path: &str) -> bool {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let required = self.conjuncts(MAX_DEPTH).into_iter().any(|each| {
            each.schema["required"].as_array().is_some_and(|names| names.iter().any(|each| each == name))
        });
        let inner = self.property(name, MAX_DEPTH);
        let may_be_empty = inner.iter().any(|each| each.types().is_none_or(|types| types.contains("array")));
        match rest {
            _ if !required || may_be_empty => false,
            Some(rest) => !inner.is_empty() && inner.iter().all(|each| each.always_has(rest)),
            None => true,
        }
    }

    /// The schemas that hold together with this one: itself, what it refers to, and what it combines with `allOf`.
    fn conjuncts(self, depth: usize) -> Vec<Self> {
        let mut all = vec![self];
        if depth > 0 {
            let parts = self.reference().into_iter().chain(self.list("allOf"));
            all.extend(parts.flat_map(|part| part.conjuncts(depth - 1)));
        }
        all
    }

    /// The schemas of which one or some hold.
    fn choices(self) -> impl Iterator<Item = Self> {
        let branches = ["then", "else"].into_iter().filter_map(move |key| self.schema.get(key));
        self.list("anyOf").chain(self.list("oneOf")).chain(branches.map(move |schema| self.of(schema)))
    }

    fn list(self, keyword: &str) -> impl Iterator<Item = Self> + use<'s> {
        self.schema[keyword].as_array().into_iter().flatten().map(move |schema| self.of(schema))
    }

    fn reference(self) -> Option<Self> {
        let pointer = self.schema["$ref"].as_str()?.strip_prefix('#')?;
        self.root.pointer(pointer).map(|schema| self.of(schema))
    }

    fn property(self, name: &str, depth: usize) -> Vec<Self> {
        let own = self.schema["properties"].get(name);
        let mut found: Vec<Self> = own.into_iter().map(|schema| self.of(schema)).collect();
        if own.is_none() {
            let others =
                self.schema["patternProperties"].as_object().into_iter().flat_map(|all| all.values());
            let rest = self.schema.get("additionalProperties").filter(|schema| schema.is_object());
            found.extend(others.chain(rest).map(|schema| self.of(schema)));
        }
        if depth > 0 {
            let inner = self.reference().into_iter().chain(self.list("allOf")).chain(self.choices());
            found.extend(inner.chain(self.elements()).flat_map(|each| each.property(name, depth - 1)));
        }
        found
    }

    /// The schemas of an array's elements: EventBridge compares each of them.
    fn elements(self) -> impl Iterator<Item = Self> {
        let each = self.schema.get("items").filter(|schema| schema.is_object());
        self.list("prefixItems").chain(each.map(|schema| self.of(schema)))
    }

    /// The types of the values it takes, those of an array's elements among them; none if it may be any.
    pub fn types(self) -> Option<BTreeSet<&'s str>> {
        self.types_within(MAX_DEPTH)
    }

    fn types_within(self, depth: usize) -> Option<BTreeSet<&'s str>> {
        let depth = depth.checked_sub(1)?;
        let declared: Vec<&str> = match &self.schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        if !declared.is_empty() {
            let mut types: BTreeSet<&str> = declared.into_iter().collect();
            if types.contains("array") {
                let elements: Vec<Self> = self.elements().collect();
                if elements.is_empty() {
                    return None;
                }
                for element in elements {
                    types.extend(element.types_within(depth)?);
                }
            }
            return Some(types);
        }
        if let Some(values) = self.listed() {
            return Some(values.into_iter().map(type_of).collect());
        }
        if let Some(types) =
            self.reference().into_iter().chain(self.list("allOf")).find_map(|part| part.types_within(depth))
        {
            return Some(types);
        }
        let mut choices = self.choices().peekable();
        choices.peek()?;
        let types: Option<Vec<_>> = choices.map(|choice| choice.types_within(depth)).collect();
        Some(types?.into_iter().flatten().collect())
    }

    fn listed(self) -> Option<Vec<&'s Value>> {
        let one = self.schema.get("const").map(|value| vec![value]);
        one.or_else(|| self.schema["enum"].as_array().map(|values| values.iter().collect()))
    }

    /// Every value it takes, if they are listed.
    pub fn values(self) -> Option<Vec<&'s Value>> {
        self.values_within(MAX_DEPTH)
    }

    fn values_within(self, depth: usize) -> Option<Vec<&'s Value>> {
        let depth = depth.checked_sub(1)?;
        if let Some(values) = self.listed() {
            return Some(values);
        }
        if self.schema["type"] == "null" {
            return Some(vec![&Value::Null]);
        }
        let parts = self.reference().into_iter().chain(self.list("allOf"));
        if let Some(values) = parts.chain(self.elements()).find_map(|part| part.values_within(depth)) {
            return Some(values);
        }
        let mut choices = self.choices().peekable();
        choices.peek()?;
        let values: Option<Vec<_>> = choices.map(|choice| choice.values_within(depth)).collect();
        Some(values?.into_iter().flatten().collect())
    }

    /// The smallest and the largest number it takes.
    pub fn bounds(self) -> (f64, f64) {
        let mut bounds = (f64::NEG_INFINITY, f64::INFINITY);
        for each in self.conjuncts(MAX_DEPTH) {
            let bound = |keyword: &str| each.schema[keyword].as_f64();
            for low in [bound("minimum"), bound("exclusiveMinimum")].into_iter().flatten() {
                bounds.0 = bounds.0.max(low);
            }
            for high in [bound("maximum"), bound("exclusiveMaximum")].into_iter().flatten() {
                bounds.1 = bounds.1.min(high);
            }
        }
        bounds
    }

    /// Whether it takes the value, or has elements that do.
    pub fn takes(self, value: &Value) -> bool {
        self.validates(value)
            || self.conjuncts(MAX_DEPTH).into_iter().flat_map(Self::elements).any(|each| each.takes(value))
    }

    fn validates(self, value: &Value) -> bool {
        // Most schemas are told apart by this, and a validator is dear.
        if let Some(values) = self.values() {
            let listed = values.into_iter().any(|each| is_same(each, value));
            if !listed || self.listed().is_some() {
                return listed;
            }
        }
        let is_of_type = |types: &BTreeSet<&str>| {
            let own = type_of(value);
            types.contains(own) || (own == "integer" && types.contains("number"))
        };
        if self.types().is_some_and(|types| !is_of_type(&types)) {
            return false;
        }
        let mut schema = json!({ "allOf": [self.schema] });
        for definitions in ["$defs", "definitions"] {
            if let Some(found) = self.root.get(definitions) {
                schema[definitions] = found.clone();
            }
        }
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema);
        validator.map_or(true, |validator| validator.is_valid(value))
    }
}

/// Whether JSON Schema takes them for the same: a number however it is written.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one.total_cmp(&other).is_eq())
}

/// The name of a value's type in a schema.
pub fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
