//! What a person, a test or a tool asks of a running stack: every item of a table, what waits in queues, what
//! functions logged, which schemas are registered, and which rules a bus has. No function needs any of it.

mod lines;
mod queues;
mod replays;
mod rules;
mod schemas;
mod tables;

use aws_config::{BehaviorVersion, Region, SdkConfig};

pub use queues::{DeadLetter, Depth};
pub use replays::{PREFIX, Pace, Replay, Step};
pub use rules::{Retry, Rule, Target, TargetInput};
pub use schemas::{RegisteredSchema, SchemaContent, SchemaRegistry};

use crate::dynamodb::DynamoCatalogue;
use crate::{AwsError, Requests};

/// Looks into a stack.
#[derive(Debug, Clone)]
pub struct Operator {
    dynamodb: aws_sdk_dynamodb::Client,
    events: aws_sdk_eventbridge::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    queues: aws_sdk_sqs::Client,
    schemas: aws_sdk_schemas::Client,
    topics: aws_sdk_sns::Client,
}

impl Operator {
    /// Of the stack in `region`; `endpoint` is the local engine's, with its keys, or `None` for AWS itself.
    pub async fn connect(region: &str, endpoint: Option<&str>) -> Self {
        let mut loader =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).region(Region::new(region.to_owned()));
        if let Some(endpoint) = endpoint {
            let keys = aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "local engine");
            loader = loader.endpoint_url(endpoint).credentials_provider(keys);
        }
        Self::with_config(&loader.load().await)
    }

    /// Uses a configuration made elsewhere.
    pub(crate) fn with_config(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            queues: aws_sdk_sqs::Client::new(config),
            schemas: aws_sdk_schemas::Client::new(config),
            topics: aws_sdk_sns::Client::new(config),
        }
    }
}

impl Operator {
    /// The catalogue in a table, to list articles in.
    pub fn catalogue(&self, table: &str) -> DynamoCatalogue {
        DynamoCatalogue::new(self.dynamodb.clone(), table, Requests::default())
    }
}

/// What an operator's request fails with.
pub type Result<T> = std::result::Result<T, AwsError>;
