//! The port to Kafka on the real client: one member of the mapping's consumer group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use semel_kafka::{Cluster, Connection, Consumer, Group, Message};

use super::log::{Log, LogError, LogEvent};
use super::mapping::{Mapping, Start};
use super::record::{Record, TimestampType, TopicPartition};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle poll may take; what arrives ends it at once.
const POLL: Duration = Duration::from_millis(500);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
const MESSAGES_MAX: usize = 10_000;

/// A member, and what it believes to have.
pub struct GroupMember {
    consumer: Consumer,
    /// Polled and not yet told: dropping a poll loses nothing.
    pending: Vec<Message>,
    /// The offset after the last one told of each assigned partition; -1 before the first.
    assigned: BTreeMap<TopicPartition, i64>,
}

impl GroupMember {
    /// Connects to the mapping's brokers; the group is joined by the first poll.
    pub async fn connect(mapping: &Mapping) -> Result<Self, LogError> {
        let mut connection = Connection::plaintext(mapping.bootstrap_servers.as_str());
        connection.client_id = format!("semel-bridge-{}", mapping.uuid);
        let cluster = Cluster::connect(&connection, CONNECT_TIMEOUT).await?;
        let mut group = Group::new(mapping.group.as_str(), mapping.topics.iter().cloned());
        group.messages_max = MESSAGES_MAX;
        group.start = match mapping.start {
            Start::TrimHorizon => semel_kafka::Start::Earliest,
            Start::Latest => semel_kafka::Start::Latest,
        };
        let consumer = cluster.join(group).await?;
        Ok(Self { consumer, pending: Vec::new(), assigned: BTreeMap::new() })
    }

    /// Compares what the client has now with what was told.
    fn reassign(&mut self, now: &BTreeMap<TopicPartition, Option<i64>>, events: &mut Vec<LogEvent>) {
        let gone: Vec<_> = self.assigned.keys().filter(|source| !now.contains_key(source)).cloned().collect();
        for source in gone {
            self.assigned.remove(&source);
            events.push(LogEvent::Revoked(source));
        }
        for source in
            now.keys().filter(|source| !self.assigned.contains_key(source)).cloned().collect::<Vec<_>>()
        {
            self.assigned.insert(source.clone(), -1);
            events.push(LogEvent::Assigned(source));
        }
    }

    /// Groups messages by partition, in order. `now` says where the next poll of each partition begins.
    fn tell(
        &mut self,
        messages: Vec<Message>,
        now: &BTreeMap<TopicPartition, Option<i64>>,
        events: &mut Vec<LogEvent>,
    ) {
        let mut batches: BTreeMap<TopicPartition, Vec<Record>> = BTreeMap::new();
        for message in messages {
            let source = TopicPartition { topic: Arc::clone(&message.topic), partition: message.partition };
            batches.entry(source).or_default().push(record(message));
        }
        for (source, position) in now {
            let records = batches.remove(source).unwrap_or_default();
            let Some(next) = self.assigned.get_mut(source) else { continue };
            let behind_last = records.last().map(|last| last.offset + 1);
            // Behind the last record there may be markers of transactions, which nobody is shown.
            let Some(end) = behind_last.max(*position) else { continue };
            // It went away and came back between two polls: what was told before is not ours.
            if records.first().is_some_and(|first| first.offset < *next) {
                events.push(LogEvent::Revoked(source.clone()));
                events.push(LogEvent::Assigned(source.clone()));
            } else if end <= *next || (records.is_empty() && *next < 0) {
                // Nothing new; and where a partition begins is not for us to commit.
                *next = end.max(*next);
                continue;
            }
            *next = end;
            events.push(LogEvent::Records { source: source.clone(), records, end });
        }
    }
}

impl Log for GroupMember {
    async fn poll(&mut self) -> Result<Vec<LogEvent>, LogError> {
        loop {
            if self.pending.is_empty() {
                self.pending = self.consumer.poll(POLL).await?;
            }
            let mut now = BTreeMap::new();
            for each in self.consumer.assignment().await {
                let position = self.consumer.position(&each).await;
                now.insert(TopicPartition::new(&*each.topic, each.partition), position);
            }
            // Nothing is awaited from here on, so that what is taken is told.
            let mut events = Vec::new();
            self.reassign(&now, &mut events);
            let messages = std::mem::take(&mut self.pending);
            self.tell(messages, &now, &mut events);
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    async fn commit(&mut self, positions: &[(TopicPartition, i64)]) -> Result<(), LogError> {
        let held: Vec<_> = positions
            .iter()
            .filter(|(source, _)| self.assigned.contains_key(source))
            .map(|(source, offset)| (client(source), *offset))
            .collect();
        Ok(self.consumer.commit(&held).await?)
    }

    async fn pause(&mut self, sources: &[TopicPartition]) {
        self.consumer.pause(&sources.iter().map(client).collect::<Vec<_>>()).await;
    }

    async fn resume(&mut self, sources: &[TopicPartition]) {
        self.consumer.resume(&sources.iter().map(client).collect::<Vec<_>>()).await;
    }

    async fn close(self) {
        // The group notices by itself a little later.
        let _ = self.consumer.close(CLOSE_TIMEOUT).await;
    }
}

fn record(message: Message) -> Record {
    Record {
        offset: message.offset,
        timestamp: message.timestamp_ms,
        timestamp_type: match message.timestamp_type {
            semel_kafka::TimestampType::CreateTime => TimestampType::CreateTime,
            semel_kafka::TimestampType::LogAppendTime => TimestampType::LogAppendTime,
        },
        key: message.key,
        value: message.value,
        headers: message.headers.into_iter().map(|(name, value)| (name.into(), value)).collect(),
    }
}

fn client(source: &TopicPartition) -> semel_kafka::TopicPartition {
    semel_kafka::TopicPartition::new(source.topic.to_string(), source.partition)
}

impl From<semel_kafka::KafkaError> for LogError {
    fn from(error: semel_kafka::KafkaError) -> Self {
        Self(error.to_string())
    }
}
