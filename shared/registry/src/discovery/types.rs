//! The types of JSON values, and sets of them.

use serde::Serialize;
use serde_json::Value;

/// The type of a JSON value, as JSON Schema tells them apart: `1.0` is an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonType {
    /// An object.
    Object,
    /// An array.
    Array,
    /// A text.
    String,
    /// A number without a fraction.
    Integer,
    /// A number with a fraction; in a contract, any number.
    Number,
    /// True or false.
    Boolean,
    /// Null.
    Null,
}

impl JsonType {
    const ALL: [Self; 7] =
        [Self::Object, Self::Array, Self::String, Self::Integer, Self::Number, Self::Boolean, Self::Null];

    /// The type of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Object(_) => Self::Object,
            Value::Array(_) => Self::Array,
            Value::String(_) => Self::String,
            Value::Number(number) => {
                let is_whole = number.as_f64().is_some_and(|value| value.fract() == 0.0);
                if number.is_i64() || number.is_u64() || is_whole { Self::Integer } else { Self::Number }
            }
            Value::Bool(_) => Self::Boolean,
            Value::Null => Self::Null,
        }
    }

    /// The name that JSON Schema gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }

    /// The type of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.name() == name)
    }
}

/// A set of types that values may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub const NONE: Self = Self(0);
    pub const ANY: Self = Self(0b111_1111);

    /// The types whose values a schema's `type` of this name takes: a number may be whole.
    pub fn taken_by(name: JsonType) -> Self {
        let whole = if name == JsonType::Number { Self::only(JsonType::Integer) } else { Self::NONE };
        Self::only(name).or(whole)
    }

    pub fn only(one: JsonType) -> Self {
        Self(1 << one as u8)
    }

    pub fn has(self, one: JsonType) -> bool {
        self.0 & Self::only(one).0 != 0
    }

    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub fn or(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Their names as a contract would say them: `number` says `integer` too.
    pub fn names(self) -> Vec<JsonType> {
        let said =
            |each: &JsonType| self.has(*each) && !(*each == JsonType::Integer && self.has(JsonType::Number));
        JsonType::ALL.into_iter().filter(said).collect()
    }
}
