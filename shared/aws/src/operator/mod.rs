//! What a person, a test or a tool asks of a running stack: every item of a table, what waits in queues, what
//! functions logged, and which schemas are registered. No function needs any of it.

mod lines;
mod queues;
mod schemas;
mod tables;

use aws_config::{BehaviorVersion, Region};

pub use queues::{DeadLetter, Depth};
pub use schemas::{RegisteredSchema, SchemaContent, SchemaRegistry};

use crate::dynamodb::DynamoCatalogue;
use crate::{AwsError, Requests};

/// Looks into a stack.
#[derive(Debug, Clone)]
pub struct Operator {
    dynamodb: aws_sdk_dynamodb::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    queues: aws_sdk_sqs::Client,
    schemas: aws_sdk_schemas::Client,
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
        let config = loader.load().await;
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            queues: aws_sdk_sqs::Client::new(&config),
            schemas: aws_sdk_schemas::Client::new(&config),
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
