//! One kind of signed request to one bucket, on the AWS SDK's runtime.
//!
//! Owns the bucket's address, the signature, what is retried, and how a refusal reads. Knows no request's meaning.

use std::fmt;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_xml::decode::{Document, try_data};
use aws_types::SigningName;
use aws_types::region::SigningRegion;

use crate::clients::behavior;
use crate::requests::Requests;

const SERVICE: &str = "S3";

/// A request, without what every request has.
#[derive(Debug)]
pub(super) struct Call {
    pub method: &'static str,
    /// Path and query below the bucket, percent-encoded.
    pub target: String,
    pub body: Vec<u8>,
}

/// What S3 said instead of doing it.
#[derive(Debug)]
pub(super) struct Refusal(ErrorMetadata);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

/// One kind of request.
#[derive(Debug, Clone)]
pub(super) struct Rest(Operation<Call, Vec<u8>, Refusal>);

impl Rest {
    pub fn new(config: &SdkConfig, bucket: &str, operation: &'static str, requests: &Requests) -> Self {
        let retries = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
        let mut builder = Operation::builder()
            .service_name(SERVICE)
            .operation_name(operation)
            .behavior_version(config.behavior_version().unwrap_or_else(behavior))
            .endpoint_url(&endpoint(config, bucket))
            .standard_retry(&retries)
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<Refusal>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
            .with_connection_poisoning()
            .interceptor(requests.clone())
            .runtime_plugin(signature(config));
        if let Some(timeouts) = config.timeout_config() {
            builder = builder.timeout_config(timeouts.clone());
        }
        if let Some(client) = config.http_client() {
            builder = builder.http_client(client);
        }
        Self(builder.serializer(request).deserializer(answer).build())
    }

    /// The body of the answer.
    pub async fn send(&self, call: Call) -> Result<Vec<u8>, SdkError<Refusal, HttpResponse>> {
        self.0.invoke(call).await
    }
}

/// A bucket has a host of its own on AWS. Elsewhere (a local engine) it is the first part of the path: names below a
/// local host do not resolve.
pub(super) fn endpoint(config: &SdkConfig, bucket: &str) -> String {
    if let Some(url) = config.endpoint_url() {
        return format!("{}/{bucket}", url.trim_end_matches('/'));
    }
    // Without a region nothing can be signed, and that is what the error then says.
    let region = config.region().map_or("us-east-1", |region| region.as_ref());
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{bucket}.s3.{region}.{suffix}")
}

/// Signature Version 4 as S3 wants it: the path is signed as it is sent, and the body's hash is a header.
fn signature(config: &SdkConfig) -> StaticRuntimePlugin {
    let mut signing_options = SigningOptions::default();
    signing_options.double_uri_encode = false;
    signing_options.normalize_uri_path = false;
    signing_options.content_sha256_header = true;
    let mut layer = Layer::new("S3 signature");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: config.region().cloned().map(SigningRegion::from),
        region_set: None,
        name: Some(SigningName::from_static("s3")),
        signing_options,
    });
    let mut components = RuntimeComponentsBuilder::new("S3 signature")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])));
    if let Some(credentials) = config.credentials_provider() {
        components.set_identity_resolver(SCHEME_ID, credentials);
    }
    if let Some(cache) = config.identity_cache() {
        components.set_identity_cache(Some(cache));
    }
    components.set_time_source(config.time_source());
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

fn request(call: Call) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(call.body));
    request.set_method(call.method)?;
    request.set_uri(call.target)?;
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<Refusal>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return Ok(body.to_vec());
    }
    let metadata = refusal(body).unwrap_or_else(|| {
        let message = format!("status {} without a reason", response.status().as_u16());
        ErrorMetadata::builder().message(message).build()
    });
    Err(OrchestratorError::operation(Refusal(metadata)))
}

/// `<Error><Code>…</Code><Message>…</Message>…</Error>`.
fn refusal(body: &[u8]) -> Option<ErrorMetadata> {
    let mut document = Document::new(std::str::from_utf8(body).ok()?);
    let mut root = document.root_element().ok()?;
    if !root.start_el().matches("Error") {
        return None;
    }
    let mut metadata = ErrorMetadata::builder();
    let mut has_code = false;
    while let Some(mut tag) = root.next_tag() {
        match tag.start_el().local() {
            "Code" => {
                metadata = metadata.code(try_data(&mut tag).ok()?);
                has_code = true;
            }
            "Message" => metadata = metadata.message(try_data(&mut tag).ok()?),
            _ => {}
        }
    }
    has_code.then(|| metadata.build())
}
