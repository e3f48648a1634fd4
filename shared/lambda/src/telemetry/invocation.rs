//! The wide line: what one invocation did and what it cost, in one place.

use std::sync::atomic::{AtomicBool, Ordering};

use semel_aws::{Requests, SystemClock};
use semel_contracts::Timestamp;
use semel_exactly_once::Clock;
use serde_json::{Map, Value};

use super::layer::write_line;

/// The first invocation of a process pays for its start.
static COLD: AtomicBool = AtomicBool::new(true);

/// Gathers the fields of an invocation's line. It is written whatever `LOG_LEVEL` says: figures are not a matter of
/// verbosity.
#[derive(Debug)]
pub struct Invocation {
    started: Timestamp,
    fields: Map<String, Value>,
}

impl Invocation {
    /// Starts the line of an invocation of `function` that starts now.
    pub fn start(function: &str, request_id: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("function".to_owned(), function.into());
        fields.insert("request_id".to_owned(), request_id.into());
        fields.insert("cold_start".to_owned(), COLD.swap(false, Ordering::Relaxed).into());
        Self { started: SystemClock.now(), fields }
    }

    /// Adds a field.
    pub fn field(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Adds counters.
    pub fn counts(&mut self, counts: impl IntoIterator<Item = (&'static str, u64)>) -> &mut Self {
        for (name, count) in counts {
            self.field(name, count);
        }
        self
    }

    /// Adds what was asked of AWS since the counter was last taken.
    pub fn usage(&mut self, requests: &Requests) -> &mut Self {
        let usage = requests.take();
        let requests: Map<_, _> =
            usage.requests.into_iter().map(|(name, count)| (name, count.into())).collect();
        self.field("requests", requests)
            .field("write_units", usage.write_units)
            .field("read_units", usage.read_units)
    }

    /// Writes the line to standard output.
    pub fn finish(self) {
        write_line(std::io::stdout(), &self.line(SystemClock.now(), "INFO", "invocation"));
    }

    /// Writes the line of a function that could not even start.
    pub(crate) fn failed(self, message: &str) {
        write_line(std::io::stdout(), &self.line(SystemClock.now(), "ERROR", message));
    }

    fn line(mut self, now: Timestamp, level: &str, message: &str) -> Map<String, Value> {
        let duration_ms = u64::try_from(now.saturating_since(self.started).as_millis()).unwrap_or(u64::MAX);
        self.field("timestamp", now.to_string()).field("level", level).field("message", message);
        self.field("duration_ms", duration_ms);
        self.fields
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn the_line_tells_what_was_done_and_what_it_cost() {
        let requests = Requests::default();
        requests.count("DynamoDB", "GetItem");
        requests.add_write_units(1.0);
        let mut invocation = Invocation::start("orders", "r-1");
        invocation.field("records", 3).usage(&requests);
        let end = invocation.started.saturating_add(Duration::from_millis(12));
        let line = Value::Object(invocation.line(end, "INFO", "invocation"));
        assert_eq!(line["message"], "invocation");
        assert_eq!((&line["function"], &line["request_id"]), (&json!("orders"), &json!("r-1")));
        assert_eq!((&line["records"], &line["duration_ms"]), (&json!(3), &json!(12)));
        assert_eq!(line["requests"], json!({ "DynamoDB.GetItem": 1 }));
        assert_eq!((&line["write_units"], &line["read_units"]), (&json!(1.0), &json!(0.0)));
        assert!(line["timestamp"].as_str().is_some_and(|text| text.ends_with('Z')));
    }
}
