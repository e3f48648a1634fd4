//! From the text of a batch to the text of each event: slices of the body, nothing is copied or read yet.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::limits::EVENTS_MAX;

/// How events follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON array of events, or one event alone.
    Json,
    /// One event a line; an array is understood too.
    Lines,
    /// Whatever it looks like.
    Any,
}

/// Why a text is no batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("there is no event in the body")]
    Empty,
    #[error("the body has more than {EVENTS_MAX} events")]
    TooMany,
    #[error("the body is not JSON: {0}")]
    NotJson(String),
}

/// The events of a batch, each exactly as it was sent.
///
/// A broken array is refused as a whole, for nobody can say where its next event begins. A broken line is an event as
/// any other here: it is refused by itself.
pub(crate) fn split(text: &str, form: Form) -> Result<Vec<&str>, BatchError> {
    let events = match (text.trim_start().bytes().next(), form) {
        (None, _) => Vec::new(),
        (Some(b'['), _) => array(text)?,
        (Some(_), Form::Json) => vec![alone(text)?],
        (Some(_), Form::Lines) => lines(text)?,
        (Some(_), Form::Any) => match alone(text) {
            Ok(event) => vec![event],
            Err(_) => lines(text)?,
        },
    };
    if events.is_empty() { Err(BatchError::Empty) } else { Ok(events) }
}

fn alone(text: &str) -> Result<&str, BatchError> {
    let event: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    Ok(event.get())
}

fn lines(text: &str) -> Result<Vec<&str>, BatchError> {
    let mut events = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if events.len() == EVENTS_MAX {
            return Err(BatchError::TooMany);
        }
        events.push(line);
    }
    Ok(events)
}

fn array(text: &str) -> Result<Vec<&str>, BatchError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let events = json.deserialize_seq(Events).and_then(|events| json.end().map(|()| events));
    events.map_err(|error| match error.to_string() {
        words if words.starts_with(TOO_MANY) => BatchError::TooMany,
        words => BatchError::NotJson(words),
    })
}

fn not_json(error: &serde_json::Error) -> BatchError {
    BatchError::NotJson(error.to_string())
}

const TOO_MANY: &str = "too many events";

/// Reads an array's items as slices, and stops at the first one too many.
struct Events;

impl<'de> Visitor<'de> for Events {
    type Value = Vec<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut events = Vec::new();
        while let Some(event) = items.next_element::<&RawValue>()? {
            if events.len() == EVENTS_MAX {
                return Err(A::Error::custom(TOO_MANY));
            }
            events.push(event.get());
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_slices_as_they_were_sent() {
        let text = " [ {\"a\" : 1} ,\n{ \"b\":[2, 3]}, 4 ] ";
        for form in [Form::Json, Form::Lines, Form::Any] {
            assert_eq!(split(text, form).as_deref(), Ok(["{\"a\" : 1}", "{ \"b\":[2, 3]}", "4"].as_slice()));
        }
        assert_eq!(split(" {\"a\":\n 1} ", Form::Json).as_deref(), Ok(["{\"a\":\n 1}"].as_slice()));
        assert_eq!(split("{\"a\":\n 1}", Form::Any).as_deref(), Ok(["{\"a\":\n 1}"].as_slice()));
    }

    #[test]
    fn a_line_is_an_event_whatever_it_holds() {
        let text = "{\"a\":1}\r\n\n  {\"b\":\n {\"c\":3} \n";
        let expected = ["{\"a\":1}", "{\"b\":", "{\"c\":3}"];
        assert_eq!(split(text, Form::Lines).as_deref(), Ok(expected.as_slice()));
        assert_eq!(split(text, Form::Any).as_deref(), Ok(expected.as_slice()));
    }

    #[test]
    fn nothing_is_no_batch() {
        for (text, form) in [
            ("", Form::Json),
            (" \n", Form::Lines),
            ("[]", Form::Json),
            ("[ ]", Form::Lines),
            ("", Form::Any),
        ] {
            assert_eq!(split(text, form), Err(BatchError::Empty), "{text:?}");
        }
    }

    #[test]
    fn a_broken_array_is_refused_as_a_whole() {
        for text in ["[{\"a\":1}", "[{\"a\":1},]", "[{\"a\":1} {\"b\":2}]", "[1]]", "[", "{\"a\":", "x"] {
            let error = split(text, Form::Json).expect_err("broken");
            assert!(matches!(error, BatchError::NotJson(_)), "{text:?}: {error}");
        }
    }

    #[test]
    fn there_are_so_many_events_and_no_more() {
        for (count, fits) in [(EVENTS_MAX, true), (EVENTS_MAX + 1, false)] {
            let array = format!("[{}]", vec!["1"; count].join(","));
            let lines = "1\n".repeat(count);
            let expected = if fits { Ok(count) } else { Err(BatchError::TooMany) };
            assert_eq!(split(&array, Form::Json).map(|events| events.len()), expected);
            assert_eq!(split(&lines, Form::Lines).map(|events| events.len()), expected);
        }
    }
}
