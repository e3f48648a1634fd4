//! A broker in the test's own process, and settings that lead to it.

use std::time::Duration;

use krafka::testing::FakeBroker;
use semel_kafka::{Connection, PublisherSettings};

pub const TOPIC: &str = "orders";

/// A broker with one topic of `partitions`.
pub async fn broker(partitions: i32) -> FakeBroker {
    let broker = FakeBroker::start().await.expect("a free port");
    broker.create_topic(TOPIC, partitions);
    broker
}

/// Settings whose calls end soon.
pub fn settings(broker: &FakeBroker) -> PublisherSettings {
    let mut settings = PublisherSettings::new(Connection::plaintext(broker.bootstrap_servers()));
    settings.timeout = Duration::from_secs(4);
    settings
}

/// The values in a topic, in the order of partition and offset.
pub fn values(broker: &FakeBroker, topic: &str) -> Vec<String> {
    let records = broker.committed_records(topic).expect("the log decodes");
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).expect("UTF-8");
    records.iter().map(|record| text(record.value.as_deref().unwrap_or_default())).collect()
}
