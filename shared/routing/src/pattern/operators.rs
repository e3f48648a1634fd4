//! Reads what stands in a field's list: values, and objects that name an operator.
//!
//! Refuses what `EventBridge` refuses, in its words. Knows nothing of paths and of `$or`.

use serde_json::{Map, Value};

use crate::address::{self, Cidr};
use crate::condition::Condition;
use crate::number::{Bound, Number, Range};
use crate::text::{Caseless, Wildcard};

/// Why a condition is refused.
type Reason = String;

const ONE_KEY: &str = "Only one key allowed in match expression";
const TOO_MANY: &str = "Too many elements in numeric expression";
const MIXED: &str =
    "Inside anything but list, either all values are number or string, mixed type is not supported";
const NO_SUCH_TYPE: &str = "Inside anything but list, start|null|boolean is not supported.";

/// Reads one entry of a field's list.
pub fn condition(entry: &Value) -> Result<Condition, Reason> {
    match entry {
        Value::Null => Ok(Condition::Null),
        Value::Bool(value) => Ok(Condition::Bool(*value)),
        Value::Number(number) => Ok(Condition::Number(Number::of_json(number))),
        Value::String(text) => {
            Ok(address::parse(text).map_or_else(|| Condition::Text(text.clone()), Condition::Address))
        }
        Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
        Value::Object(expression) => operator(expression),
    }
}

fn operator(expression: &Map<String, Value>) -> Result<Condition, Reason> {
    let Some((name, operand)) = expression.iter().next() else {
        return Err("Match expression name not found".to_owned());
    };
    let condition = match name.as_str() {
        "exactly" => text(operand, "exact").map(|text| Condition::Text(text.to_owned())),
        "prefix" => affix(operand, "prefix", Condition::Prefix, Condition::PrefixIgnoreCase),
        "suffix" => affix(operand, "suffix", Condition::Suffix, Condition::SuffixIgnoreCase),
        "numeric" => match operand {
            Value::Array(terms) => numeric(terms).map(Condition::Numeric),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                Err("Value of numeric must be an array.".to_owned())
            }
        },
        "anything-but" => anything_but(operand),
        "exists" => match operand {
            Value::Bool(true) => Ok(Condition::Exists),
            Value::Bool(false) => Ok(Condition::Absent),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                Err("exists match pattern must be either true or false.".to_owned())
            }
        },
        // The matcher's own slip, kept so that the words can be found.
        "cidr" => text(operand, "prefix").and_then(Cidr::parse).map(Condition::Cidr),
        "equals-ignore-case" => {
            text(operand, "equals-ignore-case").map(|text| Condition::EqualsIgnoreCase(Caseless::new(text)))
        }
        "wildcard" => text(operand, "wildcard").and_then(Wildcard::parse).map(Condition::Wildcard),
        unknown => Err(format!("Unrecognized match type {unknown}")),
    }?;
    match (expression.len(), name.as_str()) {
        (1, _) => Ok(condition),
        (_, "numeric" | "anything-but") => Err(TOO_MANY.to_owned()),
        (_, _) => Err(ONE_KEY.to_owned()),
    }
}

fn text<'v>(operand: &'v Value, operator: &str) -> Result<&'v str, Reason> {
    operand.as_str().ok_or_else(|| format!("{operator} match pattern must be a string"))
}

fn affix(
    operand: &Value,
    operator: &str,
    plain: fn(String) -> Condition,
    caseless: fn(Caseless) -> Condition,
) -> Result<Condition, Reason> {
    let Some(inner) = operand.as_object() else {
        return text(operand, operator).map(|text| plain(text.to_owned()));
    };
    let Some((name, operand)) = inner.iter().next() else {
        let capital = if operator == "prefix" { "Prefix" } else { "Suffix" };
        return Err(format!("{capital} expression name not found"));
    };
    if name != "equals-ignore-case" {
        return Err(format!("Unsupported {operator} pattern: {name}"));
    }
    let condition = caseless(Caseless::new(text(operand, "equals-ignore-case")?));
    if inner.len() == 1 { Ok(condition) } else { Err(ONE_KEY.to_owned()) }
}

fn anything_but(operand: &Value) -> Result<Condition, Reason> {
    match operand {
        Value::Object(inner) => anything_but_of(inner),
        Value::Array(values) => {
            let texts = values.iter().any(Value::is_string);
            let numbers = values.iter().any(Value::is_number);
            let excluded = values.iter().map(excluded).collect::<Result<Vec<_>, _>>()?;
            if texts == numbers { Err(MIXED.to_owned()) } else { Ok(Condition::AnythingBut(excluded)) }
        }
        Value::String(_) | Value::Number(_) => Ok(Condition::AnythingBut(vec![excluded(operand)?])),
        Value::Null | Value::Bool(_) => {
            Err("Value of anything-but must be an array or single string/number value.".to_owned())
        }
    }
}

