//! What an invocation said about its batch, by Lambda's rules for partial failures.

use serde::Deserialize;
use serde_json::Value;

/// What came back from the Invoke API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of the request.
    pub status: u16,
    /// The header `X-Amz-Function-Error`: `Unhandled` when the function failed.
    pub function_error: Option<String>,
    /// The function's answer, or its error as JSON.
    pub body: Vec<u8>,
}

/// A record that the function names as failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Failed {
    /// The key of its partition in the event: `orders-0`.
    pub partition: String,
    /// Its offset.
    pub offset: i64,
}

/// What becomes of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every record is done.
    Done,
    /// Everything before the lowest failed offset of each named partition is done, and all of the other partitions.
    Partial(Vec<Failed>),
    /// The function failed: nothing is done.
    FunctionError(String),
    /// The function was not run, or nobody knows: nothing is done, and it counts as no attempt.
    NotInvoked(String),
}

impl Answer {
    /// Reads it. An answer that cannot be understood fails the whole batch.
    pub fn outcome(&self, reports_item_failures: bool) -> Outcome {
        let text = || String::from_utf8_lossy(&self.body).chars().take(400).collect::<String>();
        if self.status != 200 {
            return Outcome::NotInvoked(format!("status {}: {}", self.status, text()));
        }
        if self.function_error.is_some() {
            return Outcome::FunctionError(text());
        }
        if !reports_item_failures || self.body.trim_ascii().is_empty() {
            return Outcome::Done;
        }
        read_failures(&self.body).unwrap_or_else(|| {
            Outcome::FunctionError(format!("the answer names no batch item failures: {}", text()))
        })
    }
}

/// None if it is not `{"batchItemFailures": [{"itemIdentifier": {"partition", "offset"}}]}` or nothing.
fn read_failures(body: &[u8]) -> Option<Outcome> {
    let failures = match serde_json::from_slice(body).ok()? {
        Value::Null => return Some(Outcome::Done),
        Value::String(text) if text.is_empty() => return Some(Outcome::Done),
        Value::Object(mut answer) => answer.remove("batchItemFailures").unwrap_or(Value::Null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return None,
    };
    match failures {
        Value::Null => Some(Outcome::Done),
        Value::Array(failures) if failures.is_empty() => Some(Outcome::Done),
        Value::Array(failures) => failures
            .into_iter()
            .map(|mut failure| serde_json::from_value(failure.get_mut("itemIdentifier")?.take()).ok())
            .collect::<Option<Vec<Failed>>>()
            .map(Outcome::Partial),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(body: &str) -> Outcome {
        Answer { status: 200, function_error: None, body: body.as_bytes().to_vec() }.outcome(true)
    }

    #[test]
    fn no_failures_in_any_of_their_shapes_is_success() {
        for body in
            ["", " ", "null", "\"\"", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#]
        {
            assert_eq!(outcome(body), Outcome::Done, "{body}");
        }
    }

    #[test]
    fn failures_name_partition_and_offset() {
        let body = r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":7}}]}"#;
        let failed = Failed { partition: "orders-0".to_owned(), offset: 7 };
        assert_eq!(outcome(body), Outcome::Partial(vec![failed]));
        let answer = Answer { status: 200, function_error: None, body: body.as_bytes().to_vec() };
        assert_eq!(answer.outcome(false), Outcome::Done, "the mapping does not ask for it");
    }

    #[test]
    fn an_answer_that_cannot_be_understood_fails_everything() {
        for body in [
            "not JSON",
            "7",
            "\"text\"",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"7"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0"}}]}"#,
        ] {
            assert!(matches!(outcome(body), Outcome::FunctionError(_)), "{body}");
        }
    }

    #[test]
    fn a_function_that_failed_and_one_that_never_ran_are_told_apart() {
        let error = Answer {
            status: 200,
            function_error: Some("Unhandled".to_owned()),
            body: br#"{"errorType":"E"}"#.to_vec(),
        };
        assert_eq!(error.outcome(true), Outcome::FunctionError(r#"{"errorType":"E"}"#.to_owned()));
        let throttled = Answer { status: 429, ..error };
        assert!(matches!(throttled.outcome(true), Outcome::NotInvoked(_)));
    }
}
