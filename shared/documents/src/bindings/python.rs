//! Python 3.11 and later: one module that needs the standard library only.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::{Definition, about, in_order, lines, wrapped};
use crate::platform::Platform;
use crate::types::{Field, Shape, Type};

/// Names of fields that no class may have.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The types of all events as a module: a `TypedDict` for each, so that what `json.loads` returns has the type as it is,
/// and `Event`, the union of all of them, which `event_type` tells apart.
pub fn python(platform: &Platform) -> String {
    let title = lines(&format!("Types of the events of {} {}.", platform.title, platform.version)).join(" ");
    let mut text = String::new();
    docstring(
        &[
            title,
            String::new(),
            "Made from their released schemas by `cargo semel documents`; changes made here are lost."
                .to_owned(),
            "A schema has rules that no type has; they stand in comments.".to_owned(),
        ],
        "",
        &mut text,
    );
    let head = std::mem::take(&mut text);
    let mut known = BTreeSet::new();
    for definition in in_order(&platform.definitions) {
        declare(&definition, &known, &mut text);
        known.insert(definition.name.to_owned());
    }
    let names: Vec<String> = platform.events.iter().map(|event| event.name.clone()).collect();
    let literals: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    text.push_str("\n# Every event; `event_type` tells which it is.\n");
    let _ = writeln!(text, "Event: TypeAlias = Union[\n{},\n]", wrapped(&names, ", ", "    "));
    text.push_str("\n# The names of all event types.\n");
    let _ = writeln!(text, "EventType: TypeAlias = Literal[\n{},\n]", wrapped(&literals, ", ", "    "));
    text.push_str("\n# The newest version of each type, for `metadata.version`.\n");
    text.push_str("EVENT_VERSIONS: dict[EventType, str] = {\n");
    for event in &platform.events {
        let _ = writeln!(text, "    {}: {},", quoted(&event.name), quoted(event.version()));
    }
    text.push_str("}\n");
    format!("{head}\nfrom typing import {}\n{text}", used(&text).join(", "))
}

/// The names of `typing` that a text has.
fn used(text: &str) -> Vec<&'static str> {
    let names = ["Any", "Literal", "NotRequired", "TypeAlias", "TypedDict", "Union"];
    let words: BTreeSet<&str> = text.split(|each: char| !each.is_alphanumeric()).collect();
    names.into_iter().filter(|name| words.contains(name)).collect()
}

fn declare(definition: &Definition<'_>, known: &BTreeSet<String>, text: &mut String) {
    let name = definition.name;
    if let Shape::Object(fields) = &definition.shape {
        text.push_str("\n\n");
        if fields.iter().all(|field| is_attribute(&field.name)) {
            class(definition, fields, known, text);
        } else {
            by_call(definition, fields, known, text);
        }
        return;
    }
    let alternatives: Vec<(&Type, Option<&String>)> = match &definition.shape {
        Shape::Choice(choices) => choices.iter().map(|(of, about)| (of, about.as_ref())).collect(),
        Shape::Alias(of) => vec![(of, None)],
        Shape::Object(_) => Vec::new(),
    };
    text.push('\n');
    comment(&definition.remarks, "", text);
    for (of, about) in &alternatives {
        if let Some(about) = about {
            comment(&lines(&format!("{}: {about}", written(of, known))), "", text);
        }
    }
    let of = match alternatives.as_slice() {
        [(of, _)] => (*of).clone(),
        several => Type::Union(several.iter().map(|(of, _)| (*of).clone()).collect()),
    };
    let _ = writeln!(text, "{name}: TypeAlias = {}", folded(&of, known));
}

fn class(definition: &Definition<'_>, fields: &[Field], known: &BTreeSet<String>, text: &mut String) {
    let _ = writeln!(text, "class {}(TypedDict):", definition.name);
    docstring(&definition.remarks, "    ", text);
    if !definition.remarks.is_empty() {
        text.push('\n');
    }
    for field in fields {
        comment(&about(field), "    ", text);
        let _ = writeln!(text, "    {}: {}", field.name, held(field, known));
    }
}

/// A class has no field called `from` or `a-b`; a dictionary may.
fn by_call(definition: &Definition<'_>, fields: &[Field], known: &BTreeSet<String>, text: &mut String) {
    comment(&definition.remarks, "", text);
    let _ = writeln!(text, "{name} = TypedDict(\"{name}\", {{", name = definition.name);
    for field in fields {
        comment(&about(field), "    ", text);
        let _ = writeln!(text, "    {}: {},", quoted(&field.name), held(field, known));
    }
    text.push_str("})\n");
}

fn held(field: &Field, known: &BTreeSet<String>) -> String {
    let of = written(&field.of, known);
    if field.required { of } else { format!("NotRequired[{of}]") }
}

