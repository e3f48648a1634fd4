//! Payloads, good and bad, through the decoding; batches through the loop; keys through their handler.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use semel_aws::SystemClock;
use semel_exactly_once::Clock;
use serde_json::{Value, json};

use super::event::Loading;
use super::*;
use crate::{Deadline, Failure};

/// A record as Lambda writes it.
fn record(topic: &str, partition: i32, offset: i64, key: Option<&str>, value: Option<&str>) -> Value {
    json!({
        "topic": topic, "partition": partition, "offset": offset, "timestamp": 1_795_366_200_500_u64,
        "timestampType": "LOG_APPEND_TIME", "key": key.map(|key| STANDARD.encode(key)),
        "value": value.map(|value| STANDARD.encode(value)), "headers": [],
    })
}

fn payload(records: &Value) -> String {
    json!({
        "eventSource": "aws:kafka",
        "eventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/semel/1",
        "bootstrapServers": "b-1:9098,b-2:9098",
        "records": records,
    })
    .to_string()
}

/// Everything in an event, in words.
fn told(event: &MskEvent) -> Vec<String> {
    let headers = event.headers();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut told = Vec::new();
    for (partition, records) in event.partitions(&headers) {
        for record in records {
            let value = match record.value {
                Payload::Bytes(value) => text(value),
                Payload::Absent => "nothing".to_owned(),
                Payload::Undecodable { raw, why } => format!("{why}: {}", text(raw)),
            };
            let headers: Vec<_> =
                record.headers.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
            told.push(format!(
                "{}-{}@{} {} {:?} {value} {headers:?}",
                partition.topic,
                partition.partition,
                record.offset,
                record.timestamp.as_millis(),
                record.key.map(text),
            ));
        }
    }
    told
}

fn decode(payload: &str) -> Result<Vec<String>, BrokenEvent> {
    MskEvent::decode(payload.as_bytes(), MskEvent::default()).map(|event| told(&event))
}

/// What each reader makes of a payload by itself.
fn by_each(payload: &str) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let loading = || Loading::new(payload.len(), MskEvent::default());
    let (mut first, mut second) = (loading(), loading());
    let quick = quick::read(payload.as_bytes(), &mut first).map(|()| told(&first.finish()));
    let wire = wire::read(payload.as_bytes(), &mut second).ok().map(|()| told(&second.finish()));
    (quick, wire)
}

fn usual() -> String {
    payload(&json!({
        "orders-0": [record("orders", 0, 15, Some("o-1"), Some("{}")), record("orders", 0, 17, None, Some("x"))],
        "telemetry-11": [record("telemetry", 11, 9_007_199_254_740_993, Some("s"), None)],
    }))
}

#[test]
fn a_batch_of_either_source_is_decoded_in_order() {
    let expected = [
        "orders-0@15 1795366200500 Some(\"o-1\") {} []",
        "orders-0@17 1795366200500 None x []",
        "telemetry-11@9007199254740993 1795366200500 Some(\"s\") nothing []",
    ];
    assert_eq!(decode(&usual()).unwrap(), expected);
    assert_eq!(decode(&usual().replace("aws:kafka", "SelfManagedKafka")).unwrap(), expected);
    let (quick, wire) = by_each(&usual());
    assert_eq!(
        (quick.as_deref(), wire.as_deref()),
        (Some(&expected.map(str::to_owned)[..]), Some(&expected.map(str::to_owned)[..]))
    );
}

#[test]
fn an_event_whose_memory_is_used_again_leaves_nothing_behind() {
    let mut with_headers = record("other", 3, 1, Some("key"), Some(&"long ".repeat(999)));
    with_headers["headers"] = json!([{ "trace": [1, 2] }]);
    let records: Vec<Value> = (0..9).map(|offset| record("t", 0, offset, None, Some("short"))).collect();
    let long = payload(&json!({ "t-0": records, "other-3": [with_headers] }));
    let spare = MskEvent::decode(long.as_bytes(), MskEvent::default()).unwrap();
    let event = MskEvent::decode(usual().as_bytes(), spare).unwrap();
    assert_eq!(told(&event), decode(&usual()).unwrap());
}

