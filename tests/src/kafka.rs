//! The broker that the stack under test reads from: topics, publishing, and the log as it lies there.
//!
//! Knows nothing of what the records mean, nor of who else reads them.

use std::fmt::Write as _;
use std::future::Future;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use semel_kafka::{
    Cluster, Connection, Consumer, Group, Message, NewTopic, Offsets, Position, Publisher, PublisherSettings,
    Record, Topic, TopicPartition,
};
use tokio::runtime::Runtime;

use crate::stack::variable;
use crate::unique;

/// A busy machine answers late; nothing here is measured against it.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How long a poll waits for records.
const POLL: Duration = Duration::from_millis(200);
const MESSAGES_MAX: usize = 4_000;

/// The broker. Shared by reference between threads.
pub struct Kafka {
    runtime: Runtime,
    connection: Connection,
    cluster: Cluster,
}

impl Kafka {
    /// The one that `SEMEL_BROKERS` names.
    pub fn from_environment() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let connection = Connection::plaintext(variable("SEMEL_BROKERS"));
        let cluster = runtime.block_on(Cluster::connect(&connection, TIMEOUT)).expect("the broker answers");
        Self { runtime, connection, cluster }
    }

    /// Where it is, as `host:port`.
    pub fn brokers(&self) -> &str {
        &self.connection.brokers
    }

    /// Makes a topic whose records have the broker's time, as the project's own topics do.
    pub fn create_topic(&self, name: &str, partitions: i32) {
        let mut topic = NewTopic::new(name, partitions).with("message.timestamp.type", "LogAppendTime");
        topic.replication = 1;
        assert!(
            self.wait(self.cluster.create_topic(&topic)).expect("it is made"),
            "{name} was there already"
        );
    }

    /// Deletes a topic.
    pub fn delete_topic(&self, name: &str) {
        assert!(self.wait(self.cluster.delete_topic(name)).expect("it is deleted"), "{name} was not there");
    }

    /// The topic of this name.
    pub fn topic(&self, name: &str) -> Topic {
        let found = self.wait(self.cluster.topic(name)).expect("the broker answers");
        found.unwrap_or_else(|| panic!("there is no topic {name}"))
    }

    /// Where `group` stands in each partition of a topic; what the broker says while a topic is being remade may be
    /// an error.
    pub fn try_offsets(&self, group: &str, topic: &str) -> Result<Vec<Offsets>, String> {
        self.wait(self.cluster.offsets(group, topic)).map_err(|error| error.to_string())
    }

    /// Where `group` stands in each partition of a topic.
    pub fn offsets(&self, group: &str, topic: &str) -> Vec<Offsets> {
        self.try_offsets(group, topic).expect("the broker answers")
    }

    /// A publisher; records that do not fit its buffers wait for as long as a busy machine takes.
    pub fn publisher(&self) -> Publisher {
        let mut settings = PublisherSettings::new(self.connection.clone());
        settings.timeout = TIMEOUT;
        Publisher::new(settings)
    }

    /// Publishes keyed values to a topic, in order. Each is written exactly once.
    pub fn publish(&self, to: &Publisher, topic: &str, records: Vec<(String, Vec<u8>)>) -> Vec<Position> {
        let records: Vec<_> =
            records.into_iter().map(|(key, value)| Record::new(topic, key, value)).collect();
        let outcomes = self.wait(to.publish(&records));
        outcomes.into_iter().map(|outcome| outcome.expect("it is published")).collect()
    }

    /// Reads a topic from its beginning, under a group of the reader's own; what a broker says that comes back may be
    /// an error.
    pub fn try_reader(&self, topic: &str) -> Result<Reader<'_>, String> {
        let mut group = Group::new(unique("e2e-reader"), [topic]);
        group.messages_max = MESSAGES_MAX;
        let consumer = self.wait(self.cluster.join(group)).map_err(|error| error.to_string())?;
        Ok(Reader { kafka: self, consumer, topic: topic.to_owned() })
    }

    /// Reads a topic from its beginning, under a group of the reader's own.
    pub fn reader(&self, topic: &str) -> Reader<'_> {
        self.try_reader(topic).expect("it joins")
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Reads one topic.
pub struct Reader<'a> {
    kafka: &'a Kafka,
    consumer: Consumer,
    topic: String,
}

impl Reader<'_> {
    /// The records that came meanwhile, each partition's in order; none if there are none for a moment. What a broker
    /// says that comes back may be an error.
    pub fn try_poll(&self) -> Result<Vec<Message>, String> {
        self.kafka.wait(self.consumer.poll(POLL)).map_err(|error| error.to_string())
    }

    /// The records that came meanwhile, each partition's in order; none if there are none for a moment.
    pub fn poll(&self) -> Vec<Message> {
        self.try_poll().expect("the broker answers")
    }

    /// Whether everything up to those ends has been read.
    pub fn has_reached(&self, ends: &[Offsets]) -> bool {
        ends.iter().all(|end| {
            let at = TopicPartition::new(self.topic.as_str(), end.partition);
            // A partition without a record may have no position yet.
            end.end == end.start || self.kafka.wait(self.consumer.position(&at)) >= Some(end.end)
        })
    }

    /// Leaves the group.
    pub fn close(self) {
        self.kafka.wait(self.consumer.close(POLL)).expect("it leaves");
    }
}

/// The event that Lambda hands to a function for these records: slices of partitions, each in order.
pub fn kafka_payload(brokers: &str, slices: &[&[Message]]) -> String {
    let mut text =
        format!(r#"{{"eventSource":"SelfManagedKafka","bootstrapServers":"{brokers}","records":{{"#);
    for (at, slice) in slices.iter().filter(|slice| !slice.is_empty()).enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let Message { topic, partition, .. } = &slice[0];
        let _ = write!(text, r#"{comma}"{topic}-{partition}":["#);
        for (at, record) in slice.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let Message { offset, timestamp_ms, .. } = record;
            let _ = write!(
                text,
                r#"{comma}{{"topic":"{topic}","partition":{partition},"offset":{offset},"timestamp":{timestamp_ms},"timestampType":"LOG_APPEND_TIME""#
            );
            for (name, bytes) in [("key", &record.key), ("value", &record.value)] {
                if let Some(bytes) = bytes {
                    let _ = write!(text, r#","{name}":""#);
                    STANDARD.encode_string(bytes, &mut text);
                    text.push('"');
                }
            }
            text.push_str(r#","headers":[]}"#);
        }
        text.push(']');
    }
    text.push_str("}}");
    text
}
