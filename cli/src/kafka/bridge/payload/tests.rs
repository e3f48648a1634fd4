//! The event against AWS's own example, and the sizes against the bytes.

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::kafka::bridge::record::TimestampType;

fn managed() -> Mapping {
    Mapping {
        source: Source::Managed {
            arn: "arn:aws:kafka:us-east-1:123456789012:cluster/sales/abcd-4".to_owned(),
        },
        bootstrap_servers: "b-1.example:9092,b-2.example:9092".to_owned(),
        ..Mapping::for_tests("analytics")
    }
}

fn record(offset: i64) -> Record {
    Record {
        offset,
        timestamp: 1_545_084_650_987,
        timestamp_type: TimestampType::CreateTime,
        key: Some(Bytes::from_static(b"recordKey")),
        value: Some(Bytes::from_static(b"{\"key\":\"value\"}")),
        headers: vec![("headerKey".into(), Some(Bytes::from_static(b"headerValue")))],
    }
}

fn encoded(mapping: &Mapping, slices: &[Slice<'_>]) -> (Vec<u8>, usize) {
    let size = frame_bytes(mapping)
        + slices
            .iter()
            .map(|slice| {
                partition_bytes(slice.source)
                    + slice.records.iter().map(|each| record_bytes(slice.source, each)).sum::<usize>()
            })
            .sum::<usize>();
    (encode(mapping, slices, size), size)
}

#[test]
fn the_managed_event_is_the_documented_one() {
    let source = TopicPartition::new("mytopic", 0);
    let (bytes, _) = encoded(&managed(), &[Slice { source: &source, records: &[record(15)] }]);
    let golden = concat!(
        r#"{"eventSource":"aws:kafka","eventSourceArn":"arn:aws:kafka:us-east-1:123456789012:cluster/sales/abcd-4","#,
        r#""bootstrapServers":"b-1.example:9092,b-2.example:9092","records":{"mytopic-0":[{"topic":"mytopic","#,
        r#""partition":0,"offset":15,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"cmVjb3JkS2V5","#,
        r#""value":"eyJrZXkiOiJ2YWx1ZSJ9","headers":[{"headerKey":[104,101,97,100,101,114,86,97,108,117,101]}]}]}}"#,
    );
    assert_eq!(String::from_utf8(bytes).expect("UTF-8"), golden);
}

#[test]
fn the_self_managed_event_names_no_cluster() {
    let mapping = Mapping { source: Source::SelfManaged, ..managed() };
    let source = TopicPartition::new("orders", 3);
    let (bytes, _) = encoded(&mapping, &[Slice { source: &source, records: &[record(0)] }]);
    let event: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(event["eventSource"], "SelfManagedKafka");
    assert_eq!(event.get("eventSourceArn"), None);
    assert_eq!(event["records"]["orders-3"][0]["partition"], 3);
}

#[test]
fn nulls_are_left_out_and_header_bytes_are_signed() {
    let source = TopicPartition::new("orders", 0);
    let bare = Record {
        timestamp: -1,
        timestamp_type: TimestampType::LogAppendTime,
        key: None,
        value: None,
        headers: vec![
            ("a \"quoted\" name".into(), Some(Bytes::from_static(&[0, 127, 128, 255]))),
            ("empty".into(), Some(Bytes::new())),
            ("null".into(), None),
        ],
        ..record(7)
    };
    let (bytes, _) = encoded(&managed(), &[Slice { source: &source, records: &[bare] }]);
    let event: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let expected = json!({
        "topic": "orders", "partition": 0, "offset": 7, "timestamp": -1, "timestampType": "LOG_APPEND_TIME",
        "headers": [{"a \"quoted\" name": [0, 127, -128, -1]}, {"empty": []}, {"null": []}],
    });
    assert_eq!(event["records"]["orders-0"][0], expected);
}

#[test]
fn sizes_are_those_of_the_bytes_up_to_the_commas_that_are_not_written() {
    let many = |count: i64| (0..count).map(|each| record(each * 977)).collect::<Vec<_>>();
    let odd = |length: usize| Record {
        key: Some(Bytes::from(vec![7; length])),
        value: Some(Bytes::from((0..=255).cycle().take(length).collect::<Vec<u8>>())),
        headers: vec![("\u{1}\n\u{e4}".into(), Some(Bytes::from((0..=255).collect::<Vec<u8>>())))],
        ..record(i64::MAX)
    };
    let (first, second) = (TopicPartition::new("orders", 0), TopicPartition::new("a.b_c-d", 123));
    for records in [many(1), many(25), (0..9).map(odd).collect()] {
        let slices =
            [Slice { source: &first, records: &records }, Slice { source: &second, records: &records[..1] }];
        for mapping in [managed(), Mapping { source: Source::SelfManaged, ..managed() }] {
            let (bytes, size) = encoded(&mapping, &slices);
            serde_json::from_slice::<serde_json::Value>(&bytes).expect("JSON");
            // One comma for the last partition, and one for each partition's last record.
            assert_eq!(bytes.len(), size - 1 - slices.len());
        }
    }
}
