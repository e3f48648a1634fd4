//! What a schema amounts to as a type, whatever the language.
//!
//! A type is wider than its schema where languages have no word for a rule: lengths, bounds and forms become remarks.

use serde_json::Value;

use crate::definitions::referred;
use crate::limits;

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Whatever there is.
    Anything,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text.
    Text,
    /// Exactly this text, whole number, `true`, `false` or `null`.
    Literal(Value),
    /// A definition.
    Named(String),
    /// A list.
    List(Box<Type>),
    /// An object whose fields have any name.
    Map(Box<Type>),
    /// One of these.
    Union(Vec<Type>),
    /// All of these at once.
    All(Vec<Type>),
}

impl Type {
    /// The types that it is made of, one step down.
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::List(inner) | Self::Map(inner) => std::slice::from_ref(inner),
            Self::Union(parts) | Self::All(parts) => parts,
            Self::Anything
            | Self::Null
            | Self::Boolean
            | Self::Integer
            | Self::Number
            | Self::Text
            | Self::Literal(_)
            | Self::Named(_) => &[],
        }
    }
}

/// What a definition is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// An object with these fields.
    Object(Vec<Field>),
    /// One of several values, each with what it means.
    Choice(Vec<(Type, Option<String>)>),
    /// Another name for a type.
    Alias(Type),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub of: Type,
    /// Whether it is always there.
    pub required: bool,
    /// What it says.
    pub description: Option<String>,
    /// What its type does not say.
    pub limits: Vec<String>,
}

/// What a definition is. Fields say of themselves that they are an object's; a type that says otherwise is believed.
pub fn shape(schema: &Value) -> Shape {
    if let Some(fields) = schema["properties"].as_object().filter(|fields| !fields.is_empty()) {
        let of_type = &schema["type"];
        if !of_type.is_null() && of_type != "object" {
            return Shape::Alias(of(schema));
        }
        let mut all = combined(schema);
        if all.is_empty() {
            return Shape::Object(fields_of(schema, fields));
        }
        // An object that is something else as well has fields of both, and no type here has room for that.
        all.push(Type::Map(Box::new(Type::Anything)));
        return Shape::Alias(Type::All(all));
    }
    for alternatives in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[alternatives].as_array() {
            let described = choices.iter().map(|choice| (of(choice), description(choice)));
            return Shape::Choice(described.collect());
        }
    }
    Shape::Alias(of(schema))
}

/// What a schema is besides what it says itself.
fn combined(schema: &Value) -> Vec<Type> {
    let parts = |keyword: &str| schema[keyword].as_array().into_iter().flatten().map(of).collect::<Vec<_>>();
    let mut all = parts("allOf");
    all.extend(["oneOf", "anyOf"].map(parts).into_iter().filter(|parts| !parts.is_empty()).map(union));
    all.retain(|each| *each != Type::Anything);
    all
}

/// In the order of `required`, which is that of the contract; then the optional ones by name.
fn fields_of(schema: &Value, fields: &serde_json::Map<String, Value>) -> Vec<Field> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let place = |name: &str| required.iter().position(|each| *each == name);
    let mut found: Vec<Field> = fields
        .iter()
        .map(|(name, schema)| Field {
            name: name.clone(),
            of: of(schema),
            required: place(name).is_some(),
            description: description(schema),
            limits: limits::of(schema),
        })
        .collect();
    found.sort_by_key(|field| (place(&field.name).unwrap_or(usize::MAX), field.name.clone()));
    found
}

