//! The fields of an event as rows of a table, down to those inside others.

use crate::definitions::Definitions;
use crate::limits;
use crate::types::{self, Field, Shape, Type};

/// Alternatives that a row names; a list of currencies would fill a page.
const SHOWN: usize = 8;

/// Steps into a definition that refers to itself, or to what is far inside.
const MAX_DEPTH: usize = 12;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its steps joined by dots, with `[]` for the elements of a list.
    pub path: String,
    /// What it holds, in words.
    pub of: String,
    /// Whether it is always there.
    pub required: bool,
    /// What it says.
    pub description: String,
    /// What its type does not say.
    pub limits: Vec<String>,
}

/// The rows of an event, each before those inside it.
pub fn rows(definitions: &Definitions, event_type: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    add(definitions, &Type::Named(event_type.to_owned()), "", &mut Vec::new(), &mut rows);
    rows
}

fn add<'a>(
    definitions: &'a Definitions,
    of: &Type,
    path: &str,
    inside: &mut Vec<&'a str>,
    rows: &mut Vec<Row>,
) {
    let Type::Named(name) = of else {
        let path = if matches!(of, Type::List(_)) {
            format!("{path}[]")
        } else if matches!(of, Type::Map(_)) {
            format!("{path}.*")
        } else {
            path.to_owned()
        };
        return of.parts().iter().for_each(|part| add(definitions, part, &path, inside, rows));
    };
    let found = definitions.iter().find(|(each, _)| each == name);
    let Some((name, schema)) = found.filter(|(name, _)| !inside.contains(name)) else { return };
    if inside.len() >= MAX_DEPTH {
        return;
    }
    inside.push(name);
    match types::shape(schema) {
        Shape::Object(fields) => {
            for field in &fields {
                let path =
                    if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
                rows.push(row(definitions, field, &path));
                add(definitions, &field.of, &path, inside, rows);
            }
        }
        Shape::Choice(choices) => {
            for (of, _) in &choices {
                add(definitions, of, path, inside, rows);
            }
        }
        Shape::Alias(of) => add(definitions, &of, path, inside, rows),
    }
    inside.pop();
}

fn row(definitions: &Definitions, field: &Field, path: &str) -> Row {
    let named = definition_of(&field.of).and_then(|name| definitions.get(name));
    let mut limits = field.limits.clone();
    limits.extend(named.map(limits::of).unwrap_or_default());
    let said = field.description.clone().or_else(|| named.and_then(types::description));
    Row {
        path: path.to_owned(),
        of: words(definitions, &field.of, 0),
        required: field.required,
        description: said.unwrap_or_default(),
        limits,
    }
}

/// The one definition that a type is, but for being absent.
fn definition_of(of: &Type) -> Option<&str> {
    if let Type::Named(name) = of {
        return Some(name);
    }
    let Type::Union(parts) = of else { return None };
    match parts.as_slice() {
        [one, Type::Null] | [Type::Null, one] => definition_of(one),
        _ => None,
    }
}

fn words(definitions: &Definitions, of: &Type, depth: usize) -> String {
    let several = |parts: &[Type], joint: &str| {
        let each = parts.iter().map(|part| words(definitions, part, depth)).collect::<Vec<_>>();
        shortened(each, joint)
    };
    match of {
        Type::Anything => "anything".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "true or false".to_owned(),
        Type::Integer => "whole number".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Literal(value) => value.to_string(),
        Type::List(inner) => format!("list of {}", words(definitions, inner, depth)),
        Type::Map(inner) => format!("fields of any name with {}", words(definitions, inner, depth)),
        Type::Union(parts) => several(parts, " or "),
        Type::All(parts) => several(parts, " and "),
        Type::Named(name) => match definitions.get(name).map(types::shape) {
            Some(Shape::Alias(of)) if depth < MAX_DEPTH => {
                format!("{name}: {}", words(definitions, &of, depth + 1))
            }
            Some(Shape::Choice(choices)) if depth < MAX_DEPTH => {
                let parts = choices.iter().map(|(of, _)| words(definitions, of, depth + 1));
                format!("{name}: {}", shortened(parts.collect(), " or "))
            }
            Some(Shape::Object(_) | Shape::Alias(_) | Shape::Choice(_)) | None => name.clone(),
        },
    }
}

fn shortened(mut parts: Vec<String>, joint: &str) -> String {
    let count = parts.len();
    if count > SHOWN {
        parts.truncate(SHOWN - 1);
        parts.push(format!("one of {} more", count - SHOWN + 1));
    }
    match parts.pop() {
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{}{joint}{last}", parts.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_inside_others_follow_them_and_a_circle_ends() {
        let schema = json!({
            "type": "object",
            "properties": { "data": { "type": "object", "required": ["tree"], "properties": {
                "tree": { "$ref": "#/$defs/Tree" },
                "note": { "anyOf": [{ "$ref": "#/$defs/Note" }, { "type": "null" }] },
            } } },
            "$defs": {
                "Tree": { "type": "object", "properties": {
                    "leaves": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } } },
                "Note": { "type": "string", "maxLength": 9, "description": "What to remember." },
            },
        });
        let definitions = Definitions::of(&[("A", &schema)]).expect("definitions");
        let rows = rows(&definitions, "A");
        let shown: Vec<_> =
            rows.iter().map(|row| (row.path.as_str(), row.of.as_str(), row.required)).collect();
        assert_eq!(
            shown,
            [
                ("data", "AData", false),
                ("data.tree", "Tree", true),
                ("data.tree.leaves", "list of Tree", false),
                ("data.note", "Note: text or null", false),
            ]
        );
        assert_eq!(
            (rows[3].description.as_str(), rows[3].limits.join("")),
            ("What to remember.", "at most 9 characters".to_owned())
        );
    }
}
