//! A request, read defensively: nothing in it is trusted to be there.

use std::borrow::Cow;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use semel_contracts::api::Problem;

use super::Response;

/// Largest body that is read. An order of a hundred lines has a tenth of it.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request as API Gateway hands it over.
#[derive(Debug, Clone)]
pub struct Request(ApiGatewayV2httpRequest);

impl Request {
    /// Wraps API Gateway's event.
    pub fn new(event: ApiGatewayV2httpRequest) -> Self {
        Self(event)
    }

    /// Reads API Gateway's event from JSON, as tests and samples have it.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// The method, in capitals.
    pub fn method(&self) -> &str {
        self.0.request_context.http.method.as_str()
    }

    /// The route that API Gateway matched, such as `GET /orders/{order_id}`.
    pub fn route(&self) -> &str {
        let context = self.0.request_context.route_key.as_deref();
        self.0.route_key.as_deref().or(context).unwrap_or_default()
    }

    /// The path without the stage's name, which API Gateway puts first for every stage but `$default`.
    pub fn path(&self) -> &str {
        let path = self.0.raw_path.as_deref().or(self.0.request_context.http.path.as_deref()).unwrap_or("/");
        let stage = self.0.request_context.stage.as_deref().unwrap_or_default();
        match path.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage)) {
            Some(rest) if !stage.is_empty() && rest.starts_with('/') => rest,
            Some("") if !stage.is_empty() => "/",
            _ => path,
        }
    }

    /// A part of the path that the route names.
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.0.path_parameters.get(name).map(String::as_str)
    }

    /// A parameter of the query; API Gateway joins repeated ones with commas.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.0.query_string_parameters.first(name)
    }

    /// A header, by its name in any case. `None` too if it is not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A claim of the token that API Gateway has checked, such as `sub`.
    pub fn claim(&self, name: &str) -> Option<&str> {
        let jwt = self.0.request_context.authorizer.as_ref()?.jwt.as_ref()?;
        jwt.claims.get(name).map(String::as_str)
    }

    /// API Gateway's id of the request.
    pub fn request_id(&self) -> &str {
        self.0.request_context.request_id.as_deref().unwrap_or_default()
    }

    /// The caller's address.
    pub fn source_ip(&self) -> &str {
        self.0.request_context.http.source_ip.as_deref().unwrap_or_default()
    }

    /// Whether there is such a header, readable or not.
    pub fn has_header(&self, name: &str) -> bool {
        self.0.headers.contains_key(name)
    }

    /// The body's bytes, at most [`MAX_BODY_BYTES`] of them; empty if there is none. Otherwise what to answer.
    pub fn body(&self) -> Result<Vec<u8>, Response> {
        self.body_within(MAX_BODY_BYTES).map(Cow::into_owned)
    }

    /// The same with another bound; the bytes are the event's own unless they came as base64.
    pub fn body_within(&self, bytes_max: usize) -> Result<Cow<'_, [u8]>, Response> {
        let text = self.0.body.as_deref().unwrap_or_default();
        // Base64 has four characters for three bytes: a longer text is refused before room is made for it.
        let at_least = if self.0.is_base64_encoded { text.len() / 4 * 3 } else { text.len() };
        if at_least > bytes_max.saturating_add(2) {
            return Err(too_large(bytes_max));
        }
        let body = if self.0.is_base64_encoded {
            Cow::Owned(STANDARD.decode(text).map_err(|_| {
                Problem::new(400, "Malformed body", "The body is said to be base64, and is not.")
            })?)
        } else {
            Cow::Borrowed(text.as_bytes())
        };
        if body.len() > bytes_max { Err(too_large(bytes_max)) } else { Ok(body) }
    }
}

fn too_large(bytes_max: usize) -> Response {
    Problem::new(413, "Body too large", format!("The body may have at most {bytes_max} bytes.")).into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(more: &Value) -> Request {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "GET /orders/{order_id}",
            "rawPath": "/prod/orders/7",
            "rawQueryString": "limit=5",
            "headers": { "idempotency-key": "k-1", "odd": "\u{e9}" },
            "queryStringParameters": { "limit": "5" },
            "pathParameters": { "order_id": "7" },
            "requestContext": {
                "stage": "prod",
                "requestId": "r-1",
                "authorizer": { "jwt": { "claims": { "sub": "ada" }, "scopes": null } },
                "http": { "method": "GET", "path": "/prod/orders/7", "protocol": "HTTP/1.1", "sourceIp": "10.0.0.1" },
            },
            "isBase64Encoded": false,
        });
        if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
            event.extend(more.clone());
        }
        Request::from_json(&event.to_string()).expect("an event")
    }

    #[test]
    fn everything_is_found_where_it_is() {
        let request = request(&json!({}));
        assert_eq!((request.method(), request.route()), ("GET", "GET /orders/{order_id}"));
        assert_eq!((request.path_parameter("order_id"), request.query("limit")), (Some("7"), Some("5")));
        assert_eq!((request.header("Idempotency-Key"), request.header("absent")), (Some("k-1"), None));
        assert_eq!((request.claim("sub"), request.claim("email")), (Some("ada"), None));
        assert_eq!((request.request_id(), request.source_ip()), ("r-1", "10.0.0.1"));
        assert_eq!(request.header("odd"), None);
    }

    #[test]
    fn the_stage_is_no_part_of_the_path() {
        assert_eq!(request(&json!({})).path(), "/orders/7");
        assert_eq!(request(&json!({ "rawPath": "/orders/7" })).path(), "/orders/7");
        assert_eq!(request(&json!({ "rawPath": "/production" })).path(), "/production");
        assert_eq!(request(&json!({ "rawPath": "/prod" })).path(), "/");
    }

    #[test]
    fn a_request_without_anything_optional_can_be_read() {
        let bare = json!({ "requestContext": { "http": { "method": "GET" } } });
        let request = Request::from_json(&bare.to_string()).expect("an event");
        assert_eq!((request.path(), request.route(), request.request_id()), ("/", "", ""));
        assert_eq!((request.query("x"), request.claim("sub"), request.body()), (None, None, Ok(Vec::new())));
    }

    #[test]
    fn bodies_are_decoded() {
        assert_eq!(request(&json!({ "body": "{}" })).body().as_deref(), Ok(b"{}".as_slice()));
        let encoded = json!({ "body": "e30=", "isBase64Encoded": true });
        assert_eq!(request(&encoded).body().as_deref(), Ok(b"{}".as_slice()));
        let broken = json!({ "body": "e30", "isBase64Encoded": true });
        assert_eq!(request(&broken).body().map_err(|answer| answer.status()), Err(400));
    }

    #[test]
    fn bodies_are_bounded_in_both_encodings() {
        for bytes in [MAX_BODY_BYTES, MAX_BODY_BYTES + 1, MAX_BODY_BYTES * 4] {
            let body = "x".repeat(bytes);
            let expected = if bytes > MAX_BODY_BYTES { Err(413) } else { Ok(bytes) };
            let read = |event: Value| {
                request(&event).body().map(|body| body.len()).map_err(|answer| answer.status())
            };
            assert_eq!(read(json!({ "body": STANDARD.encode(&body), "isBase64Encoded": true })), expected);
            assert_eq!(read(json!({ "body": body })), expected);
        }
    }
}
