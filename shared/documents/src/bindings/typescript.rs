//! TypeScript: one declaration file without imports.

use std::fmt::Write;

use serde_json::Value;

use super::{Definition, about, in_order, lines, wrapped};
use crate::platform::Platform;
use crate::types::{Field, Shape, Type};

/// The types of all events as a `.d.ts` file: an interface for each, and `Event`, the union of all of them, which
/// `event_type` tells apart.
pub fn typescript(platform: &Platform) -> String {
    let title = lines(&format!("Types of the events of {} {},", platform.title, platform.version)).join(" ");
    let mut text = format!(
        "// {title} made from their released schemas by `cargo semel documents`.\n\
         // Changes made here are lost. A schema has rules that no type has; they stand in comments.\n"
    );
    for definition in in_order(&platform.definitions) {
        text.push('\n');
        declare(&definition, &mut text);
    }
    let names: Vec<String> = platform.events.iter().map(|event| event.name.clone()).collect();
    text.push_str("\n/** Every event; `event_type` tells which it is. */\n");
    alias("Event", &names, &mut text);
    text.push_str("\n/** The names of all event types. */\nexport type EventType = Event[\"event_type\"];\n");
    text.push_str("\n/** The event of one type. */\n");
    text.push_str("export type EventOf<T extends EventType> = Extract<Event, { event_type: T }>;\n");
    text.push_str("\n/** The newest version of each type, for `metadata.version`. */\n");
    text.push_str("export interface EventVersions {\n");
    for event in &platform.events {
        let _ = writeln!(text, "  {}: {};", event.name, quoted(event.version()));
    }
    text.push_str("}\n");
    text
}

fn declare(definition: &Definition<'_>, text: &mut String) {
    comment(&definition.remarks, "", text);
    match &definition.shape {
        Shape::Object(fields) => interface(definition.name, fields, text),
        Shape::Choice(choices) if choices.iter().any(|(_, about)| about.is_some()) => {
            let _ = write!(text, "export type {} =", definition.name);
            for (of, about) in choices {
                text.push('\n');
                comment(&about.as_deref().map(lines).unwrap_or_default(), "  ", text);
                let _ = write!(text, "  | {}", written(of));
            }
            text.push_str(";\n");
        }
        Shape::Choice(choices) => {
            let parts: Vec<String> = choices.iter().map(|(of, _)| written(of)).collect();
            alias(definition.name, &parts, text);
        }
        Shape::Alias(Type::Union(parts)) => {
            let parts: Vec<String> = parts.iter().map(written).collect();
            alias(definition.name, &parts, text);
        }
        Shape::Alias(of) => alias(definition.name, &[written(of)], text),
    }
}

fn interface(name: &str, fields: &[Field], text: &mut String) {
    let _ = writeln!(text, "export interface {name} {{");
    for field in fields {
        comment(&about(field), "  ", text);
        let mark = if field.required { "" } else { "?" };
        let _ = writeln!(text, "  {}{mark}: {};", key(&field.name), written(&field.of));
    }
    text.push_str("}\n");
}

fn alias(name: &str, parts: &[String], text: &mut String) {
    let one_line = parts.join(" | ");
    if one_line.len() < 80 {
        let none = if parts.is_empty() { "never" } else { &one_line };
        let _ = writeln!(text, "export type {name} = {none};");
    } else {
        let _ = writeln!(text, "export type {name} =\n{};", wrapped(parts, " | ", "  "));
    }
}

fn written(of: &Type) -> String {
    match of {
        Type::Anything => "unknown".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Integer | Type::Number => "number".to_owned(),
        Type::Text => "string".to_owned(),
        Type::Literal(value) => literal(value),
        Type::Named(name) => name.clone(),
        Type::List(inner) => format!("Array<{}>", written(inner)),
        Type::Map(inner) => format!("Record<string, {}>", written(inner)),
        Type::Union(parts) if parts.is_empty() => "never".to_owned(),
        Type::Union(parts) => parts.iter().map(written).collect::<Vec<_>>().join(" | "),
        Type::All(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| format!("({})", written(part))).collect();
            parts.join(" & ")
        }
    }
}

fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), quoted)
}

/// JSON's texts are TypeScript's.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn key(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|each| each.is_ascii_alphanumeric() || each == '_');
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// A text must not end the comment that it stands in.
fn comment(lines: &[String], indent: &str, text: &mut String) {
    let safe = |line: &String| line.replace("*/", "*\\/");
    match lines {
        [] => {}
        [line] => {
            let _ = writeln!(text, "{indent}/** {} */", safe(line));
        }
        lines => {
            let _ = writeln!(text, "{indent}/**");
            for line in lines {
                let _ = writeln!(text, "{indent} * {}", safe(line));
            }
            let _ = writeln!(text, "{indent} */");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_its_words() {
        let cases = [
            (Type::List(Box::new(Type::Union(vec![Type::Text, Type::Null]))), "Array<string | null>"),
            (Type::Map(Box::new(Type::Integer)), "Record<string, number>"),
            (Type::Literal(json!("a\"b")), "\"a\\\"b\""),
            (Type::Literal(json!(true)), "true"),
            (Type::Union(Vec::new()), "never"),
            (Type::All(vec![Type::Named("A".to_owned()), Type::Text]), "(A) & (string)"),
        ];
        for (of, wanted) in cases {
            assert_eq!(written(&of), wanted);
        }
    }

    #[test]
    fn a_field_of_any_name_can_be_written_and_no_text_ends_its_comment() {
        let field = Field {
            name: "a-b".to_owned(),
            of: Type::Boolean,
            required: false,
            description: Some("x */ y".to_owned()),
            limits: Vec::new(),
        };
        let mut text = String::new();
        interface("A", &[field], &mut text);
        assert_eq!(text, "export interface A {\n  /** x *\\/ y */\n  \"a-b\"?: boolean;\n}\n");
    }
}
