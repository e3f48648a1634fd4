//! One condition on one field: whether a value meets it, and how it is written.
//!
//! Knows the operators of the pattern language, and neither where a condition was read nor where values come from.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use serde_json::Value;

use crate::address::{self, Cidr};
use crate::number::{Number, Range};
use crate::text::{Caseless, Wildcard};

/// A leaf of an event: what conditions look at.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'e> {
    /// `null`, which is there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text, borrowed from the event where it has no escapes.
    Text(Cow<'e, str>),
}

impl<'e> Scalar<'e> {
    /// The leaf that a JSON value is; none for an object or an array.
    pub fn of_json(value: &'e Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(number) => Some(Self::Number(Number::of_json(number))),
            Value::String(text) => Some(Self::Text(Cow::Borrowed(text))),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
        }
    }

    const fn number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Null | Self::Bool(_) | Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => value.fmt(formatter),
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => quoted(text).fmt(formatter),
        }
    }
}

/// One of the things that a field may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Exactly this text.
    Text(String),
    /// A text that is an IP address: any text that is the same address.
    Address(IpAddr),
    /// This number, however it is written.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A text that begins so.
    Prefix(String),
    /// The same without regard to case.
    PrefixIgnoreCase(Caseless),
    /// A text that ends so.
    Suffix(String),
    /// The same without regard to case.
    SuffixIgnoreCase(Caseless),
    /// This text without regard to case.
    EqualsIgnoreCase(Caseless),
    /// A text of this form.
    Wildcard(Wildcard),
    /// A number in this range.
    Numeric(Range),
    /// A text that is an address of this range.
    Cidr(Cidr),
    /// Any value, `null` too.
    Exists,
    /// No value.
    Absent,
    /// A value that meets none of these, of whichever type.
    AnythingBut(Vec<Condition>),
}

impl Condition {
    /// Whether a value meets the condition. [`Self::Absent`] is met by no value.
    pub fn holds(&self, value: &Scalar<'_>) -> bool {
        let text = |check: &dyn Fn(&str) -> bool| value.text().is_some_and(check);
        match self {
            Self::Text(wanted) => text(&|text| text == wanted),
            Self::Address(wanted) => text(&|text| address::parse(text) == Some(*wanted)),
            Self::Number(wanted) => value.number() == Some(*wanted),
            Self::Bool(wanted) => *value == Scalar::Bool(*wanted),
            Self::Null => *value == Scalar::Null,
            Self::Prefix(prefix) => text(&|text| text.starts_with(prefix.as_str())),
            Self::PrefixIgnoreCase(prefix) => text(&|text| prefix.begins(text)),
            Self::Suffix(suffix) => text(&|text| text.ends_with(suffix.as_str())),
            Self::SuffixIgnoreCase(suffix) => text(&|text| suffix.ends(text)),
            Self::EqualsIgnoreCase(wanted) => text(&|text| wanted.equals(text)),
            Self::Wildcard(wildcard) => text(&|text| wildcard.matches(text)),
            Self::Numeric(range) => value.number().is_some_and(|number| range.holds(number)),
            Self::Cidr(range) => text(&|text| range.holds(text)),
            Self::Exists => true,
            Self::Absent => false,
            Self::AnythingBut(conditions) => !conditions.iter().any(|condition| condition.holds(value)),
        }
    }

    /// The name of the operator that takes a text or several, and the text.
    fn operand(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Prefix(text) => Some(("prefix", text)),
            Self::Suffix(text) => Some(("suffix", text)),
            Self::EqualsIgnoreCase(text) => Some(("equals-ignore-case", text.as_str())),
            Self::Wildcard(text) => Some(("wildcard", text.as_str())),
            Self::Text(_)
            | Self::Address(_)
            | Self::Number(_)
            | Self::Bool(_)
            | Self::Null
            | Self::PrefixIgnoreCase(_)
            | Self::SuffixIgnoreCase(_)
            | Self::Numeric(_)
            | Self::Cidr(_)
            | Self::Exists
            | Self::Absent
            | Self::AnythingBut(_) => None,
        }
    }
}

/// As it is written in a pattern.
impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => quoted(text).fmt(formatter),
            Self::Address(address) => write!(formatter, "\"{address}\""),
            Self::Number(number) => number.fmt(formatter),
            Self::Bool(value) => value.fmt(formatter),
            Self::Null => formatter.write_str("null"),
            Self::Prefix(_) | Self::Suffix(_) | Self::EqualsIgnoreCase(_) | Self::Wildcard(_) => {
                let (operator, text) = self.operand().unwrap_or_default();
                write!(formatter, "{{\"{operator}\":{}}}", quoted(text))
            }
            Self::PrefixIgnoreCase(text) => {
                write!(formatter, "{{\"prefix\":{{\"equals-ignore-case\":{}}}}}", quoted(text.as_str()))
            }
            Self::SuffixIgnoreCase(text) => {
                write!(formatter, "{{\"suffix\":{{\"equals-ignore-case\":{}}}}}", quoted(text.as_str()))
            }
            Self::Numeric(range) => write!(formatter, "{{\"numeric\":[{range}]}}"),
            Self::Cidr(range) => write!(formatter, "{{\"cidr\":\"{range}\"}}"),
            Self::Exists => formatter.write_str("{\"exists\":true}"),
            Self::Absent => formatter.write_str("{\"exists\":false}"),
            Self::AnythingBut(conditions) => write_anything_but(formatter, conditions),
        }
    }
}

fn write_anything_but(formatter: &mut fmt::Formatter<'_>, conditions: &[Condition]) -> fmt::Result {
    let operator = conditions.first().and_then(Condition::operand).map(|(operator, _)| operator);
    let values: Vec<String> = conditions
        .iter()
        .map(|each| each.operand().map_or_else(|| each.to_string(), |(_, text)| quoted(text)))
        .collect();
    let values = match values.as_slice() {
        [only] => only.clone(),
        many => format!("[{}]", many.join(",")),
    };
    match operator {
        Some(operator) => write!(formatter, "{{\"anything-but\":{{\"{operator}\":{values}}}}}"),
        None => write!(formatter, "{{\"anything-but\":{values}}}"),
    }
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
