//! AWS as tests see it: an HTTP client that answers by itself and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use crate::Aws;

pub(crate) type Response = http::Response<SdkBody>;

/// A request as it went out.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub method: String,
    pub uri: String,
    pub headers: http::HeaderMap,
    /// The JSON protocols' operation, empty in the others.
    pub target: String,
    /// The body, if it is text.
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Sent {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON request")
    }

    /// The fields of a query request, decoded.
    pub fn form(&self) -> BTreeMap<String, String> {
        self.body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect()
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex = [rest.next().expect("a digit"), rest.next().expect("a digit")];
            let hex = std::str::from_utf8(&hex).expect("ASCII");
            bytes.push(u8::from_str_radix(hex, 16).expect("hexadecimal"));
        } else {
            bytes.push(if byte == b'+' { b' ' } else { byte });
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

pub(crate) struct Wire {
    client: SharedHttpClient,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Wire {
    pub fn answering(answer: impl Fn(&Sent) -> Response + Send + Sync + 'static) -> Self {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&sent);
        let client = infallible_client_fn(move |request: http::Request<SdkBody>| {
            let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
            let bytes = request.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
            let seen = Sent {
                method: request.method().to_string(),
                uri: request.uri().to_string(),
                target: target.unwrap_or_default().to_owned(),
                headers: request.headers().clone(),
                body: String::from_utf8(bytes.clone()).unwrap_or_default(),
                bytes,
            };
            log.lock().expect("no panic").push(seen.clone());
            answer(&seen)
        });
        Self { client, sent }
    }

    pub fn aws(&self) -> Aws {
        self.aws_with(RetryConfig::disabled())
    }

    /// Repeats what may succeed later, up to `attempts`, without a wait worth the name.
    pub fn aws_with_retries(&self, attempts: u32) -> Aws {
        let retries = RetryConfig::standard().with_max_attempts(attempts);
        self.aws_with(retries.with_initial_backoff(Duration::from_millis(1)))
    }

    /// What an operator asks of AWS.
    #[cfg(feature = "operator")]
    pub fn operator(&self) -> crate::operator::Operator {
        crate::operator::Operator::with_config(&self.config(RetryConfig::disabled()))
    }

    fn aws_with(&self, retries: RetryConfig) -> Aws {
        Aws::with_config(self.config(retries))
    }

    fn config(&self, retries: RetryConfig) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "id", "key", None, None, "test",
            )))
            .retry_config(retries)
            .http_client(self.client.clone())
            .build()
    }

    pub fn requests(&self) -> Vec<Sent> {
        self.sent.lock().expect("no panic").clone()
    }
}

pub(crate) fn json(status: u16, body: &Value) -> Response {
    text(status, body.to_string())
}

pub(crate) fn text(status: u16, body: String) -> Response {
    http::Response::builder().status(status).body(SdkBody::from(body)).expect("a response")
}

/// How the JSON protocols refuse a request.
pub(crate) fn refusal(status: u16, code: &'static str) -> Response {
    let body = serde_json::json!({ "__type": code, "message": "refused" }).to_string();
    http::Response::builder()
        .status(status)
        .header("x-amzn-errortype", code)
        .body(SdkBody::from(body))
        .expect("a response")
}

/// An event of `order` as the relay hands it over.
pub(crate) fn event(
    order: u8,
    sequence: u64,
    data: &serde_json::value::RawValue,
) -> semel_contracts::RawEnvelope<'_> {
    use semel_contracts::{EventId, EventType, Metadata, OrderId, RawEnvelope, SchemaVersion, Timestamp};
    let order_id = OrderId::from_bytes([order; 16]);
    RawEnvelope {
        event_id: EventId::derive_from(&[&order.to_string(), &sequence.to_string()]),
        event_type: EventType::OrderCancelled,
        timestamp: Timestamp::from_millis(1_795_366_200_123),
        data,
        metadata: Metadata {
            producer_id: "orders".parse().expect("a producer"),
            version: SchemaVersion { major: 1, minor: 0 },
            aggregate_id: order_id.into(),
            sequence,
            correlation_id: order_id.to_string().parse().expect("a correlation id"),
            causation_id: None,
            traceparent: None,
        },
    }
}
