//! The sparse `due` index as a port: which aggregates of a shard wait for a time that has come.

use std::future::Future;

use semel_aws::dynamodb::{DynamoReads, IndexQuery, Page};
use semel_contracts::Timestamp;
use semel_domain::{DUE_AT, DUE_SHARD};
use semel_exactly_once::StoreError;

/// The index's name in template.yaml.
const INDEX: &str = "due";

/// Finds what is due. An index lags a little: what it names may have moved on.
pub trait DueIndex: Send + Sync {
    /// One page of at most `limit` keys that are due at `now`, those that wait longest first.
    fn page(
        &self,
        shard: &str,
        now: Timestamp,
        limit: i32,
        after: Option<(&str, u64)>,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;
}

impl DueIndex for DynamoReads {
    async fn page(
        &self,
        shard: &str,
        now: Timestamp,
        limit: i32,
        after: Option<(&str, u64)>,
    ) -> Result<Page, StoreError> {
        let query = IndexQuery {
            index: INDEX,
            partition: (DUE_SHARD, shard),
            sort: DUE_AT,
            up_to: Some(now.as_millis()),
            newest_first: false,
            limit,
            after,
        };
        self.query(&query).await
    }
}
