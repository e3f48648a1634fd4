//! Why an event does not match: the first condition that failed, what was expected there, and what was found.

use std::fmt;

use super::{Branch, Field};
use crate::event::Event;

/// Values shown of a field that has many.
const SHOWN: usize = 5;
/// Characters shown of a value.
const SHOWN_CHARS: usize = 80;

/// A condition that an event does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The field's path, its steps joined by dots.
    pub path: String,
    /// The conditions, as they are written in the pattern; one of them would have been enough.
    pub expected: Vec<String>,
    /// What the event has there.
    pub found: Found,
}

/// What an event has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or an object or an empty array, in which no condition looks.
    Nothing,
    /// These values, at most a few of them, as JSON.
    Values(Vec<String>),
    /// A value that would do, in another element of an array than the fields before it in the pattern.
    InAnotherElement,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected.join(" or ");
        let Self { path, found, .. } = self;
        match found {
            Found::Nothing => write!(formatter, "{path}: expected {expected}, found nothing"),
            Found::Values(values) => {
                write!(formatter, "{path}: expected {expected}, found {}", values.join(", "))
            }
            Found::InAnotherElement => write!(
                formatter,
                "{path}: expected {expected} in the same array element as the other fields, found it in another"
            ),
        }
    }
}

/// The first field of an alternative that does not match; none if all do.
pub fn failure(branch: &Branch, event: &Event<'_>) -> Option<Failure> {
    // What an event is stands nearer to its root than what it says.
    let mut fields: Vec<&Field> = branch.fields.iter().collect();
    fields.sort_by_key(|field| field.path.split('.').count());
    if let Some(field) = fields.into_iter().find(|field| !field.matches_alone(event)) {
        return Some(field.failure(found(field, event)));
    }
    let at = branch.first_inconsistent(event)?;
    branch.fields.get(at).map(|field| field.failure(Found::InAnotherElement))
}

impl Field {
    fn failure(&self, found: Found) -> Failure {
        Failure {
            path: self.path.clone(),
            expected: self.conditions.iter().map(ToString::to_string).collect(),
            found,
        }
    }
}

fn found(field: &Field, event: &Event<'_>) -> Found {
    let values: Vec<String> = event.at(field.id).map(|(value, _)| shortened(&value.to_string())).collect();
    match values.len() {
        0 => Found::Nothing,
        many if many > SHOWN => {
            let more = format!("and {} more", many - SHOWN);
            Found::Values(values.into_iter().take(SHOWN).chain([more]).collect())
        }
        _ => Found::Values(values),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
