//! An event source mapping as the Lambda API lists it, with AWS's defaults and bounds for Kafka.
//!
//! The template is where mappings are made; nothing here adds one.

use serde_json::Value;

const BATCH_DEFAULT: usize = 100;
const BATCH_MAX: usize = 10_000;
/// What a Kafka mapping without a window waits.
const WINDOW_DEFAULT_MILLIS: u64 = 500;
const WINDOW_MAX_SECONDS: u64 = 300;
/// What Lambda allows when retries are unlimited but there is somewhere to put what failed.
const RETRIES_WITH_DESTINATION: u32 = 10;

/// Which kind of event the function gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Amazon MSK.
    Managed {
        /// The cluster.
        arn: String,
    },
    /// Any other cluster.
    SelfManaged,
}

/// Where reading begins when the group has no offset yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest record.
    TrimHorizon,
    /// Behind the newest.
    Latest,
}

/// One mapping from topics to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Its id, which is also the consumer group unless one is named.
    pub uuid: String,
    /// The function's name or ARN, as an invocation wants it.
    pub function: String,
    /// Managed or not.
    pub source: Source,
    /// The brokers, separated by commas.
    pub bootstrap_servers: String,
    /// The topics.
    pub topics: Vec<String>,
    /// The consumer group.
    pub group: String,
    /// Where to begin.
    pub start: Start,
    /// Records in a batch, at most.
    pub batch_size: usize,
    /// How long a batch may gather, in milliseconds.
    pub window_millis: u64,
    /// Retries after the first attempt; none is without end.
    pub retries_max: Option<u32>,
    /// The age from which a record is not sent any more, in milliseconds.
    pub age_max_millis: Option<u64>,
    /// Whether a failed batch is halved.
    pub bisects: bool,
    /// Whether the function answers which records failed.
    pub reports_item_failures: bool,
    /// Pollers asked for, each with its share of the partitions; none if the mapping is not in provisioned mode.
    pub pollers: Option<usize>,
    /// The ARN of what gets the batches that were given up.
    pub on_failure: Option<String>,
}

impl Mapping {
    /// Reads one element of `EventSourceMappings`; none if it is not of Kafka or not enabled.
    ///
    /// `managed_brokers` stands for the brokers of a managed cluster, which has no address on this machine.
    pub fn read(listed: &Value, managed_brokers: &str) -> Option<Self> {
        let managed = &listed["AmazonManagedKafkaEventSourceConfig"];
        let self_managed = &listed["SelfManagedEventSource"];
        let arn = listed["EventSourceArn"].as_str().filter(|arn| arn.contains(":kafka:"));
        let (source, brokers, config) = match (arn, self_managed.is_object()) {
            (_, true) => {
                (Source::SelfManaged, endpoints(self_managed)?, &listed["SelfManagedKafkaEventSourceConfig"])
            }
            (Some(arn), false) => {
                (Source::Managed { arn: arn.to_owned() }, managed_brokers.to_owned(), managed)
            }
            (None, false) => return None,
        };
        if listed["State"].as_str().is_some_and(|state| !state.eq_ignore_ascii_case("enabled")) {
            return None;
        }
        let uuid = listed["UUID"].as_str()?.to_owned();
        let topics = texts(&listed["Topics"]);
        if topics.is_empty() {
            return None;
        }
        let on_failure = listed["DestinationConfig"]["OnFailure"]["Destination"].as_str();
        let retries_max =
            number(&listed["MaximumRetryAttempts"]).and_then(|number| u32::try_from(number).ok());
        Some(Self {
            function: listed["FunctionArn"].as_str()?.to_owned(),
            source,
            bootstrap_servers: brokers,
            topics,
            group: config["ConsumerGroupId"].as_str().unwrap_or(&uuid).to_owned(),
            start: match listed["StartingPosition"].as_str() {
                Some("TRIM_HORIZON") => Start::TrimHorizon,
                Some(_) | None => Start::Latest,
            },
            batch_size: positive(&listed["BatchSize"]).map_or(BATCH_DEFAULT, |size| size.min(BATCH_MAX)),
            window_millis: number(&listed["MaximumBatchingWindowInSeconds"])
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map_or(WINDOW_DEFAULT_MILLIS, |seconds| seconds.min(WINDOW_MAX_SECONDS) * 1_000),
            retries_max: retries_max.or(on_failure.map(|_| RETRIES_WITH_DESTINATION)),
            age_max_millis: positive(&listed["MaximumRecordAgeInSeconds"])
                .and_then(|seconds| u64::try_from(seconds).ok()?.checked_mul(1_000)),
            bisects: is_true(&listed["BisectBatchOnFunctionError"]),
            reports_item_failures: texts(&listed["FunctionResponseTypes"])
                .iter()
                .any(|each| each == "ReportBatchItemFailures"),
            pollers: positive(&listed["ProvisionedPollerConfig"]["MinimumPollers"]),
            on_failure: on_failure.map(ToOwned::to_owned),
            uuid,
        })
    }

    /// The function's name, without account and region.
    pub fn function_name(&self) -> &str {
        self.function.split(":function:").nth(1).unwrap_or(&self.function)
    }

