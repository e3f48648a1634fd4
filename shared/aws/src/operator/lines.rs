//! What functions logged.

use aws_sdk_cloudwatchlogs::operation::filter_log_events::FilterLogEventsError;
use serde_json::Value;

use super::{Operator, Result};
use crate::AwsError;

impl Operator {
    /// The JSON lines of a log group whose `message` is `message`; a group that does not exist yet has none.
    pub async fn log_lines(&self, group: &str, message: &str) -> Result<Vec<Value>> {
        let mut lines = Vec::new();
        let mut token = None;
        loop {
            // The local engine answers with the first 10,000 lines that match and never with more: without a pattern
            // a busy group's later lines would not be found.
            let pattern = format!("\"{message}\"");
            let request = self.logs.filter_log_events().log_group_name(group).filter_pattern(pattern);
            let page = match request.set_next_token(token).send().await {
                Ok(page) => page,
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(FilterLogEventsError::is_resource_not_found_exception) =>
                {
                    return Ok(lines);
                }
                Err(error) => return Err(AwsError::of("CloudWatchLogs FilterLogEvents", &error)),
            };
            let texts = page.events.unwrap_or_default().into_iter().filter_map(|event| event.message);
            let parsed = texts.filter_map(|text| serde_json::from_str::<Value>(text.trim()).ok());
            lines.extend(parsed.filter(|line| line["message"] == message));
            match page.next_token {
                Some(next) => token = Some(next),
                None => return Ok(lines),
            }
        }
    }
}
