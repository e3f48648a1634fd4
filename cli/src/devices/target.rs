//! Where producers send to: the HTTP API, and for devices the data plane of AWS `IoT`, as far as the local engine has it.
//!
//! MQTT itself is not spoken here. `Publish` of the `IoT` data plane hands the same bytes to the same rules.

use std::fmt;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::interrupt;

const TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 8;
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(3);

/// Keeps connections to one stack. Clones share them.
#[derive(Debug, Clone)]
pub struct Target {
    agent: Agent,
    api: String,
    iot: Option<Iot>,
}

#[derive(Debug, Clone)]
struct Iot {
    endpoint: String,
    authorization: String,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How often it was sent until somebody answered.
    pub attempts: u64,
    /// Per event, over HTTP.
    pub accepted: u64,
    /// Per event, over HTTP.
    pub duplicate: u64,
    /// Per event, over HTTP.
    pub rejected: u64,
    /// Per event, over HTTP.
    pub retry: u64,
    /// Per event, over HTTP: of a newer major version than the stack knows.
    pub unsupported: u64,
    /// Events that went out as a message, which nobody answers.
    pub published: u64,
    /// Events of which nobody took notice, and the last trouble.
    pub unanswered: u64,
    /// Why.
    pub trouble: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/events", self.api)?;
        if self.iot.is_some() { f.write_str(" and to the rule for devices") } else { Ok(()) }
    }
}

impl Target {
    /// The API at `url`.
    pub fn over_http(url: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        Self { agent: config.build().into(), api: url.trim_end_matches('/').to_owned(), iot: None }
    }

    /// And the `IoT` data plane of the local engine at `endpoint`.
    pub fn with_iot(self, endpoint: &str, region: &str) -> Self {
        let scope = format!("test/20260101/{region}/iotdata/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        Self { iot: Some(Iot { endpoint: endpoint.to_owned(), authorization }), ..self }
    }

    /// Sends a batch over HTTP: the same key and the same bytes each time.
    pub fn send(&self, key: &str, events: &[String]) -> Outcome {
        let body = format!("{}\n", events.join("\n"));
        until_answered(events, || {
            let request = self.agent.post(format!("{}/events", self.api)).header("idempotency-key", key);
            request.content_type("application/x-ndjson").send(body.as_str())
        })
    }

    /// Sends a device's message, over HTTP if there is no `IoT` data plane.
    pub fn publish(&self, device: &str, key: &str, events: &[String]) -> Outcome {
        let Some(iot) = &self.iot else { return self.send(key, events) };
        let body = format!("[{}]", events.join(","));
        let url = format!("{}/topics/semel/devices/{device}/events?qos=1", iot.endpoint);
        until_answered(events, || {
            self.agent
                .post(&url)
                .header("authorization", &iot.authorization)
                .content_type("application/json")
                .send(body.as_str())
        })
    }
}

fn until_answered(
    events: &[String],
    send: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Outcome {
    let mut backoff = BACKOFF_FIRST;
    let mut outcome = Outcome::default();
    for attempt in 1..=ATTEMPTS_MAX {
        outcome.attempts += 1;
        match send() {
            Ok(mut answer) if !is_for_later(answer.status().as_u16()) => {
                let status = answer.status().as_u16();
                match answer.body_mut().read_to_string() {
                    Ok(text) => return read(outcome, events, status, &text),
                    Err(error) => outcome.trouble = Some(error.to_string()),
                }
            }
            Ok(answer) => outcome.trouble = Some(answer.status().to_string()),
            Err(error) => outcome.trouble = Some(error.to_string()),
        }
        if interrupt::is_requested() || attempt == ATTEMPTS_MAX {
            break;
        }
        thread::sleep(backoff);
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
    outcome.unanswered = count(events.len());
    outcome
}

/// What is answered so may be answered otherwise in a moment.
const fn is_for_later(status: u16) -> bool {
    matches!(status, 409 | 429 | 500..)
}

fn read(mut outcome: Outcome, events: &[String], status: u16, text: &str) -> Outcome {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    if answer["events"].is_array() {
        let number = |name: &str| answer[name].as_u64().unwrap_or_default();
        outcome.accepted = number("accepted");
        outcome.duplicate = number("duplicate");
        outcome.rejected = number("rejected");
        outcome.retry = number("retry");
        outcome.unsupported = number("unsupported");
        let is_refused = |event: &&Value| event["status"] == "rejected" || event["status"] == "unsupported";
        let refused = answer["events"].as_array().into_iter().flatten().find(is_refused);
        outcome.trouble = refused.map(|event| format!("{}: {}", event["reason"], event["detail"]));
    } else if status < 300 {
        outcome.published = count(events.len());
        outcome.trouble = None;
    } else {
        outcome.unanswered = count(events.len());
        let detail = answer["detail"].as_str().or(answer["message"].as_str()).unwrap_or(text);
        outcome.trouble = Some(format!("{status}: {}", detail.chars().take(200).collect::<String>()));
    }
    outcome
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, text: &str) -> Outcome {
        read(Outcome::default(), &["{}".to_owned(), "{}".to_owned()], status, text)
    }

    #[test]
    fn an_answer_is_counted_by_what_it_says() {
        let text = r#"{"accepted":1,"duplicate":0,"rejected":1,"retry":0,"events":[
            {"status":"accepted"},{"status":"rejected","reason":"not_json","detail":"no"}]}"#;
        let outcome = of(207, text);
        assert_eq!((outcome.accepted, outcome.rejected, outcome.unanswered), (1, 1, 0));
        assert!(outcome.trouble.is_some_and(|trouble| trouble.contains("not_json")));
    }

    #[test]
    fn what_the_stack_is_too_old_for_is_no_rejection() {
        let text = r#"{"accepted":0,"duplicate":0,"rejected":0,"retry":0,"unsupported":2,"events":[
            {"status":"unsupported","reason":"unsupported_version","detail":"newer"},{"status":"unsupported"}]}"#;
        let outcome = of(207, text);
        assert_eq!((outcome.unsupported, outcome.rejected, outcome.unanswered), (2, 0, 0));
        assert!(outcome.trouble.is_some_and(|trouble| trouble.contains("unsupported_version")));
    }

    #[test]
    fn a_message_is_published_and_a_refusal_is_no_answer() {
        assert_eq!(of(200, r#"{"message":"OK","traceId":"x"}"#).published, 2);
        let refused = of(413, r#"{"title":"Too many events","detail":"at most 500"}"#);
        assert_eq!((refused.unanswered, refused.trouble.as_deref()), (2, Some("413: at most 500")));
    }

    #[test]
    fn what_may_change_is_asked_again() {
        assert!([409, 429, 500, 503].into_iter().all(is_for_later));
        assert!(![200, 207, 400, 413, 422].into_iter().any(is_for_later));
    }
}
