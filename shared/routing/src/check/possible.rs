//! Whether a condition can ever be met by what a schema describes, and if not, why.

use std::collections::BTreeSet;

use serde_json::Value;

use super::schema::Node;
use crate::condition::{Condition, Scalar};

/// Why no event of a kind meets a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The schema describes no such field.
    NoField,
    /// The field is one of these values, as JSON, and none of them meets the condition.
    NoneOf(BTreeSet<String>),
    /// Anything else, in a sentence's second half.
    Other(String),
}

/// Whether an event of the kind may meet the condition at the path.
pub fn check(kind: Node<'_>, path: &str, condition: &Condition) -> Result<(), Reason> {
    let nodes = kind.at(path);
    if nodes.is_empty() {
        return Err(Reason::NoField);
    }
    if *condition == Condition::Absent && kind.always_has(path) {
        return Err(Reason::Other("is in every event".to_owned()));
    }
    first_that_allows(&nodes, condition)
}

fn first_that_allows(nodes: &[Node<'_>], condition: &Condition) -> Result<(), Reason> {
    let mut refusal = None;
    for node in nodes {
        match allows(*node, condition) {
            Ok(()) => return Ok(()),
            Err(reason) => {
                refusal.get_or_insert(reason);
            }
        }
    }
    refusal.map_or(Ok(()), Err)
}

fn allows(node: Node<'_>, condition: &Condition) -> Result<(), Reason> {
    let types = node.types();
    if types.as_ref().is_some_and(|types| types.iter().all(|name| *name == "object")) {
        return Err(Reason::Other("is an object, and conditions look at its fields only".to_owned()));
    }
    match condition {
        Condition::Text(text) => exactly(node, &Value::from(text.as_str())),
        Condition::Address(address) => exactly(node, &Value::from(address.to_string())),
        Condition::Number(number) => number.double().map_or(Ok(()), |double| {
            // A whole double is a whole number to a schema.
            exactly(node, &serde_json::from_str(&double.to_string()).unwrap_or_else(|_| Value::from(double)))
        }),
        Condition::Bool(value) => exactly(node, &Value::from(*value)),
        Condition::Null => exactly(node, &Value::Null),
        Condition::Prefix(_)
        | Condition::PrefixIgnoreCase(_)
        | Condition::Suffix(_)
        | Condition::SuffixIgnoreCase(_)
        | Condition::EqualsIgnoreCase(_)
        | Condition::Wildcard(_)
        | Condition::Cidr(_) => of_types(node, condition, &["string"]),
        Condition::Numeric(range) => {
            of_types(node, condition, &["integer", "number"])?;
            let (minimum, maximum) = node.bounds();
            if range.meets(minimum, maximum) {
                Ok(())
            } else {
                Err(Reason::Other(format!("is a number between {minimum} and {maximum}")))
            }
        }
        Condition::Exists | Condition::Absent => Ok(()),
        // What can never be there need not be excluded: it is a mistake.
        Condition::AnythingBut(excluded) => excluded.iter().try_for_each(|each| allows(node, each)),
    }
}

fn exactly(node: Node<'_>, value: &Value) -> Result<(), Reason> {
    if node.takes(value) {
        return Ok(());
    }
    Err(none_of(node).unwrap_or_else(|| {
        let wanted = super::schema::type_of(value);
        match node.types() {
            Some(types) if !has(&types, wanted) => Reason::Other(format!("is {}", a(&types))),
            _ => Reason::Other("has a form that this value has not".to_owned()),
        }
    }))
}

fn of_types(node: Node<'_>, condition: &Condition, wanted: &[&str]) -> Result<(), Reason> {
    if let Some(values) = node.values() {
        let held = values.into_iter().filter_map(Scalar::of_json).any(|value| condition.holds(&value));
        return if held { Ok(()) } else { Err(none_of(node).unwrap_or(Reason::NoField)) };
    }
    match node.types() {
        Some(types) if !wanted.iter().any(|name| types.contains(name)) => {
            Err(Reason::Other(format!("is {}", a(&types))))
        }
        _ => Ok(()),
    }
}

fn none_of(node: Node<'_>) -> Option<Reason> {
    Some(Reason::NoneOf(node.values()?.into_iter().map(ToString::to_string).collect()))
}

fn has(types: &BTreeSet<&str>, wanted: &str) -> bool {
    types.contains(wanted) || (wanted == "integer" && types.contains("number"))
}

fn a(types: &BTreeSet<&str>) -> String {
    let article = |name: &&str| match *name {
        "null" => "null".to_owned(),
        "array" | "integer" | "object" => format!("an {name}"),
        _ => format!("a {name}"),
    };
    types.iter().map(article).collect::<Vec<_>>().join(" or ")
}
