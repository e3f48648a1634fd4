//! What is wrong, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::path;
use super::types::JsonType;
use crate::Version;

/// One thing in which the bus and the contracts differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The source of the events.
    pub source: String,
    /// Their type: on the bus, the detail-type.
    pub event_type: String,
    /// What is wrong.
    #[serde(flatten)]
    pub what: What,
}

/// What is wrong. Counts are 0, and left out, where a document was compared and no events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum What {
    /// No release describes this type of event, from no source.
    UndocumentedType {
        /// Events of it.
        #[serde(skip_serializing_if = "is_none")]
        events: u64,
    },
    /// The type is documented, but from others.
    WrongSource {
        /// Who is documented to emit it.
        documented: Vec<String>,
        /// Events from the wrong source.
        #[serde(skip_serializing_if = "is_none")]
        events: u64,
    },
    /// The version that the events say was never released.
    UnreleasedVersion {
        /// The version.
        version: Version,
        /// The newest release.
        newest: Version,
        /// Events that say it.
        #[serde(skip_serializing_if = "is_none")]
        events: u64,
    },
    /// Values have a type that the contract does not allow.
    TypeConflict {
        /// Where, as `JSONPath`.
        path: String,
        /// What the contract says.
        documented: Vec<JsonType>,
        /// What was seen beside it.
        found: Vec<JsonType>,
        /// Values of other types.
        #[serde(skip_serializing_if = "is_none")]
        values: u64,
    },
    /// The contract does not speak of this field.
    UndocumentedField {
        /// Where, as `JSONPath`.
        path: String,
        /// What was seen in it.
        types: Vec<JsonType>,
        /// Values of it.
        #[serde(skip_serializing_if = "is_none")]
        values: u64,
    },
    /// Events break a rule of the schema.
    Violation {
        /// Where, as `JSONPath`.
        path: String,
        /// The schema's keyword.
        rule: String,
        /// The field that is required and not there.
        #[serde(skip_serializing_if = "Option::is_none")]
        missing: Option<String>,
        /// How often, in all events.
        #[serde(skip_serializing_if = "is_none")]
        values: u64,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The finding in one line. Holds no value of any event.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}: ", path::shown(&self.source), path::shown(&self.event_type))?;
        match &self.what {
            What::UndocumentedType { events } => {
                write!(formatter, "undocumented event type{}", counted(*events, "event"))
            }
            What::WrongSource { documented, events } => {
                let documented = documented.join(" and ");
                let events = counted(*events, "event");
                write!(formatter, "wrong source: {documented} is documented to emit it{events}")
            }
            What::UnreleasedVersion { version, newest, events } => {
                let events = counted(*events, "event");
                write!(formatter, "version {version} was never released; the newest is {newest}{events}")
            }
            What::TypeConflict { path, documented, found, values } => {
                let (documented, found) = (names(documented), names(found));
                let values = counted(*values, "value");
                write!(formatter, "{path}: type conflict: documented {documented}, found {found}{values}")
            }
            What::UndocumentedField { path, types, values } => {
                let (types, values) = (names(types), counted(*values, "value"));
                write!(formatter, "{path}: undocumented field: {types}{values}")
            }
            What::Violation { path, rule, missing, values } => {
                let missing = missing.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
                write!(formatter, "{path}: breaks {rule}{missing}{}", counted(*values, "value"))
            }
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!(" (1 {what})"),
        many => format!(" ({many} {what}s)"),
    }
}

fn names(types: &[JsonType]) -> String {
    if types.is_empty() {
        return "nothing".to_owned();
    }
    types.iter().map(|each| each.name()).collect::<Vec<_>>().join(" or ")
}
