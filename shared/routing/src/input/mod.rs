//! What a target receives of an event: all of it, a part, a constant, or a text that a template makes.
//!
//! Refuses what `EventBridge` would refuse when the target is put, and renders what it would send. Knows nothing of
//! rules but their name and ARN, and nothing of targets. Where the documentation of `EventBridge` leaves a case open,
//! docs/routing.md says which reading this is.

mod path;
mod template;

use std::collections::BTreeMap;

use serde_json::Value;

pub use path::JsonPath;
pub use template::Transformer;

/// The most characters of a constant and of a template (API reference of `Target` and `InputTransformer`).
pub const MAX_CHARACTERS: usize = 8_192;

/// An input that `EventBridge` would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InputRefused {
    /// The part of the target, such as `input_paths.order`.
    pub field: String,
    /// Why.
    pub reason: String,
}

impl InputRefused {
    fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// What is sent to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The event as it is.
    Event,
    /// The same JSON text for every event.
    Constant(String),
    /// What stands at a path of the event.
    Path(JsonPath),
    /// A text made from a template.
    Transformer(Transformer),
}

/// The rule that matched, as far as a template can name it.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'r> {
    /// Its name.
    pub rule_name: &'r str,
    /// Its ARN.
    pub rule_arn: &'r str,
    /// When the bus received the event, in ISO 8601.
    pub ingestion_time: &'r str,
}

/// What a target would receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// What its author should know of it.
    pub remarks: Vec<Remark>,
}

/// Something about this event that the input's author may not have thought of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// The event has nothing at the path.
    #[error("the event has nothing at {0}")]
    Missing(String),
    /// Values are not escaped: one of them has a quotation mark, a backslash or a line break.
    #[error("what comes out is not JSON, because values inside texts are not escaped: {0}")]
    NotJson(String),
}

impl Input {
    /// A constant. `EventBridge` passes it on as it is written.
    pub fn constant(value: &Value) -> Result<Self, InputRefused> {
        let text = value.to_string();
        let count = text.chars().count();
        if count > MAX_CHARACTERS {
            return Err(InputRefused::new(
                "input",
                format!("has {count} characters, and {MAX_CHARACTERS} fit"),
            ));
        }
        Ok(Self::Constant(text))
    }

    /// A part of the event.
    pub fn path(path: &str) -> Result<Self, InputRefused> {
        JsonPath::parse(path).map(Self::Path).map_err(|reason| InputRefused::new("input_path", reason))
    }

    /// A template, and the variables that it may use.
    pub fn transformer(paths: &BTreeMap<String, String>, template: &str) -> Result<Self, InputRefused> {
        Transformer::parse(paths, template).map(Self::Transformer)
    }

    /// What the target receives of an event that matched.
    pub fn render(&self, event: &Value, matched: Matched<'_>) -> Rendered {
        let plain = |text| Rendered { text, remarks: Vec::new() };
        match self {
            Self::Event => plain(event.to_string()),
            Self::Constant(text) => plain(text.clone()),
            Self::Path(path) => {
                let Some(found) = path.find(event) else {
                    let remarks = vec![Remark::Missing(path.as_str().to_owned())];
                    return Rendered { text: event.to_string(), remarks };
                };
                plain(found.to_string())
            }
            Self::Transformer(transformer) => transformer.render(event, matched),
        }
    }
}
