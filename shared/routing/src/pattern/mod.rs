//! An event pattern: read once, then asked about events.
//!
//! Owns what a pattern is made of. How it is read is in `operators` and `tree`, how it matches in `matching`, and why
//! it does not in `explain`.

mod explain;
mod matching;
mod operators;
mod refused;
mod tree;

use serde_json::Value;

pub use explain::{Failure, Found};
pub use refused::{Refused, Service};
pub use tree::MAX_ALTERNATIVES;

use crate::condition::Condition;
use crate::event::{Event, FieldId, NotAnEvent, Paths};

/// A pattern that `EventBridge` would take.
#[derive(Debug, Clone)]
pub struct Pattern {
    branches: Vec<Branch>,
    paths: Paths,
}

/// One alternative: all its fields must match, on values that may be combined.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    /// By path, the order in which array elements are settled.
    pub fields: Vec<Field>,
}

/// A path, and what may stand there.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub id: FieldId,
    pub path: String,
    /// One of them is enough.
    pub conditions: Vec<Condition>,
}

impl Pattern {
    /// Reads a pattern, or says in `EventBridge`'s words why it would refuse it.
    pub fn parse(pattern: &Value) -> Result<Self, Refused> {
        let mut paths = Paths::default();
        let branches = tree::alternatives(pattern)?.into_iter().map(|alternative| {
            let fields = alternative.into_iter();
            Branch {
                fields: fields
                    .map(|(path, conditions)| Field { id: paths.add(&path), path, conditions })
                    .collect(),
            }
        });
        let branches = branches.collect();
        Ok(Self { branches, paths })
    }

    /// The same from JSON text.
    pub fn from_json(text: &str) -> Result<Self, Refused> {
        let value = serde_json::from_str(text).map_err(|error| Refused::new("", error.to_string()))?;
        Self::parse(&value)
    }

    /// Whether the event matches. What is not an object matches nothing.
    pub fn matches(&self, event: &Value) -> bool {
        Event::from_value(&self.paths, event).is_ok_and(|event| self.holds(&event))
    }

    /// The same from JSON text, of which only what the pattern looks at is kept.
    pub fn matches_json(&self, event: &[u8]) -> Result<bool, NotAnEvent> {
        Ok(self.holds(&Event::from_json(&self.paths, event)?))
    }

    fn holds(&self, event: &Event<'_>) -> bool {
        self.branches.iter().any(|branch| branch.matches(event))
    }

    /// Why the event does not match: for each alternative the first condition that failed, the shortest path first.
    /// Empty if it matches.
    pub fn explain(&self, event: &Value) -> Result<Vec<Failure>, NotAnEvent> {
        let event = Event::from_value(&self.paths, event)?;
        if self.holds(&event) {
            return Ok(Vec::new());
        }
        Ok(self.branches.iter().filter_map(|branch| explain::failure(branch, &event)).collect())
    }

    pub(crate) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    pub(crate) fn into_branches(self) -> Vec<Branch> {
        self.branches
    }
}