/// A list of many literals takes many lines.
fn folded(of: &Type, known: &BTreeSet<String>) -> String {
    let line = written(of, known);
    let Type::Union(parts) = of else { return line };
    let literals: Option<Vec<String>> = parts
        .iter()
        .map(|part| if let Type::Literal(value) = part { Some(literal(value)) } else { None })
        .collect();
    match literals {
        Some(literals) if line.len() > 80 => format!("Literal[\n{},\n]", wrapped(&literals, ", ", "    ")),
        _ => line,
    }
}

fn written(of: &Type, known: &BTreeSet<String>) -> String {
    match of {
        // Python has no word for all of several types at once.
        Type::Anything | Type::All(_) => "Any".to_owned(),
        Type::Null => "None".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Integer => "int".to_owned(),
        Type::Number => "float".to_owned(),
        Type::Text => "str".to_owned(),
        Type::Literal(value) => format!("Literal[{}]", literal(value)),
        // What is defined further down can only be named in quotes.
        Type::Named(name) if known.contains(name) => name.clone(),
        Type::Named(name) => quoted(name),
        Type::List(inner) => format!("list[{}]", written(inner, known)),
        Type::Map(inner) => format!("dict[str, {}]", written(inner, known)),
        Type::Union(parts) => union(parts, known),
    }
}

fn union(parts: &[Type], known: &BTreeSet<String>) -> String {
    let (mut literals, mut others) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Type::Literal(value) => literals.push(literal(value)),
            Type::Anything
            | Type::All(_)
            | Type::Null
            | Type::Boolean
            | Type::Integer
            | Type::Number
            | Type::Text
            | Type::Named(_)
            | Type::List(_)
            | Type::Map(_)
            | Type::Union(_) => others.push(written(part, known)),
        }
    }
    if !literals.is_empty() {
        others.insert(0, format!("Literal[{}]", literals.join(", ")));
    }
    match others.len() {
        // Nothing is of this type.
        0 => "Any".to_owned(),
        1 => others.remove(0),
        _ => format!("Union[{}]", others.join(", ")),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => quoted(text),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// JSON's texts are Python's, with the same escapes.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn is_attribute(name: &str) -> bool {
    // Two underscores would be given the class's name.
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && !name.starts_with("__")
        && name.chars().all(|each| each.is_ascii_alphanumeric() || each == '_')
        && !KEYWORDS.contains(&name)
}

/// A text must not end the docstring that it stands in, nor may its backslashes mean anything.
fn docstring(lines: &[String], indent: &str, text: &mut String) {
    let safe = |line: &String| line.replace('\\', "\\\\").replace('"', "\\\"");
    match lines {
        [] => {}
        [line] => {
            let _ = writeln!(text, "{indent}\"\"\"{}\"\"\"", safe(line));
        }
        [first, rest @ ..] => {
            let _ = writeln!(text, "{indent}\"\"\"{}", safe(first));
            for line in rest {
                let _ = writeln!(text, "{}", format!("{indent}{}", safe(line)).trim_end());
            }
            let _ = writeln!(text, "{indent}\"\"\"");
        }
    }
}

fn comment(lines: &[String], indent: &str, text: &mut String) {
    for line in lines {
        let _ = writeln!(text, "{indent}# {line}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(name: &str, of: Type) -> Field {
        let description = Some("says \"\"\"x\\".to_owned());
        Field { name: name.to_owned(), of, required: false, description, limits: Vec::new() }
    }

    #[test]
    fn every_type_has_its_words() {
        let known = BTreeSet::from(["A".to_owned()]);
        let named = |name: &str| Type::Named(name.to_owned());
        let cases = [
            (Type::List(Box::new(Type::Union(vec![Type::Text, Type::Null]))), "list[Union[str, None]]"),
            (
                Type::Union(vec![Type::Literal(json!("a")), Type::Literal(json!(true))]),
                "Literal[\"a\", True]",
            ),
            (Type::Union(vec![Type::Null, Type::Literal(json!(1))]), "Union[Literal[1], None]"),
            (Type::List(Box::new(named("A"))), "list[A]"),
            (named("Later"), "\"Later\""),
        ];
        for (of, wanted) in cases {
            assert_eq!(written(&of, &known), wanted);
        }
    }

    #[test]
    fn a_field_of_any_name_can_be_written_and_no_text_ends_its_docstring() {
        let fields = [field("from", Type::Text), field("a-b", Type::Integer)];
        let definition = Definition {
            name: "A",
            shape: Shape::Object(fields.to_vec()),
            remarks: vec!["ends \"\"\" here \\".to_owned()],
        };
        let mut text = String::new();
        declare(&definition, &BTreeSet::new(), &mut text);
        assert!(text.contains("A = TypedDict(\"A\", {"), "{text}");
        assert!(text.contains("    \"from\": NotRequired[str],\n"), "{text}");
        text.clear();
        let fields = [field("a", Type::Text)];
        class(&definition, &fields, &BTreeSet::new(), &mut text);
        assert!(text.contains("\"\"\"ends \\\"\\\"\\\" here \\\\\"\"\""), "{text}");
    }
}
