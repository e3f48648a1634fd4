//! The ports to Lambda and to failure destinations, and both on the local engine's AWS interface.
//!
//! Plain HTTP without the SDK: signing would hash every payload of several megabytes, and the local engine reads of a
//! signature only the service, region and key in its scope.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use super::answer::Answer;
use super::mapping::Mapping;

/// Longer than any function may run.
const INVOKE_TIMEOUT: Duration = Duration::from_mins(16);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections kept open: one for each invocation that may be under way.
const CONNECTIONS_MAX: usize = 64;

/// Runs functions.
pub trait Invoker: Send + Sync + 'static {
    /// Runs the function on the event and waits for its answer. An error: nobody knows whether it ran.
    fn invoke(&self, function: &str, event: &[u8]) -> Result<Answer, String>;
}

/// Takes what was given up.
pub trait Destination: Send + Sync + 'static {
    /// Puts an object into a bucket.
    fn put(&self, bucket: &str, key: &str, document: &Value) -> Result<(), String>;

    /// Sends a message to a queue or a topic, by its ARN.
    fn send(&self, arn: &str, document: &Value) -> Result<(), String>;
}

/// The local engine.
#[derive(Debug, Clone)]
pub struct Engine {
    agent: Agent,
    endpoint: String,
    region: String,
}

impl Engine {
    /// The engine at `endpoint`, without a slash at its end.
    pub fn new(endpoint: &str, region: &str) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(REQUEST_TIMEOUT))
            .max_idle_connections(CONNECTIONS_MAX)
            .max_idle_connections_per_host(CONNECTIONS_MAX)
            .http_status_as_error(false);
        Self { agent: config.build().into(), endpoint: endpoint.to_owned(), region: region.to_owned() }
    }

    /// Every Kafka mapping that is enabled. `managed_brokers` stands for a managed cluster's.
    pub fn mappings(&self, managed_brokers: &str) -> Result<Vec<Mapping>, String> {
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let url = format!("{}/2015-03-31/event-source-mappings", self.endpoint);
            let mut request = self.agent.get(url).header("authorization", self.scope("lambda"));
            if let Some(marker) = &marker {
                request = request.query("Marker", marker);
            }
            let (status, body) = read(request.call())?;
            let page: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
            if status != 200 {
                return Err(format!("status {status}: {page}"));
            }
            let listed = page["EventSourceMappings"].as_array().map_or(&[][..], Vec::as_slice);
            found.extend(listed.iter().filter_map(|each| Mapping::read(each, managed_brokers)));
            match page["NextMarker"].as_str().filter(|next| !next.is_empty()) {
                Some(next) if marker.as_deref() != Some(next) => marker = Some(next.to_owned()),
                Some(_) | None => return Ok(found),
            }
        }
    }

    fn scope(&self, service: &str) -> String {
        let scope = format!("test/20260101/{}/{service}/aws4_request", self.region);
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
    }
}

impl Invoker for Engine {
    fn invoke(&self, function: &str, event: &[u8]) -> Result<Answer, String> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let request = self.agent.post(url).header("authorization", self.scope("lambda"));
        let request = request.config().timeout_global(Some(INVOKE_TIMEOUT)).build();
        let mut response =
            request.content_type("application/json").send(event).map_err(|error| error.to_string())?;
        let function_error = response.headers().get("x-amz-function-error");
        let function_error =
            function_error.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let body = response.body_mut().read_to_vec().map_err(|error| error.to_string())?;
        Ok(Answer { status: response.status().as_u16(), function_error, body })
    }
}

impl Destination for Engine {
    fn put(&self, bucket: &str, key: &str, document: &Value) -> Result<(), String> {
        let url = format!("{}/{bucket}/{key}", self.endpoint);
        let request = self.agent.put(url).header("authorization", self.scope("s3"));
        accepted(read(request.content_type("application/json").send(document.to_string()))?)
    }

    fn send(&self, arn: &str, document: &Value) -> Result<(), String> {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, _, account, name) = (parts.next(), parts.next(), parts.next(), parts.next());
        match (service, account, name) {
            (Some("sqs"), Some(account), Some(name)) => {
                let message = json!({
                    "QueueUrl": format!("{}/{account}/{name}", self.endpoint),
                    "MessageBody": document.to_string(),
                });
                let request = self.agent.post(&self.endpoint).header("authorization", self.scope("sqs"));
                let request = request.header("x-amz-target", "AmazonSQS.SendMessage");
                let request = request.content_type("application/x-amz-json-1.0");
                accepted(read(request.send(message.to_string()))?)
            }
            (Some("sns"), Some(_), Some(_)) => {
                let request = self.agent.post(&self.endpoint).header("authorization", self.scope("sns"));
                let message = document.to_string();
                let form = [
                    ("Action", "Publish"),
                    ("Version", "2010-03-31"),
                    ("TopicArn", arn),
                    ("Message", &message),
                ];
                accepted(read(request.send_form(form))?)
            }
            (Some(_) | None, _, _) => Err(format!("{arn} is not a bucket, a queue or a topic")),
        }
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, Vec<u8>), String> {
    let mut response = answer.map_err(|error| error.to_string())?;
    let body = response.body_mut().read_to_vec().map_err(|error| error.to_string())?;
    Ok((response.status().as_u16(), body))
}

fn accepted((status, body): (u16, Vec<u8>)) -> Result<(), String> {
    if (200..300).contains(&status) {
        Ok(())
    } else {
        Err(format!("status {status}: {}", String::from_utf8_lossy(&body)))
    }
}
