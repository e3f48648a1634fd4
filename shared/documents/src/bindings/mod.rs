//! Types of the events for producers in other languages.
//!
//! A type says what a schema says as far as the language has words; the rest is in comments. Validation stays with the
//! schema.

mod python;
mod typescript;

use std::collections::BTreeSet;

pub use python::python;
pub use typescript::typescript;

use serde_json::Value;

use crate::definitions::Definitions;
use crate::limits;
use crate::types::{self, Shape, Type};

/// A definition, ready to be written.
struct Definition<'a> {
    name: &'a str,
    shape: Shape,
    /// What it says of itself, and what its type does not say, a line each.
    remarks: Vec<String>,
}

/// Every definition, each after those that it refers to unless they refer to each other.
fn in_order(definitions: &Definitions) -> Vec<Definition<'_>> {
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    for (name, _) in definitions.iter() {
        add(definitions, name, &mut seen, &mut order);
    }
    order
}

fn add<'a>(
    definitions: &'a Definitions,
    name: &'a str,
    seen: &mut BTreeSet<&'a str>,
    order: &mut Vec<Definition<'a>>,
) {
    let Some(schema) = definitions.get(name).filter(|_| seen.insert(name)) else { return };
    let shape = types::shape(schema);
    let mut referred = Vec::new();
    match &shape {
        Shape::Object(fields) => fields.iter().for_each(|field| names(&field.of, &mut referred)),
        Shape::Choice(choices) => choices.iter().for_each(|(of, _)| names(of, &mut referred)),
        Shape::Alias(of) => names(of, &mut referred),
    }
    for each in referred {
        if let Some((each, _)) = definitions.iter().find(|(name, _)| *name == each) {
            add(definitions, each, seen, order);
        }
    }
    order.push(Definition { name, shape, remarks: remarks(schema) });
}

/// The definitions that a type refers to.
fn names(of: &Type, found: &mut Vec<String>) {
    if let Type::Named(name) = of {
        found.push(name.clone());
    }
    of.parts().iter().for_each(|part| names(part, found));
}

fn remarks(schema: &Value) -> Vec<String> {
    lines_about(types::description(schema).as_deref(), &limits::of(schema))
}

/// The lines about a field.
fn about(field: &types::Field) -> Vec<String> {
    lines_about(field.description.as_deref(), &field.limits)
}

fn lines_about(description: Option<&str>, limits: &[String]) -> Vec<String> {
    let mut found = lines(description.unwrap_or_default());
    if !limits.is_empty() {
        found.extend(lines(&format!("Limits: {}", limits.join(", "))));
    }
    found
}

/// The lines of a text from outside, of which none holds what some language takes for the end of a line, or cannot read.
fn lines(text: &str) -> Vec<String> {
    let is_end = |each: char| each.is_control() || matches!(each, '\u{2028}' | '\u{2029}');
    let lines = text.split(is_end).map(|line| line.trim_end().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Long lists, a few on each line: the indented lines, each of which ends as the list goes on.
fn wrapped(parts: &[String], separator: &str, indent: &str) -> String {
    const WIDTH: usize = 96;
    let mut lines = vec![String::new()];
    for (index, part) in parts.iter().enumerate() {
        let written = if index + 1 == parts.len() { part.clone() } else { format!("{part}{separator}") };
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.len() + written.len() < WIDTH => line.push_str(&written),
            _ => lines.push(written),
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("{indent}{}", line.trim_end())).collect();
    lines.join("\n")
}