/// A value inside `anything-but`. A text that is an address is only a text here.
fn excluded(value: &Value) -> Result<Condition, Reason> {
    match value {
        Value::String(text) => Ok(Condition::Text(text.clone())),
        Value::Number(number) => comparable(number).map(|value| Condition::Number(Number::of_double(value))),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(NO_SUCH_TYPE.to_owned()),
    }
}

fn anything_but_of(inner: &Map<String, Value>) -> Result<Condition, Reason> {
    let Some((name, operand)) = inner.iter().next() else {
        return Err("Anything-But expression name not found".to_owned());
    };
    let read: fn(&str) -> Result<Condition, Reason> = match name.as_str() {
        "prefix" => |text| filled(text).map(Condition::Prefix),
        "suffix" => |text| filled(text).map(Condition::Suffix),
        "equals-ignore-case" => |text| Ok(Condition::EqualsIgnoreCase(Caseless::new(text))),
        "wildcard" => |text| Wildcard::parse(text).map(Condition::Wildcard),
        unknown => return Err(format!("Unsupported anything-but pattern: {unknown}")),
    };
    let values = match operand {
        Value::Array(values) if values.is_empty() => return Err(MIXED.to_owned()),
        Value::Array(values) => values.iter().collect(),
        Value::String(_) | Value::Number(_) => vec![operand],
        Value::Null | Value::Bool(_) | Value::Object(_) => {
            return Err("Value of anything-but must be an array or single string/number value.".to_owned());
        }
    };
    let not_a_text = || match name.as_str() {
        "equals-ignore-case" => {
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
                .to_owned()
        }
        "wildcard" => "wildcard match pattern must be a string".to_owned(),
        _ => "prefix/suffix match pattern must be a string".to_owned(),
    };
    let values = values
        .into_iter()
        .map(|value| value.as_str().ok_or_else(not_a_text).and_then(read))
        .collect::<Result<Vec<_>, _>>()?;
    if inner.len() == 1 { Ok(Condition::AnythingBut(values)) } else { Err(TOO_MANY.to_owned()) }
}

fn filled(text: &str) -> Result<String, Reason> {
    if text.is_empty() { Err("Null prefix/suffix not allowed".to_owned()) } else { Ok(text.to_owned()) }
}

fn comparable(number: &serde_json::Number) -> Result<f64, Reason> {
    Number::of_json(number).double().ok_or_else(|| format!("Cannot compare number : {number}"))
}

fn numeric(terms: &[Value]) -> Result<Range, Reason> {
    let operator = match terms.first() {
        Some(Value::String(operator)) => operator.as_str(),
        Some(other) => return Err(format!("Invalid member in numeric match: {}", token(other))),
        None => return Err("Invalid member in numeric match: ]".to_owned()),
    };
    if !["=", ">=", ">", "<=", "<"].contains(&operator) {
        return Err(format!("Unrecognized numeric range operator: {operator}"));
    }
    let Some(Value::Number(first)) = terms.get(1) else {
        let operator = if operator == "=" { "equals" } else { operator };
        return Err(format!("Value of {operator} must be numeric"));
    };
    let has_more = terms.len() > 2;
    let bound = |inclusive| comparable(first).map(|value| Some(Bound { value, inclusive }));
    match operator {
        "=" | "<" | "<=" if has_more => Err(TOO_MANY.to_owned()),
        "=" => bound(true).map(|only| Range { low: only, high: only }),
        "<" | "<=" => bound(operator == "<=").map(|high| Range { low: None, high }),
        _ => {
            let low = bound(operator == ">=")?;
            let high = if has_more { Some(upper(&terms[2..])?) } else { None };
            match (low, high) {
                (Some(low), Some(high)) if low.value >= high.value => {
                    Err("Bottom must be less than top".to_owned())
                }
                _ => Ok(Range { low, high }),
            }
        }
    }
}

/// The second half of a range that began with its lower end.
fn upper(terms: &[Value]) -> Result<Bound, Reason> {
    let operator = match terms.first() {
        Some(Value::String(operator)) => operator.as_str(),
        other => return Err(format!("Bad value in numeric range: {}", other.map_or("]".to_owned(), token))),
    };
    if operator != "<" && operator != "<=" {
        return Err(format!("Bad numeric range operator: {operator}"));
    }
    let Some(Value::Number(value)) = terms.get(1) else {
        return Err(format!("Value of {operator} must be numeric"));
    };
    if terms.len() > 2 {
        return Err("Too many terms in numeric range expression".to_owned());
    }
    Ok(Bound { value: comparable(value)?, inclusive: operator == "<=" })
}

/// What the reader of `EventBridge` shows of a value that it did not expect.
fn token(value: &Value) -> String {
    match value {
        Value::Array(_) => "[".to_owned(),
        Value::Object(_) => "{".to_owned(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
