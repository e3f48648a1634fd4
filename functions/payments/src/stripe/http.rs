//! Requests to Stripe: headers, forms, time-outs, and the split of answers into objects and errors.
//!
//! The client is hyper with rustls, the very crates and versions that the AWS SDK brings, and trusts the roots of
//! the system, as the SDK does. Knows nothing of payments.

use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ::http::{Method, Request, StatusCode, Uri};
use bytes::Bytes;
use form_urlencoded::Serializer;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;

use super::error::{Refusal, StripeError};
use super::wire::{Problem, Refused};

/// Stripe's own address.
pub const BASE_URL: &str = "https://api.stripe.com";

/// The version of the API that this program is written for; without it the account's default would decide.
const VERSION: &str = "2025-09-30.clover";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A whole request. A card takes a second or two; with this a function's usual ten seconds end with an answer.
const TIMEOUT: Duration = Duration::from_secs(6);
/// Shorter than what Stripe and what lies between keep a silent connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// A page of intents is tens of kilobytes.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Stripe's secret key. Never shown.
#[derive(Debug, Clone)]
pub struct SecretKey(HeaderValue);

/// A secret that is no key of Stripe's. Says nothing of what it is instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its text is not a secret key of Stripe's, which begins with sk_ or rk_")]
pub struct InvalidKey;

impl SecretKey {
    /// Checks that the text looks like a key, so that a wrong secret is not sent to anybody.
    pub fn new(text: &str) -> Result<Self, InvalidKey> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || !(text.starts_with("sk_") || text.starts_with("rk_")) {
            return Err(InvalidKey);
        }
        let mut value = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| InvalidKey)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// An address to which the key must not go.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBase {
    /// Not Stripe's, and not on this machine.
    #[error("expected https://<host>, or http:// on 127.0.0.1 for tests, without a path")]
    Address,
    /// TLS has nothing to trust.
    #[error("the system's root certificates cannot be read")]
    Roots(#[from] std::io::Error),
}

/// The client.
#[derive(Debug)]
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    key: SecretKey,
    timeout: Duration,
}

impl Http {
    pub fn new(base: &str, key: SecretKey) -> Result<Self, InvalidBase> {
        let base = base.trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| InvalidBase::Address)?;
        let safe = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => uri.host() == Some("127.0.0.1"),
            Some(_) | None => false,
        };
        if !safe || uri.path() != "/" || uri.query().is_some() {
            return Err(InvalidBase::Address);
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        // The base decides between the two; it was checked above.
        let connector = HttpsConnectorBuilder::new()
            // Named rather than found by a feature of hyper-rustls: with the SDK's own features all functions share
            // one build of the SDK.
            .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Ok(Self { client, base: base.to_owned(), key, timeout: TIMEOUT })
    }

    /// Answers before the usual time, for tests of what happens after it.
    #[cfg(test)]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Does something, once under `key`.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        form: &[(&str, &str)],
    ) -> Result<T, StripeError> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let key = HeaderValue::try_from(key).map_err(|error| StripeError::Connection(error.into()))?;
        let headers = [
            (HeaderName::from_static("idempotency-key"), key),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        ];
        self.send(Method::POST, path.to_owned(), headers.into_iter().collect(), body).await
    }

    /// Asks for something.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, StripeError> {
        let mut target = path.to_owned();
        if !query.is_empty() {
            target.push('?');
            target = Serializer::for_suffix(target, path.len() + 1).extend_pairs(query).finish();
        }
        self.send(Method::GET, target, HeaderMap::new(), String::new()).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        target: String,
        headers: HeaderMap,
        body: String,
    ) -> Result<T, StripeError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.base))
            .body(Full::new(Bytes::from(body)));
        let mut request = request.map_err(|error| StripeError::Connection(error.into()))?;
        request.headers_mut().extend(headers);
        request.headers_mut().insert(AUTHORIZATION, self.key.0.clone());
        request.headers_mut().insert("stripe-version", HeaderValue::from_static(VERSION));
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(answer) => read(&answer?),
            Err(_) => Err(StripeError::TimedOut),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, StripeError> {
        let response =
            self.client.request(request).await.map_err(|error| StripeError::Connection(error.into()))?;
        let status = response.status();
        let request_id = response.headers().get("request-id").and_then(|id| id.to_str().ok());
        let request_id = request_id.unwrap_or("unknown").to_owned();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|source| StripeError::Unreadable { status, source })?.to_bytes();
        Ok(Answer { status, request_id, body })
    }
}

struct Answer {
    status: StatusCode,
    request_id: String,
    body: Bytes,
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, StripeError> {
    let Answer { status, request_id, body } = answer;
    if status.is_success() {
        return serde_json::from_slice(body)
            .map_err(|error| StripeError::Unreadable { status: *status, source: error.into() });
    }
    // Whatever stands between us and Stripe has no JSON to say; its status does.
    let problem = serde_json::from_slice(body).map_or_else(|_| Problem::default(), |Refused { error }| error);
    Err(StripeError::Refused(Box::new(Refusal { status: *status, request_id: request_id.clone(), problem })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_secret_key_of_stripes_is_taken_and_never_shown() {
        for text in ["pk_live_1", "whsec_1", "", "sk_test 1", "{\"key\":\"sk_test_1\"}"] {
            assert_eq!(SecretKey::new(text).err(), Some(InvalidKey), "{text}");
        }
        let key = SecretKey::new("sk_test_veryhidden").expect("a key");
        assert!(!format!("{key:?}").contains("veryhidden"));
    }

    #[test]
    fn the_key_goes_over_tls_or_stays_on_this_machine() {
        let base = |base| Http::new(base, SecretKey::new("rk_test_1").expect("a key"));
        assert!(base(BASE_URL).is_ok());
        assert!(base("http://127.0.0.1:12111").is_ok());
        for text in
            ["http://api.stripe.com", "api.stripe.com", "ftp://127.0.0.1", "https://stripe.com/v1", ""]
        {
            assert!(matches!(base(text), Err(InvalidBase::Address)), "{text}");
        }
    }
}
