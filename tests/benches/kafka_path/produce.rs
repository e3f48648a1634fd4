//! Records a second of our publisher, of one run after a warm-up.
//!
//! The values are left in a file, a line each, for Kafka's own tool to send the same.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use semel_bench::arguments;
use semel_kafka::{Connection, Publisher, PublisherSettings, Record};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::load::Load;

/// Different values, sent over and over.
const VALUES: usize = 10_000;
const ARTICLES: u64 = 50;
/// Records of a call, as of a busy function's batch.
const CALL: usize = 4_000;
/// Calls under way where they may overlap.
const CALLS_AT_ONCE: usize = 4;

#[derive(Serialize)]
pub struct Report {
    records: usize,
    bytes_per_record: usize,
    records_per_call: usize,
    calls_at_once: usize,
    batch_bytes: usize,
    linger_ms: u128,
    records_per_second: f64,
}

/// Measures. Ends the program if a record was refused.
pub fn measure() -> Report {
    let (warm_up, records) =
        (arguments::number("--warm-up", 100_000), arguments::number("--records", 200_000));
    let topic: Arc<str> = arguments::text("--topic").into();
    let values = values();
    leave(&values);
    let mut settings = PublisherSettings::new(Connection::plaintext(arguments::text("--brokers")));
    let calls_at_once = match arguments::text("--mode").as_str() {
        "plain" => CALLS_AT_ONCE,
        "transactional" => {
            settings = settings.transactional(format!("bench-{}", uuid::Uuid::new_v4().simple()));
            // A producer has one transaction open.
            1
        }
        other => panic!("--mode {other}: plain or transactional"),
    };
    let bytes_per_record = values.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() / VALUES;
    let (batch_bytes, linger_ms) = (settings.batch_bytes, settings.linger.as_millis());
    let publisher = Arc::new(Publisher::new(settings));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let values: Arc<[(Bytes, Bytes)]> = values.into();
    let publish = |count| {
        let sending =
            send(Arc::clone(&publisher), Arc::clone(&topic), Arc::clone(&values), count, calls_at_once);
        runtime.block_on(sending);
    };
    publish(warm_up);
    let started = Instant::now();
    publish(records);
    let took = started.elapsed();
    runtime.block_on(publisher.close()).expect("it closes");
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let records_per_second = records as f64 / took.as_secs_f64();
    Report {
        records,
        bytes_per_record,
        records_per_call: CALL,
        calls_at_once,
        batch_bytes,
        linger_ms,
        records_per_second,
    }
}

/// The events of the load, each under the key that its client's events have.
fn values() -> Vec<(Bytes, Bytes)> {
    let mut load = Load::new(ARTICLES);
    let keyed = |_| {
        let (offset, _, value) = load.event();
        (Bytes::from(format!("session-{:08}", offset / 20)), Bytes::from(value))
    };
    (0..VALUES).map(keyed).collect()
}

fn leave(values: &[(Bytes, Bytes)]) {
    let path = arguments::text("--values");
    let lines = values.iter().flat_map(|(_, value)| [value, &b"\n"[..]].concat());
    let lines: Vec<u8> = lines.collect();
    fs::write(&path, lines).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
}

/// Publishes so many, in calls of which so many overlap.
async fn send(
    publisher: Arc<Publisher>,
    topic: Arc<str>,
    values: Arc<[(Bytes, Bytes)]>,
    count: usize,
    calls_at_once: usize,
) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for _ in 0..calls_at_once {
        let (publisher, topic, values) = (Arc::clone(&publisher), Arc::clone(&topic), Arc::clone(&values));
        let next = Arc::clone(&next);
        senders.spawn(async move {
            loop {
                let from = next.fetch_add(CALL, Ordering::Relaxed);
                if from >= count {
                    return;
                }
                let record = |at: usize| {
                    let (key, value) = &values[at % values.len()];
                    Record::new(&topic, key.clone(), value.clone())
                };
                let records: Vec<_> = (from..count.min(from + CALL)).map(record).collect();
                for outcome in publisher.publish(&records).await {
                    outcome.expect("it is published");
                }
            }
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended.expect("every record is published");
    }
}