#[test]
fn a_broken_value_is_its_own_records_fault() {
    let good = record("t", 0, 3, None, Some("good"));
    let with = |offset: i64, field: &str, value: Value| {
        let mut record = record("t", 0, offset, Some("k"), Some("v"));
        record[field] = value;
        record
    };
    let bad = [
        with(0, "value", json!("not base64!")),
        with(1, "value", json!({ "a": [1] })),
        with(2, "key", json!("=")),
        good,
    ];
    let expected = [
        "t-0@0 1795366200500 Some(\"k\") the value is not base64: not base64! []",
        "t-0@1 1795366200500 Some(\"k\") the value is not a string: {\"a\":[1]} []",
        "t-0@2 1795366200500 Some(\"=\") the key is not base64: v []",
        "t-0@3 1795366200500 None good []",
    ];
    assert_eq!(decode(&payload(&json!({ "t-0": bad }))).unwrap(), expected);
}

/// The vector code has a way of its own for each length's end: every length, every place, every byte.
#[test]
fn base64_is_judged_and_read_as_the_standard_has_it() {
    let agree = |text: &[u8]| {
        let mut loading = Loading::new(text.len() + 8, MskEvent::default());
        let found = loading.decode(text);
        let event = loading.finish();
        let expected = STANDARD.decode(text).map_err(|_| text.to_vec());
        let found = found.map(|span| event.piece(span).to_vec()).map_err(|span| event.piece(span).to_vec());
        assert_eq!(found, expected, "{}", text.escape_ascii());
    };
    let bytes: Vec<u8> = (0..1_200_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for length in (0..400).chain([963, 964, 965, 1_199, 1_200]) {
        let text = STANDARD.encode(&bytes[..length]).into_bytes();
        agree(&text);
        (1..=5.min(text.len())).for_each(|less| agree(&text[..text.len() - less]));
        agree(&[&text[..], b"="].concat());
    }
    for length in [1, 2, 3, 20, 21, 22, 47, 96, 97, 98, 193, 299, 964] {
        let mut text = STANDARD.encode(&bytes[..length]).into_bytes();
        for place in 0..text.len() {
            let good = text[place];
            for other in [b'=', b'-', b'_', b'"', b'\\', b' ', b'A', b'/', 0, 0x7f, 0x80, 0xff] {
                text[place] = other;
                agree(&text);
            }
            text[place] = good;
        }
        for byte in 0..=u8::MAX {
            for place in [0, text.len() / 2, text.len() - 3, text.len() - 2, text.len() - 1] {
                let good = std::mem::replace(&mut text[place], byte);
                agree(&text);
                text[place] = good;
            }
        }
    }
}

#[test]
fn headers_and_timestamps_may_be_null_or_absent() {
    let mut records = [
        record("t", 0, 0, None, Some("a")),
        record("t", 0, 1, None, Some("b")),
        record("t", 0, 2, None, Some("c")),
        record("t", 0, 3, None, Some("d")),
    ];
    records[0]["headers"] = Value::Null;
    records[1].as_object_mut().unwrap().remove("headers");
    records[1].as_object_mut().unwrap().remove("key");
    records[2]["headers"] = json!([{ "trace": [48, 49] }, { "signed": [-61, -92] }]);
    records[2]["timestamp"] = json!(-1);
    records[3]["headers"] = json!("strange");
    let expected = [
        "t-0@0 1795366200500 None a []",
        "t-0@1 1795366200500 None b []",
        "t-0@2 0 None c [\"trace=01\", \"signed=ä\"]",
        "t-0@3 1795366200500 None d []",
    ];
    assert_eq!(decode(&payload(&json!({ "t-0": records }))).unwrap(), expected);
}

#[test]
fn records_are_sorted_by_partition_and_offset_and_each_is_there_once() {
    let one = |partition, offset, value| record("t", partition, offset, None, Some(value));
    let mixed = payload(&json!({
        "t-0": [one(0, 5, "c"), one(0, 3, "a"), one(1, 1, "x"), one(0, 3, "again"), one(0, 4, "b")],
        "t-1": [one(1, 0, "w")],
        "empty-0": [],
    }));
    let short: Vec<_> =
        decode(&mixed).unwrap().iter().map(|line| line.replace(" 1795366200500 None", "")).collect();
    assert_eq!(short, ["t-0@3 a []", "t-0@4 b []", "t-0@5 c []", "t-1@0 w []", "t-1@1 x []"]);
}

#[test]
fn a_record_without_topic_is_where_its_list_says() {
    let mut nameless = record("", 0, 7, None, Some("v"));
    nameless.as_object_mut().unwrap().remove("topic");
    nameless.as_object_mut().unwrap().remove("partition");
    let listed = payload(&json!({ "my-topic-12": [nameless] }));
    assert_eq!(decode(&listed).unwrap(), ["my-topic-12@7 1795366200500 None v []"]);
    assert!(decode(&listed.replace("my-topic-12", "nowhere")).is_err());
}

#[test]
fn what_is_no_kafka_event_fails_whole() {
    for broken in
        ["", "{", "null", "[]", "{}", r#"{"records":[]}"#, r#"{"records":{"t-0":[{}]}}"#, r#"{"Records":[]}"#]
    {
        assert!(decode(broken).is_err(), "{broken}");
    }
    assert!(decode(r#"{"records":{"t-0":[{"topic":"t","partition":0,"offset":"1"}]}}"#).is_err());
    assert_eq!(decode(r#"{"records":{}}"#).unwrap(), [""; 0]);
}

/// As Lambda orders the fields; one record is often like the one before it.
fn in_lambdas_order() -> String {
    let record = |partition: i32, offset: i64, key: &str, value: &str| {
        format!(
            r#"{{"topic":"t","partition":{partition},"offset":{offset},"timestamp":17,"timestampType":"CREATE_TIME","key":{key},"value":{value},"headers":[]}}"#
        )
    };
    let records = [
        record(1, 8, r#""a2V5""#, r#""dmFsdWU=""#),
        record(1, 9, r#""a2V5Mg==""#, r#""bW9yZQ==""#),
        record(1, 10, "null", "null"),
        record(2, 10, r#""a2V5""#, r#""""#),
        record(2, 7, r#""a2V5""#, r#""bW9yZQ==""#),
    ];
    format!(r#"{{"eventSource":"aws:kafka","records":{{"t-1":[{}]}}}}"#, records.join(","))
}

#[test]
fn a_record_like_the_one_before_it_is_read_as_any_other() {
    let expected = [
        "t-1@8 17 Some(\"key\") value []",
        "t-1@9 17 Some(\"key2\") more []",
        "t-1@10 17 None nothing []",
        "t-2@7 17 Some(\"key\") more []",
        "t-2@10 17 Some(\"key\")  []",
    ]
    .map(str::to_owned);
    let (quick, wire) = by_each(&in_lambdas_order());
    assert_eq!((quick.as_deref(), wire.as_deref()), (Some(&expected[..]), Some(&expected[..])));
}

/// Whatever one byte of a payload becomes, and wherever it ends: what the quick reader reads the other one reads alike.
#[test]
fn both_readers_agree() {
    let read: usize = [usual(), in_lambdas_order()].iter().map(|payload| agree(payload)).sum();
    assert!(read > 2_000, "the quick reader reads little: {read}");
}

/// How many variants the quick reader reads.
fn agree(payload: &str) -> usize {
    let mut read = 0;
    for at in 0..payload.len() {
        let (quick, wire) = by_each(&payload[..at]);
        assert!(quick.is_none() || quick == wire);
        for byte in
            [b'"', b'\\', b' ', b',', b':', b'}', b']', b'0', b'-', b'.', b'e', b'n', b'=', b'\n', 0, 0x7f]
        {
            let mut changed = payload.as_bytes().to_vec();
            changed[at] = byte;
            let changed = String::from_utf8(changed).unwrap();
            let (quick, wire) = by_each(&changed);
            read += usize::from(quick.is_some());
            assert!(quick.is_none() || quick == wire, "{quick:?} but {wire:?} for {changed}");
        }
    }
    read
}

fn long_deadline() -> Deadline {
    let now = SystemClock.now();
    Deadline::new(now, now.saturating_add(Duration::from_mins(1)))
}

/// A consumer that answers what it is told to.
#[derive(Default)]
struct Scripted {
    failing: BTreeMap<i32, i64>,
    panics_at: Option<i32>,
    never_ends_at: Option<i32>,
}

impl Consumer for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn handle(&self, partition: Partition<'_>, records: &[Record<'_>]) -> Handled {
        assert_ne!(self.panics_at, Some(partition.partition), "as told");
        if self.never_ends_at == Some(partition.partition) {
            std::future::pending::<()>().await;
        }
        let counts = vec![("applied", records.len() as u64)];
        Handled { failed_from: self.failing.get(&partition.partition).copied(), counts }
    }
}

fn three_partitions() -> MskEvent {
    let records =
        |partition| json!([record("t", partition, 4, None, None), record("t", partition, 5, None, None)]);
    let payload = payload(&json!({ "t-0": records(0), "t-1": records(1), "t-2": records(2) }));
    MskEvent::decode(payload.as_bytes(), MskEvent::default()).unwrap()
}

#[tokio::test]
async fn each_partition_answers_for_itself() {
    let consumer = Scripted { failing: BTreeMap::from([(1, 5)]), panics_at: Some(2), ..Scripted::default() };
    let (answer, tally) = process(&consumer, &SystemClock, long_deadline(), &three_partitions()).await;
    assert_eq!(
        serde_json::to_value(&answer).unwrap(),
        json!({ "batchItemFailures": [
            { "itemIdentifier": { "partition": "t-1", "offset": 5 } },
            { "itemIdentifier": { "partition": "t-2", "offset": 4 } },
        ]})
    );
    assert_eq!((tally.records, tally.partitions, tally.failed_partitions), (6, 3, 2));
    assert_eq!(tally.counts, BTreeMap::from([("applied", 4)]));
}

#[tokio::test]
async fn what_is_not_done_in_time_comes_again_from_its_first_record() {
    let consumer = Scripted { never_ends_at: Some(1), ..Scripted::default() };
    let deadline = Deadline::new(SystemClock.now(), SystemClock.now());
    let (answer, _) = process(&consumer, &SystemClock, deadline, &three_partitions()).await;
    assert!(answer.failed().any(|failed| failed == ("t-1", 4)));
}

/// Notes what it handles, and fails where it is told to.
#[derive(Default)]
struct Noting {
    handled: Mutex<Vec<i64>>,
    failing: Vec<i64>,
}

impl RecordHandler for Noting {
    async fn handle(&self, _: Partition<'_>, record: &Record<'_>) -> Result<(), Failure> {
        // Lets the other keys run in between.
        tokio::task::yield_now().await;
        if self.failing.contains(&record.offset) {
            return Err(Failure::new("Test.Told", "as told"));
        }
        self.handled.lock().unwrap().push(record.offset);
        Ok(())
    }
}

/// Runs records with these keys, at offsets from 0; answers what was handled in which order, and the failed offset.
async fn keyed(keys: &[Option<&str>], failing: &[i64], parallel_max: usize) -> (Vec<i64>, Option<i64>) {
    let records: Vec<_> =
        (0..).zip(keys).map(|(offset, key)| record("t", 0, offset, *key, Some("v"))).collect();
    let event =
        MskEvent::decode(payload(&json!({ "t-0": records })).as_bytes(), MskEvent::default()).unwrap();
    let keyed = Keyed::new("noting", Noting { failing: failing.to_vec(), ..Noting::default() }, parallel_max);
    let (answer, tally) = process(&keyed, &SystemClock, long_deadline(), &event).await;
    let handled = keyed.into_handler().handled.into_inner().unwrap();
    assert_eq!(tally.counts["handled"], handled.len() as u64);
    let failed: Vec<_> = answer.failed().map(|(_, offset)| offset).collect();
    assert!(failed.len() <= 1);
    (handled, failed.first().copied())
}

#[tokio::test]
async fn records_of_a_key_are_handled_in_order_whatever_runs_beside_them() {
    let keys = [Some("a"), Some("b"), Some("a"), None, Some("b"), Some("a"), None];
    for parallel_max in [0, 1, 2, 100] {
        let (handled, failed) = keyed(&keys, &[], parallel_max).await;
        assert_eq!((handled.len(), failed), (keys.len(), None));
        for key in ["a", "b"] {
            let of_key: Vec<_> = handled
                .iter()
                .filter(|offset| usize::try_from(**offset).is_ok_and(|place| keys[place] == Some(key)))
                .collect();
            assert!(of_key.is_sorted(), "{key}: {of_key:?}");
        }
    }
}

#[tokio::test]
async fn the_lowest_failed_record_is_reported_and_its_key_stops_there() {
    let keys = [Some("a"), Some("b"), Some("a"), Some("b"), Some("a"), Some("c")];
    let (mut handled, failed) = keyed(&keys, &[3, 2], 2).await;
    handled.sort_unstable();
    assert_eq!((handled, failed), (vec![0, 1, 5], Some(2)));
}
