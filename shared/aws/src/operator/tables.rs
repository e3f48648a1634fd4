//! Whole tables, page by page.

use crate::AwsError;
use crate::dynamodb::Item;

use super::{Operator, Result};

impl Operator {
    /// Every item of a table (consistent reads; costs half a read unit per KB of each item).
    pub async fn items(&self, table: &str) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let request = self.dynamodb.scan().table_name(table).consistent_read(true);
            let page = request.set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| AwsError::of("DynamoDB Scan", &error))?;
            items.extend(page.items.unwrap_or_default());
            match page.last_evaluated_key {
                Some(last) if !last.is_empty() => start = Some(last),
                Some(_) | None => return Ok(items),
            }
        }
    }
}
