//! What can be wrong with an incoming event, told so that a person can mend it.

use std::fmt;

use crate::{EventId, MAX_ENVELOPE_BYTES, SchemaVersion};

/// An event that breaks the contract. Always fatal: the same bytes will break it again, so it belongs into a
/// dead-letter queue with this error as its reason, and a retry is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractError {
    fault: Fault,
    event_id: Option<EventId>,
    event_type: Option<String>,
    upcast_from: Option<SchemaVersion>,
}

/// How an event breaks the contract. Paths begin at the body: `detail.data.lines[0].quantity` in an `EventBridge`
/// event, `data.lines[0].quantity` in a bare envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The body is above the bound; it was not looked at.
    #[error("the event has {bytes} bytes, more than the {MAX_ENVELOPE_BYTES} that are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The body is no JSON text in UTF-8.
    #[error("the body is not JSON: {detail}")]
    NotJson {
        /// What the parser says, with line and column.
        detail: String,
    },
    /// A field that must be there is not.
    #[error("{path} is missing")]
    MissingField {
        /// The missing field.
        path: String,
    },
    /// A field holds another kind of JSON value than it must.
    #[error("{path} has the wrong type: {detail}")]
    WrongType {
        /// The field; empty if it is the body itself.
        path: String,
        /// What it holds and what it must hold.
        detail: String,
    },
    /// A field holds a value that its type does not allow.
    #[error("{path} is not valid: {detail}")]
    InvalidValue {
        /// The field.
        path: String,
        /// What is allowed.
        detail: String,
    },
    /// No event type has this name.
    #[error("no event type is called {name:?}")]
    UnknownEventType {
        /// The name, cut to its first 64 characters.
        name: String,
    },
    /// The data is of a major version that this build does not know: newer than its newest, or none at all.
    #[error("version {found} of this event is not known here; the newest that this build reads is {known}")]
    UnsupportedVersion {
        /// The event's version.
        found: SchemaVersion,
        /// The version that this build knows.
        known: SchemaVersion,
    },
    /// Two places that must say the same do not.
    #[error("{path} must be {expected:?}, as {because} has it")]
    Disagrees {
        /// The place that is wrong.
        path: &'static str,
        /// What it must say.
        expected: String,
        /// The place that says so.
        because: &'static str,
    },
}

impl Fault {
    /// A short stable name, for metrics and message attributes.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotJson { .. } => "not_json",
            Self::MissingField { .. } => "missing_field",
            Self::WrongType { .. } => "wrong_type",
            Self::InvalidValue { .. } => "invalid_value",
            Self::UnknownEventType { .. } => "unknown_event_type",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::Disagrees { .. } => "disagrees",
        }
    }

    /// What a person can do about it.
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "make the producer send less, or a reference to what is large",
            Self::NotJson { .. } => {
                "find out who sent this; an SNS subscription of the queue must have raw message delivery"
            }
            Self::MissingField { .. } | Self::WrongType { .. } | Self::InvalidValue { .. } => {
                "correct the producer; the event type's schema tells what is allowed"
            }
            Self::UnknownEventType { .. } => {
                "correct the event type or the rule that routed it here, or deploy a version that knows it and redrive"
            }
            Self::UnsupportedVersion { .. } => "deploy a version that reads this major version, then redrive",
            Self::Disagrees { .. } => "correct the producer; an event is refused when it contradicts itself",
        }
    }
}

impl ContractError {
    pub(crate) fn new(fault: Fault, event_id: Option<EventId>, event_type: Option<&str>) -> Self {
        Self { fault, event_id, event_type: event_type.map(bounded), upcast_from: None }
    }

    /// The same error of an event that was read as one of an older version.
    pub(crate) fn of_version(self, version: SchemaVersion) -> Self {
        Self { upcast_from: Some(version), ..self }
    }

    /// What is wrong.
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The event's id, if it could be read.
    pub const fn event_id(&self) -> Option<EventId> {
        self.event_id
    }

    /// What the event calls its type, if it could be read; cut to 64 characters.
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// The older version that the event was read from, if it was of one. The fault is then in what that version had,
    /// or in what became of it.
    pub const fn upcast_from(&self) -> Option<SchemaVersion> {
        self.upcast_from
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.event_type {
            // Debug escapes control characters: the text is the sender's.
            Some(name) => write!(f, "event of type {name:?}")?,
            None => f.write_str("event of unknown type")?,
        }
        if let Some(version) = self.upcast_from {
            write!(f, " in version {version}")?;
        }
        match self.event_id {
            Some(id) => write!(f, " with id {id}")?,
            None => f.write_str(" without a readable id")?,
        }
        write!(f, ": {}; {}", self.fault, self.fault.remedy())
    }
}

impl std::error::Error for ContractError {}

/// The first 64 characters of a text that somebody else wrote.
pub(crate) fn bounded(text: &str) -> String {
    text.chars().take(64).collect()
}
