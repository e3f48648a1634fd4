//! One configuration for every AWS client of the process.
//!
//! Everything local is the SDK's own doing: with `AWS_ENDPOINT_URL` set, all clients go there.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

use crate::dynamodb::{
    DynamoAggregates, DynamoCatalogue, DynamoFences, DynamoLedger, DynamoReads, DynamoRecords,
};
use crate::eventbridge::Arns;
use crate::{Bucket, EventBridge, Mailer, Queue, Requests, Secrets, Topic};

/// One attempt of a request, connection included. DynamoDB and the queues answer in milliseconds; what takes this
/// long is lost.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// A request with all its attempts. Every function's own timeout must be longer, so that a function that waits in
/// vain still answers for the rest of its batch.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPTS_MAX: u32 = 4;
/// The SDK's default first wait of up to a second is longer than a whole chain of events takes.
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// The configuration that clients are made from, with the counter that they share.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    requests: Requests,
}

impl Aws {
    /// Loads region, credentials and endpoint from the environment. Makes no request when the environment has them,
    /// as it has on Lambda.
    ///
    /// Retries are the SDK's standard mode, not its adaptive one: adaptive slows down a whole client when one table
    /// or queue throttles, and the neighbours in a batch must proceed.
    pub async fn load() -> Self {
        Self::with_config(loader().load().await)
    }

    /// Everything at one local address, with keys that mean nothing: a local engine, or a server that a test started.
    pub async fn local(endpoint: &str) -> Self {
        let keys = aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "local");
        let loader = loader().region(Region::new("us-east-1")).credentials_provider(keys);
        Self::with_config(loader.endpoint_url(endpoint).load().await)
    }

    /// Uses a configuration made elsewhere.
    pub fn with_config(config: SdkConfig) -> Self {
        Self { config, requests: Requests::default() }
    }

    /// What the clients have asked of AWS.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Credentials for a client that is not of the SDK. They renew themselves: ask at each use.
    pub fn credentials(&self) -> Option<SharedCredentialsProvider> {
        self.config.credentials_provider()
    }

    /// A client of DynamoDB that counts its requests.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config).interceptor(self.requests.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The aggregates of a table.
    pub fn aggregates(&self, table: impl Into<String>) -> DynamoAggregates {
        DynamoAggregates::new(self.dynamodb(), table, self.requests.clone())
    }

    /// The idempotency records of a table.
    pub fn records(&self, table: impl Into<String>) -> DynamoRecords {
        DynamoRecords::new(self.dynamodb(), table, self.requests.clone())
    }

    /// The fences of a table.
    pub fn fences(&self, table: impl Into<String>) -> DynamoFences {
        DynamoFences::new(self.dynamodb(), table, self.requests.clone())
    }

    /// The ledger in a table.
    pub fn ledger(&self, table: impl Into<String>) -> DynamoLedger {
        DynamoLedger::new(self.dynamodb(), table, self.requests.clone())
    }

    /// The catalogue of a table.
    pub fn catalogue(&self, table: impl Into<String>) -> DynamoCatalogue {
        DynamoCatalogue::new(self.dynamodb(), table, self.requests.clone())
    }

    /// Reads of a table's indexes and items.
    pub fn reads(&self, table: impl Into<String>) -> DynamoReads {
        DynamoReads::new(self.dynamodb(), table)
    }

    /// The objects of an S3 bucket.
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(&self.config, name, &self.requests)
    }

    /// A publisher to an event bus (its name or ARN).
    pub fn event_bus(&self, bus: impl Into<String>, arns: Arns) -> EventBridge {
        let config =
            aws_sdk_eventbridge::config::Builder::from(&self.config).interceptor(self.requests.clone());
        EventBridge::new(aws_sdk_eventbridge::Client::from_conf(config.build()), bus.into(), arns)
    }

    /// A publisher to an SNS topic.
    pub fn topic(&self, arn: impl Into<String>) -> Topic {
        let config = aws_sdk_sns::config::Builder::from(&self.config).interceptor(self.requests.clone());
        Topic::new(aws_sdk_sns::Client::from_conf(config.build()), arn.into())
    }

    /// An SQS queue.
    pub fn queue(&self, url: impl Into<String>) -> Queue {
        let config = aws_sdk_sqs::config::Builder::from(&self.config).interceptor(self.requests.clone());
        Queue::new(aws_sdk_sqs::Client::from_conf(config.build()), url.into())
    }

    /// The e-mail service.
    pub fn mailer(&self) -> Mailer {
        let config = aws_sdk_sesv2::config::Builder::from(&self.config).interceptor(self.requests.clone());
        Mailer::new(aws_sdk_sesv2::Client::from_conf(config.build()))
    }

    /// The secret store.
    pub fn secrets(&self) -> Secrets {
        let config =
            aws_sdk_secretsmanager::config::Builder::from(&self.config).interceptor(self.requests.clone());
        Secrets::new(aws_sdk_secretsmanager::Client::from_conf(config.build()))
    }
}

/// What an SDK of another day would do differently.
pub(crate) fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn loader() -> ConfigLoader {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(BACKOFF_FIRST)
        .with_max_backoff(BACKOFF_MAX);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(behavior()).retry_config(retries).timeout_config(timeouts)
}