/// The type of what a schema describes.
pub fn of(schema: &Value) -> Type {
    if let Some(name) = referred(schema) {
        return Type::Named(name.to_owned());
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(values) = schema["enum"].as_array() {
        return union(values.iter().map(literal).collect());
    }
    for alternatives in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[alternatives].as_array() {
            return union(choices.iter().map(of).collect());
        }
    }
    if let Some(all) = schema["allOf"].as_array() {
        let mut all: Vec<Type> = all.iter().map(of).filter(|each| *each != Type::Anything).collect();
        return match all.len() {
            0 => Type::Anything,
            1 => all.remove(0),
            _ => Type::All(all),
        };
    }
    match &schema["type"] {
        Value::String(name) => named(name, schema),
        Value::Array(names) => {
            union(names.iter().filter_map(Value::as_str).map(|name| named(name, schema)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Type::Anything,
    }
}

fn named(name: &str, schema: &Value) -> Type {
    match name {
        "null" => Type::Null,
        "boolean" => Type::Boolean,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "string" => Type::Text,
        "array" => Type::List(Box::new(if schema["items"].is_object() {
            of(&schema["items"])
        } else {
            Type::Anything
        })),
        "object" => {
            let values = &schema["additionalProperties"];
            let is_all = schema.get("properties").is_none() && schema.get("patternProperties").is_none();
            Type::Map(Box::new(if is_all && values.is_object() { of(values) } else { Type::Anything }))
        }
        _ => Type::Anything,
    }
}

/// Fractions and whole objects are no literals of any language.
fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Number(number) if number.is_f64() => Type::Number,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Type::Literal(value.clone()),
        Value::Array(_) => Type::List(Box::new(Type::Anything)),
        Value::Object(_) => Type::Map(Box::new(Type::Anything)),
    }
}

fn union(types: Vec<Type>) -> Type {
    let mut found: Vec<Type> = Vec::new();
    for each in types {
        let parts = if let Type::Union(parts) = each { parts } else { vec![each] };
        for part in parts {
            if !found.contains(&part) {
                found.push(part);
            }
        }
    }
    match found.len() {
        _ if found.contains(&Type::Anything) => Type::Anything,
        1 => found.remove(0),
        _ => Type::Union(found),
    }
}

/// What a schema says of itself.
pub fn description(schema: &Value) -> Option<String> {
    schema["description"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_is_never_narrower_than_its_schema() {
        let text = || Type::Literal(json!("a"));
        let cases = [
            (json!(true), Type::Anything),
            (json!({}), Type::Anything),
            (json!({ "minLength": 1 }), Type::Anything),
            (json!({ "type": "integer", "maximum": 3 }), Type::Integer),
            (json!({ "type": ["string", "null"] }), Type::Union(vec![Type::Text, Type::Null])),
            (json!({ "enum": ["a", null, 1.5] }), Type::Union(vec![text(), Type::Null, Type::Number])),
            (json!({ "const": "a" }), text()),
            (json!({ "anyOf": [{ "const": "a" }, {}] }), Type::Anything),
            (json!({ "type": "array" }), Type::List(Box::new(Type::Anything))),
            (json!({ "allOf": [{ "type": "string" }, { "maxLength": 3 }] }), Type::Text),
            (
                json!({ "type": "object", "additionalProperties": { "type": "string" } }),
                Type::Map(Box::new(Type::Text)),
            ),
            (json!({ "$ref": "#/components/schemas/Sku" }), Type::Named("Sku".to_owned())),
        ];
        for (schema, wanted) in cases {
            assert_eq!(of(&schema), wanted, "{schema}");
        }
    }

    #[test]
    fn an_object_is_one_only_if_it_is_nothing_else() {
        let fields = json!({ "a": { "type": "string" } });
        let object = |more: Value| {
            let mut schema = json!({ "type": "object", "properties": fields });
            for (keyword, value) in more.as_object().expect("keywords") {
                schema[keyword] = value.clone();
            }
            shape(&schema)
        };
        let open = || Type::Map(Box::new(Type::Anything));
        assert!(matches!(object(json!({ "required": ["a"] })), Shape::Object(_)));
        let or_null = object(json!({ "type": ["object", "null"] }));
        assert_eq!(or_null, Shape::Alias(Type::Union(vec![open(), Type::Null])));
        let base = json!({ "$ref": "#/components/schemas/Base" });
        let extended = object(json!({ "allOf": [base] }));
        assert_eq!(extended, Shape::Alias(Type::All(vec![Type::Named("Base".to_owned()), open()])));
        let either = object(json!({ "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }));
        assert!(matches!(either, Shape::Object(_)), "alternatives of which fields are there need no words");
    }

    #[test]
    fn required_fields_come_first_and_in_their_order() {
        let schema = json!({
            "type": "object",
            "required": ["z", "a"],
            "properties": { "a": {}, "y": {}, "b": {}, "z": {} },
        });
        let Shape::Object(fields) = shape(&schema) else { panic!("an object") };
        let names: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.required)).collect();
        assert_eq!(names, [("z", true), ("a", true), ("b", false), ("y", false)]);
    }
}
