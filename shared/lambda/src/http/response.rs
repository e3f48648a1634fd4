//! An answer: JSON, or a problem document (RFC 9457).

use std::collections::BTreeMap;

use semel_contracts::api::Problem;
use serde::Serialize;

const JSON: &str = "application/json";

/// An answer in the shape of API Gateway's payload version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    status_code: u16,
    headers: BTreeMap<&'static str, String>,
    body: String,
    is_base64_encoded: bool,
}

impl Response {
    /// A JSON answer.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self::new(status, JSON, body),
            Err(error) => {
                tracing::error!(error = %error, "an answer has no JSON form");
                Self::internal()
            }
        }
    }

    /// A problem document; its status is the answer's.
    pub fn problem(problem: &Problem) -> Self {
        match serde_json::to_string(problem) {
            Ok(body) => Self::new(problem.status, Problem::MEDIA_TYPE, body),
            Err(error) => {
                tracing::error!(error = %error, "a problem has no JSON form");
                Self::internal()
            }
        }
    }

    /// The fault is ours and is in the log; the caller learns nothing of the inside.
    pub fn internal() -> Self {
        let body = r#"{"type":"about:blank","title":"Internal error","status":500,"detail":"Something failed on our side. Try again; if it stays, tell us the request id."}"#;
        Self::new(500, Problem::MEDIA_TYPE, body.to_owned())
    }

    /// The service cannot answer now; the caller may repeat the request after a while.
    pub fn unavailable(retry_after_s: u32) -> Self {
        let problem = Problem::new(
            503,
            "Try again",
            "The request could not be served now. Repeat it with the same key.",
        );
        Self::problem(&problem).with_header("retry-after", retry_after_s.to_string())
    }

    /// The same answer with a header, whose name must be in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status_code
    }

    /// The body's text.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// A header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn new(status: u16, media_type: &str, body: String) -> Self {
        // Orders are their owner's: no cache between may keep them.
        let headers = [("content-type", media_type), ("cache-control", "no-store")];
        let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Self { status_code: status, headers, body, is_base64_encoded: false }
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        Self::problem(&problem)
    }
}

#[cfg(test)]
mod tests {
    use semel_contracts::api::Violation;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_answer_has_api_gateways_shape() {
        let response = Response::json(201, &json!({ "a": 1 })).with_header("location", "/orders/7");
        let wire = serde_json::to_value(&response).expect("JSON");
        assert_eq!(
            wire,
            json!({
                "statusCode": 201,
                "headers": { "content-type": "application/json", "cache-control": "no-store", "location": "/orders/7" },
                "body": r#"{"a":1}"#,
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn a_problem_names_its_fields() {
        let violation =
            Violation { pointer: "/lines/0/quantity".to_owned(), detail: "must be positive".to_owned() };
        let response =
            Response::from(Problem::new(422, "Invalid order", "One field is wrong.").with(violation));
        assert_eq!(
            (response.status(), response.header("content-type")),
            (422, Some("application/problem+json"))
        );
        let body: Value = serde_json::from_str(response.body()).expect("JSON");
        assert_eq!(body["errors"][0]["pointer"], "/lines/0/quantity");
    }

    #[test]
    fn our_own_faults_are_problem_documents_too() {
        for response in [Response::internal(), Response::unavailable(2), Response::json(200, &Broken)] {
            let body: Problem = serde_json::from_str(response.body()).expect("a problem");
            assert_eq!((body.status, response.status() >= 500), (response.status(), true));
        }
        assert_eq!(Response::unavailable(2).header("retry-after"), Some("2"));
    }

    struct Broken;

    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
}
