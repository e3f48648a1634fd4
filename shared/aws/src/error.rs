//! One class for every way in which AWS can fail: whether the same request may succeed later.
//!
//! Knows error codes, not what a caller makes of them. Outcomes that are answers rather than failures (a condition
//! that did not hold) are the adapter's to recognise before it asks here.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use semel_exactly_once::{Class, PublishError};

/// Longest message that is kept; services are terse, proxies are not.
const MESSAGE_BYTES_MAX: usize = 1024;

/// A request, or one entry of a batch, that AWS did not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed with {code}: {message}")]
pub struct AwsError {
    /// Whether trying again can help.
    pub class: Class,
    /// The request, for example `SQS SendMessageBatch`.
    pub operation: &'static str,
    /// The service's error code, or a name of ours for what never reached it.
    pub code: String,
    /// What the service said, with its causes.
    pub message: String,
}

impl AwsError {
    /// Classes a failed request.
    pub fn of<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Self::new(class_of(error), operation, code_of(error), &DisplayErrorContext(error).to_string())
    }

    /// A failed entry of a batch that itself was accepted.
    pub(crate) fn entry(operation: &'static str, code: Option<&str>, message: Option<&str>) -> Self {
        let code = code.unwrap_or("Unknown");
        Self::new(class_of_code(code), operation, code, message.unwrap_or("no message"))
    }

    pub(crate) fn new(class: Class, operation: &'static str, code: &str, message: &str) -> Self {
        let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
        Self { class, operation, code: code.to_owned(), message: message[..end].to_owned() }
    }
}

impl From<AwsError> for PublishError {
    fn from(error: AwsError) -> Self {
        Self { class: error.class, operation: error.operation, code: error.code, message: error.message }
    }
}

/// Whether a failed request may succeed when it is repeated.
pub fn class_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Class {
    match error {
        // Never sent: what cannot be built now cannot be built later.
        SdkError::ConstructionFailure(_) => Class::Fatal,
        SdkError::DispatchFailure(failure) if failure.is_user() => Class::Fatal,
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            if status >= 500 || status == 429 {
                return Class::Transient;
            }
            service.err().code().map_or(Class::Fatal, class_of_code)
        }
        // Time-outs, lost connections, answers cut or garbled on the way: the service may have done what was asked,
        // and every request here may be repeated. The enum is open; a kind nobody has met yet is retried as well,
        // which loses nothing.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => {
            Class::Transient
        }
    }
}

/// Whether an error code means that the same request may succeed later. Serves batch entries and the reasons of a
/// cancelled transaction as well, which have a code and no status.
pub fn class_of_code(code: &str) -> Class {
    // awsJson services may send a shape's full name.
    let code = code.rsplit('#').next().unwrap_or(code);
    match code {
        // Throttling: the SDK's own list (aws-runtime, `THROTTLING_ERRORS`) and what batches and reasons use.
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "ThrottlingError"
        | "Throttled"
        | "RequestThrottledException"
        | "RequestThrottled"
        | "TooManyRequestsException"
        | "ProvisionedThroughputExceededException"
        | "ProvisionedThroughputExceeded"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "LimitExceededException"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "KMSThrottlingException"
        | "KMSThrottling"
        | "KmsThrottled"
        | "OverLimit"
        // Another transaction holds an item, or the same token is still at work.
        | "TransactionInProgressException"
        | "TransactionConflict"
        | "TransactionConflictException"
        // The service's own trouble, which batches report per entry.
        | "InternalFailure"
        | "InternalError"
        | "InternalException"
        | "InternalServerError"
        | "InternalServerErrorException"
        | "InternalServiceError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "ConcurrentModificationException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        // Credentials and clocks that are replaced or drift back while the request waits.
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        // An account-wide pause of e-mail, lifted by people.
        | "SendingPausedException" => Class::Transient,
        _ => Class::Fatal,
    }
}

fn code_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> &str {
    match error {
        SdkError::ConstructionFailure(_) => "ConstructionFailure",
        SdkError::TimeoutError(_) => "Timeout",
        SdkError::DispatchFailure(_) => "DispatchFailure",
        SdkError::ResponseError(_) => "ResponseError",
        SdkError::ServiceError(service) => service.err().code().unwrap_or("Unknown"),
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    type Failure = SdkError<SendMessageBatchError, HttpResponse>;

    fn response(status: u16) -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(status).expect("a status"), SdkBody::empty())
    }

    fn service(status: u16, code: Option<&str>) -> Failure {
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code {
            metadata = metadata.code(code);
        }
        SdkError::service_error(SendMessageBatchError::generic(metadata.build()), response(status))
    }

    #[test]
    fn requests_are_classed_by_how_they_failed() {
        let cases: [(Failure, Class, &str); 11] = [
            (SdkError::construction_failure("no queue"), Class::Fatal, "ConstructionFailure"),
            (SdkError::timeout_error("4 s"), Class::Transient, "Timeout"),
            (
                SdkError::dispatch_failure(ConnectorError::io("reset".into())),
                Class::Transient,
                "DispatchFailure",
            ),
            (
                SdkError::dispatch_failure(ConnectorError::timeout("connect".into())),
                Class::Transient,
                "DispatchFailure",
            ),
            (
                SdkError::dispatch_failure(ConnectorError::user("bad URI".into())),
                Class::Fatal,
                "DispatchFailure",
            ),
            (SdkError::response_error("cut short", response(200)), Class::Transient, "ResponseError"),
            (service(500, None), Class::Transient, "Unknown"),
            (service(429, Some("Odd")), Class::Transient, "Odd"),
            (service(400, Some("ThrottlingException")), Class::Transient, "ThrottlingException"),
            (service(400, Some("AccessDeniedException")), Class::Fatal, "AccessDeniedException"),
            (service(400, None), Class::Fatal, "Unknown"),
        ];
        for (failure, class, code) in cases {
            let error = AwsError::of("SQS SendMessageBatch", &failure);
            assert_eq!((error.class, error.code.as_str()), (class, code), "{failure:?}");
        }
    }

    #[test]
    fn codes_are_classed_alone() {
        for code in [
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
            "InternalFailure",
            "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        ] {
            assert_eq!(class_of_code(code), Class::Transient, "{code}");
        }
        for code in [
            "ValidationException",
            "ConditionalCheckFailed",
            "ItemCollectionSizeLimitExceeded",
            "MalformedDetail",
            "NotAuthorizedForSourceException",
            "ResourceNotFoundException",
            "IdempotentParameterMismatchException",
            "MessageRejected",
            "",
        ] {
            assert_eq!(class_of_code(code), Class::Fatal, "{code}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let error = AwsError::new(Class::Fatal, "SQS SendMessage", "X", &"é".repeat(MESSAGE_BYTES_MAX));
        assert_eq!(error.message.len(), MESSAGE_BYTES_MAX);
    }
}