    /// A mapping of topic `telemetry` with nothing configured.
    #[cfg(test)]
    pub fn for_tests(function: &str) -> Self {
        Self {
            uuid: "5a7e".to_owned(),
            function: format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"),
            source: Source::SelfManaged,
            bootstrap_servers: "127.0.0.1:9092".to_owned(),
            topics: vec!["telemetry".to_owned()],
            group: "analytics".to_owned(),
            start: Start::TrimHorizon,
            batch_size: BATCH_DEFAULT,
            window_millis: 0,
            retries_max: None,
            age_max_millis: None,
            bisects: false,
            reports_item_failures: true,
            pollers: None,
            on_failure: None,
        }
    }
}

fn endpoints(self_managed: &Value) -> Option<String> {
    let endpoints = &self_managed["Endpoints"];
    // The API has capitals and underscores, templates have words.
    let servers = ["KAFKA_BOOTSTRAP_SERVERS", "KafkaBootstrapServers"].map(|name| texts(&endpoints[name]));
    let joined = servers.concat().join(",");
    (!joined.is_empty()).then_some(joined)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        Value::String(text) => text.split(',').map(|each| each.trim().to_owned()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// A number; template parameters reach the API as strings.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn positive(value: &Value) -> Option<usize> {
    number(value).and_then(|number| usize::try_from(number).ok()).filter(|number| *number > 0)
}

fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn self_managed() -> Value {
        json!({
            "UUID": "u-1", "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:analytics",
            "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a:1", "b:2"]}},
            "Topics": ["orders", "telemetry"], "State": "Enabled",
        })
    }

    #[test]
    fn what_is_not_said_is_as_on_aws() {
        let mapping = Mapping::read(&self_managed(), "x:9").expect("a Kafka mapping");
        let expected = Mapping {
            uuid: "u-1".to_owned(),
            function: "arn:aws:lambda:us-east-1:000000000000:function:analytics".to_owned(),
            bootstrap_servers: "a:1,b:2".to_owned(),
            topics: vec!["orders".to_owned(), "telemetry".to_owned()],
            group: "u-1".to_owned(),
            start: Start::Latest,
            window_millis: 500,
            reports_item_failures: false,
            ..Mapping::for_tests("analytics")
        };
        assert_eq!(mapping, expected);
        assert_eq!(mapping.function_name(), "analytics");
    }

    #[test]
    fn what_is_said_counts_also_as_text_and_within_bounds() {
        let mut listed = self_managed();
        for (name, value) in [
            ("SelfManagedKafkaEventSourceConfig", json!({"ConsumerGroupId": "g"})),
            ("StartingPosition", json!("TRIM_HORIZON")),
            ("BatchSize", json!("20000")),
            ("MaximumBatchingWindowInSeconds", json!(0)),
            ("MaximumRetryAttempts", json!("3")),
            ("MaximumRecordAgeInSeconds", json!(60)),
            ("BisectBatchOnFunctionError", json!("true")),
            ("FunctionResponseTypes", json!(["ReportBatchItemFailures"])),
            ("ProvisionedPollerConfig", json!({"MinimumPollers": 2, "MaximumPollers": 5})),
            ("DestinationConfig", json!({"OnFailure": {"Destination": "arn:aws:s3:::failed"}})),
        ] {
            listed[name] = value;
        }
        let mapping = Mapping::read(&listed, "x:9").expect("a Kafka mapping");
        assert_eq!((mapping.group.as_str(), mapping.start), ("g", Start::TrimHorizon));
        assert_eq!((mapping.batch_size, mapping.window_millis), (10_000, 0));
        assert_eq!((mapping.retries_max, mapping.age_max_millis), (Some(3), Some(60_000)));
        assert!(mapping.bisects && mapping.reports_item_failures);
        assert_eq!((mapping.pollers, mapping.on_failure.as_deref()), (Some(2), Some("arn:aws:s3:::failed")));
    }

    #[test]
    fn unlimited_retries_end_at_ten_where_there_is_a_destination() {
        let mut listed = self_managed();
        listed["MaximumRetryAttempts"] = json!(-1);
        assert_eq!(Mapping::read(&listed, "").expect("one").retries_max, None);
        listed["DestinationConfig"] = json!({"OnFailure": {"Destination": "arn:aws:s3:::failed"}});
        assert_eq!(Mapping::read(&listed, "").expect("one").retries_max, Some(10));
    }

    #[test]
    fn a_managed_cluster_is_reached_where_it_really_is() {
        let mut listed = self_managed();
        listed["SelfManagedEventSource"] = Value::Null;
        listed["EventSourceArn"] = json!("arn:aws:kafka:us-east-1:000000000000:cluster/semel/1");
        listed["AmazonManagedKafkaEventSourceConfig"] = json!({"ConsumerGroupId": "analytics"});
        let mapping = Mapping::read(&listed, "127.0.0.1:9092").expect("a Kafka mapping");
        assert_eq!(mapping.bootstrap_servers, "127.0.0.1:9092");
        assert_eq!(mapping.group, "analytics");
        assert!(matches!(mapping.source, Source::Managed { arn } if arn.ends_with("cluster/semel/1")));
    }

    #[test]
    fn queues_streams_disabled_and_damaged_mappings_are_not_ours() {
        let without = |name: &str, value: Value| {
            let mut listed = self_managed();
            listed[name] = value;
            listed
        };
        for listed in [
            json!({"UUID": "q", "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:orders", "Topics": ["x"]}),
            without("State", json!("Disabled")),
            without("Topics", json!([])),
            without("UUID", Value::Null),
            without("SelfManagedEventSource", json!({"Endpoints": {}})),
        ] {
            assert_eq!(Mapping::read(&listed, "x:9"), None, "{listed}");
        }
    }
}
