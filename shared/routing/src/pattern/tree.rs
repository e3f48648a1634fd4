//! Reads the tree of a pattern: objects are steps of a path, lists are conditions, `$or` forks.
//!
//! What comes out is a list of alternatives, each with every path and what may stand there. Knows nothing of matching.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::operators;
use super::refused::Refused;
use crate::condition::Condition;

/// One way to match: every field, by its path.
pub type Alternative = BTreeMap<String, Vec<Condition>>;

/// The most alternatives that `EventBridge` takes, all combinations of every `$or` counted.
pub const MAX_ALTERNATIVES: usize = 1000;

const OR: &str = "$or";

/// Names that make a list of objects conditions rather than alternatives.
const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// Every alternative of a pattern, at least one.
pub fn alternatives(pattern: &Value) -> Result<Vec<Alternative>, Refused> {
    let Some(object) = pattern.as_object() else {
        return Err(Refused::new("", "Filter is not an object"));
    };
    let mut alternatives = vec![Alternative::new()];
    read(object, "", false, &mut alternatives)?;
    Ok(alternatives)
}

fn read(
    object: &Map<String, Value>,
    path: &str,
    inside_or: bool,
    alternatives: &mut Vec<Alternative>,
) -> Result<(), Refused> {
    if object.is_empty() {
        return Err(Refused::new(path, "Empty objects are not allowed"));
    }
    for (name, value) in object {
        if name == OR
            && let Some(choices) = choices(value)
        {
            fork(&choices, path, alternatives)?;
            continue;
        }
        if inside_or && RESERVED.contains(&name.as_str()) {
            let reason = format!("{name} is Ruler reserved fieldName which cannot be used inside $or.");
            return Err(Refused::new(path, reason));
        }
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(inner) => read(inner, &path, inside_or, alternatives)?,
            Value::Array(entries) => write(entries, &path, alternatives)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(Refused::new(&path, format!("\"{name}\" must be an object or an array")));
            }
        }
    }
    Ok(())
}

/// The choices of an `$or`. It is one if it lists at least two objects and none of their fields has an operator's name;
/// otherwise `$or` is a field like any other, as it was before the operator came.
fn choices(value: &Value) -> Option<Vec<&Map<String, Value>>> {
    let choices: Vec<_> = value.as_array()?.iter().map(Value::as_object).collect::<Option<_>>()?;
    let reserved = |choice: &&Map<String, Value>| choice.keys().any(|name| RESERVED.contains(&name.as_str()));
    (choices.len() >= 2 && !choices.iter().any(reserved)).then_some(choices)
}

fn fork(
    choices: &[&Map<String, Value>],
    path: &str,
    alternatives: &mut Vec<Alternative>,
) -> Result<(), Refused> {
    let before = std::mem::take(alternatives);
    for choice in choices {
        let mut chosen = before.clone();
        read(choice, path, true, &mut chosen)?;
        alternatives.extend(chosen);
        if alternatives.len() > MAX_ALTERNATIVES {
            let reason = format!("the $or relationships have more than {MAX_ALTERNATIVES} combinations");
            return Err(Refused::new(path, reason));
        }
    }
    Ok(())
}

fn write(entries: &[Value], path: &str, alternatives: &mut [Alternative]) -> Result<(), Refused> {
    let refused = |reason: String| Refused::new(path, reason);
    if entries.is_empty() {
        return Err(refused("Empty arrays are not allowed".to_owned()));
    }
    let conditions: Vec<Condition> =
        entries.iter().map(operators::condition).collect::<Result<_, _>>().map_err(refused)?;
    for alternative in alternatives {
        if alternative.insert(path.to_owned(), conditions.clone()).is_some() {
            return Err(refused(format!("Path `{path}` cannot be allowed multiple times")));
        }
    }
    Ok(())
}
