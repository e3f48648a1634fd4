//! From the data of one major version of an event to the next: pure steps over JSON values.
//!
//! This is the only place that knows shapes which are written no more. A step stands in the line of its event type in
//! the table of its family, one for each major version before the newest; with one too few or too many the table does
//! not compile. [`decode`](crate::decode) runs them when it meets an older event, and hands out the newest shape only.
//!
//! How strict a step is: data of an old version have no type any more. A step checks the fields that it reads or
//! drops as their old schema did, and refuses what that refused. It leaves every other field alone, unknown ones too:
//! the newest type reads the result and is as strict with it as with any event.

pub mod payment_declined;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

/// The data of an event: its fields.
pub type Data = Map<String, Value>;

/// Turns data of one major version into data of the next.
pub type Step = fn(&mut Data) -> Result<(), Misfit>;

/// The name of an event type, as far as its older versions are concerned.
pub trait Upcast {
    /// The steps from major version 1 on, one for each version before the newest.
    fn steps(self) -> &'static [Step];
}

/// A field that its old version did not allow either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// It is not there.
    Missing(&'static str),
    /// It holds another kind of JSON value.
    WrongType(&'static str, String),
    /// It holds a value that was not allowed.
    Invalid(&'static str, String),
}

/// The word that a field holds, if it is one of those that were allowed.
fn word(data: &Data, field: &'static str, allowed: &[&'static str]) -> Result<&'static str, Misfit> {
    let listed = allowed.join(", ");
    match data.get(field) {
        None => Err(Misfit::Missing(field)),
        Some(Value::String(text)) => allowed
            .iter()
            .find(|word| *word == text)
            .copied()
            .ok_or_else(|| Misfit::Invalid(field, format!("must be one of {listed}"))),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Misfit::WrongType(field, format!("expected a string, one of {listed}")))
        }
    }
}
