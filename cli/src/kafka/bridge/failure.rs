//! The record of a batch that was given up, as Lambda writes it for queues, topics and buckets.

use std::fmt::Write;

use semel_contracts::Timestamp;
use serde_json::{Map, Value, json};

use super::lane::Condition;
use super::mapping::{Mapping, Source};
use super::schedule::Batch;

/// The record; `payload` is the whole event, which only buckets get.
pub fn record(
    mapping: &Mapping,
    batch: &Batch,
    condition: Condition,
    payload: &[u8],
    id: &str,
    now: Timestamp,
) -> Value {
    let mut partitions = Map::new();
    for part in &batch.parts {
        if let (Some(first), Some(last)) = (part.records.first(), part.records.last()) {
            let bounds = json!({
                "firstRecordOffset": first.offset.to_string(),
                "lastRecordOffset": last.offset.to_string(),
                "firstRecordTimestamp": moment(first.timestamp),
                "lastRecordTimestamp": moment(last.timestamp),
            });
            partitions.insert(part.source.to_string(), bounds);
        }
    }
    let mut info = json!({
        "batchSize": batch.len(),
        "bootstrapServers": mapping.bootstrap_servers,
        "payloadSize": payload.len(),
        "recordsInfo": partitions,
    });
    if let Source::Managed { arn } = &mapping.source {
        info["eventSourceArn"] = Value::from(arn.as_str());
    }
    let response = match condition {
        Condition::RetryAttemptsExhausted => {
            json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
        }
        // The function was not asked.
        Condition::MaximumRecordAgeExceeded | Condition::MaximumPayloadSizeExceeded => Value::Null,
    };
    json!({
        "requestContext": {
            "requestId": id,
            "functionArn": mapping.function,
            "condition": condition.name(),
            "approximateInvokeCount": batch.failures,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": now.to_string(),
        "KafkaBatchInfo": info,
    })
}

/// The record for a bucket: with the event as a JSON string inside.
pub fn with_payload(mut record: Value, payload: &[u8]) -> Value {
    record["payload"] = Value::from(String::from_utf8_lossy(payload));
    record
}

/// The object's key, by day: `aws/lambda/<mapping>/<function>/2026/11/22/2026-11-22T16.50.00-<id>`.
pub fn object_key(mapping: &Mapping, id: &str, now: Timestamp) -> String {
    let moment = now.to_string();
    let day = moment.get(..10).unwrap_or_default();
    let time = moment.get(..19).unwrap_or_default().replace(':', ".");
    let mut key = format!("aws/lambda/{}/{}/", mapping.uuid, mapping.function_name());
    // Writing to a String cannot fail.
    let _ = write!(key, "{}/{time}-{id}", day.replace('-', "/"));
    key
}

fn moment(millis: i64) -> Value {
    u64::try_from(millis).map_or(Value::Null, |millis| Timestamp::from_millis(millis).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::bridge::record::{Record, TimestampType, TopicPartition};
    use crate::kafka::bridge::schedule::{Schedule, Settings, Step};

    const NOW: Timestamp = Timestamp::from_millis(1_795_366_200_123);

    fn batch(mapping: &Mapping) -> Batch {
        let source = TopicPartition::new("telemetry", 0);
        let record = |offset: i64, timestamp| Record {
            offset,
            timestamp,
            timestamp_type: TimestampType::LogAppendTime,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        let mut schedule = Schedule::new(Settings::of(mapping, 1));
        schedule.assign(source.clone());
        schedule.add(&source, vec![record(41, 1_795_366_200_000), record(42, -1)], 43, 0);
        match schedule.next(0) {
            Step::Invoke(batch) => batch,
            step @ (Step::GiveUp(..) | Step::Wait(_)) => panic!("expected a batch, found {step:?}"),
        }
    }

    #[test]
    fn the_record_is_the_documented_one() {
        let mapping = Mapping::for_tests("analytics");
        let mut batch = batch(&mapping);
        batch.failures = 2;
        let record = record(&mapping, &batch, Condition::RetryAttemptsExhausted, b"{}", "id-1", NOW);
        let expected = json!({
            "requestContext": {
                "requestId": "id-1",
                "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:analytics",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 2,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": "2026-11-22T16:50:00.123Z",
            "KafkaBatchInfo": {
                "batchSize": 2,
                "bootstrapServers": "127.0.0.1:9092",
                "payloadSize": 2,
                "recordsInfo": {"telemetry-0": {
                    "firstRecordOffset": "41",
                    "lastRecordOffset": "42",
                    "firstRecordTimestamp": "2026-11-22T16:50:00.000Z",
                    "lastRecordTimestamp": null,
                }},
            },
        });
        assert_eq!(record, expected);
        assert_eq!(with_payload(record, b"{\"a\":1}")["payload"], "{\"a\":1}");
    }

    #[test]
    fn what_was_never_sent_has_no_response_and_a_managed_cluster_a_name() {
        let source = Source::Managed { arn: "arn:aws:kafka:x".to_owned() };
        let mapping = Mapping { source, ..Mapping::for_tests("analytics") };
        let record =
            record(&mapping, &batch(&mapping), Condition::MaximumPayloadSizeExceeded, b"", "id-1", NOW);
        assert_eq!(record["responseContext"], Value::Null);
        assert_eq!(record["KafkaBatchInfo"]["eventSourceArn"], "arn:aws:kafka:x");
    }

    #[test]
    fn objects_are_ordered_by_day() {
        let key = object_key(&Mapping::for_tests("analytics"), "id-1", NOW);
        assert_eq!(key, "aws/lambda/5a7e/analytics/2026/11/22/2026-11-22T16.50.00-id-1");
    }
}
