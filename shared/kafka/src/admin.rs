//! A cluster as tools see it: topics, offsets, and the groups to join.

use std::collections::HashMap;
use std::time::Duration;

use krafka::admin::{
    AdminClient, CreateTopicsOptions, DeleteTopicsOptions, DescribeTopicsOptions,
    ListConsumerGroupOffsetsOptions, ListOffsetsOptions, OffsetSpec,
};
use krafka::error::{ErrorCode, KrafkaError};

use crate::consumer::{Consumer, Group, TopicPartition};
use crate::{Connection, KafkaError, connection};

const CONNECT: &str = "Kafka Metadata";
const CREATE: &str = "Kafka CreateTopics";
const DELETE: &str = "Kafka DeleteTopics";
const DESCRIBE: &str = "Kafka DescribeTopicPartitions";
const OFFSETS: &str = "Kafka ListOffsets";
const COMMITTED: &str = "Kafka OffsetFetch";

/// How often to look whether brokers know of a change, which takes them some milliseconds.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A topic to make.
#[derive(Debug, Clone)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// On how many brokers each partition lies; -1 is the cluster's default.
    pub replication: i16,
    /// Topic settings, such as `("message.timestamp.type", "LogAppendTime")`.
    pub settings: Vec<(String, String)>,
}

impl NewTopic {
    /// With the cluster's default replication and settings.
    pub fn new(name: impl Into<String>, partitions: i32) -> Self {
        Self { name: name.into(), partitions, replication: -1, settings: Vec::new() }
    }

    /// Adds a topic setting.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}

/// A topic that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its identity: a topic that is deleted and made again has another.
    pub id: [u8; 16],
    /// How many partitions it has.
    pub partitions: i32,
}

/// Where a group stands in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offsets {
    /// The partition's number.
    pub partition: i32,
    /// The oldest offset that is kept.
    pub start: i64,
    /// The offset that the next message will get.
    pub end: i64,
    /// Where the group goes on; `None` if it has committed nothing here.
    pub committed: Option<i64>,
}

impl Offsets {
    /// How many messages the group has yet to do.
    pub fn lag(&self) -> i64 {
        let from = self.committed.unwrap_or(self.start).max(self.start);
        (self.end - from).max(0)
    }
}

/// A cluster that answered.
#[derive(Debug)]
pub struct Cluster {
    kafka: krafka::Kafka,
    admin: AdminClient,
    timeout: Duration,
}

impl Cluster {
    /// Connects within `timeout`, which also bounds every later call of this type.
    pub async fn connect(to: &Connection, timeout: Duration) -> Result<Self, KafkaError> {
        let opened = tokio::time::timeout(timeout, connection::open(to, timeout)).await;
        let kafka = opened
            .unwrap_or_else(|_| Err(KrafkaError::timeout("connecting")))
            .map_err(|error| KafkaError::of(CONNECT, &error))?;
        let admin = kafka.admin().default_api_timeout(timeout).metrics_push(false);
        Ok(Self { kafka, admin, timeout })
    }

    /// Becomes a member of a group; the first poll joins.
    pub async fn join(&self, group: Group) -> Result<Consumer, KafkaError> {
        Consumer::join(&self.kafka, group).await
    }

    /// Makes a topic and waits until the brokers know it; `false` if there is one of this name already.
    pub async fn create_topic(&self, topic: &NewTopic) -> Result<bool, KafkaError> {
        let fail = |error: KrafkaError| KafkaError::of(CREATE, &error);
        let mut wanted =
            krafka::admin::NewTopic::new(topic.name.as_str(), topic.partitions, topic.replication)
                .map_err(fail)?;
        for (name, value) in &topic.settings {
            wanted = wanted.with_config(name.as_str(), value.as_str());
        }
        let mut answer =
            self.admin.create_topics([wanted], CreateTopicsOptions::default()).await.map_err(fail)?;
        let made = unless(answer.remove(&topic.name), ErrorCode::TopicAlreadyExists).map_err(fail)?;
        if made {
            self.wait_until(&topic.name, true).await?;
        }
        Ok(made)
    }

    /// Deletes a topic and all that is in it, and waits until the brokers have forgotten it; `false` if there is none
    /// of this name.
    pub async fn delete_topic(&self, name: &str) -> Result<bool, KafkaError> {
        let fail = |error: KrafkaError| KafkaError::of(DELETE, &error);
        let mut answer =
            self.admin.delete_topics([name], DeleteTopicsOptions::default()).await.map_err(fail)?;
        let gone = unless(answer.remove(name), ErrorCode::UnknownTopicOrPartition).map_err(fail)?;
        if gone {
            self.wait_until(name, false).await?;
        }
        Ok(gone)
    }

    /// The controller answers before the brokers have heard of a change.
    async fn wait_until(&self, name: &str, exists: bool) -> Result<(), KafkaError> {
        let waiting = async {
            while self.topic(name).await?.is_some() != exists {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Ok(())
        };
        let waited = tokio::time::timeout(self.timeout, waiting).await;
        waited.unwrap_or_else(|_| Err(KafkaError::of(DESCRIBE, &KrafkaError::timeout("the topic's change"))))
    }

    /// A topic, if there is one of this name.
    pub async fn topic(&self, name: &str) -> Result<Option<Topic>, KafkaError> {
        let fail = |error: KrafkaError| KafkaError::of(DESCRIBE, &error);
        let mut answer =
            self.admin.describe_topics([name], DescribeTopicsOptions::default()).await.map_err(fail)?;
        match answer.remove(name) {
            None
            | Some(Err(
                KrafkaError::Broker { code: ErrorCode::UnknownTopicOrPartition, .. }
                | KrafkaError::UnknownTopic { .. },
            )) => Ok(None),
            Some(Err(error)) => Err(fail(error)),
            Some(Ok(found)) => {
                let partitions = i32::try_from(found.partitions.len()).unwrap_or(i32::MAX);
                Ok(Some(Topic { name: found.name, id: found.topic_id, partitions }))
            }
        }
    }

    /// Where `group` stands in every partition of a topic, by partition. A group that never was stands nowhere.
    pub async fn offsets(&self, group: &str, topic: &str) -> Result<Vec<Offsets>, KafkaError> {
        let Some(found) = self.topic(topic).await? else {
            return Err(KafkaError::of(OFFSETS, &KrafkaError::unknown_topic(topic)));
        };
        let all: Vec<TopicPartition> =
            (0..found.partitions).map(|partition| TopicPartition::new(topic, partition)).collect();
        let committed = self.committed(group, &all).await?;
        let start = self.log(&all, OffsetSpec::Earliest).await?;
        let end = self.log(&all, OffsetSpec::Latest).await?;
        Ok(all
            .iter()
            .filter_map(|at| {
                Some(Offsets {
                    partition: at.partition,
                    start: *start.get(at)?,
                    end: *end.get(at)?,
                    committed: committed.get(at).copied(),
                })
            })
            .collect())
    }

    async fn log(
        &self,
        partitions: &[TopicPartition],
        spec: OffsetSpec,
    ) -> Result<HashMap<TopicPartition, i64>, KafkaError> {
        let fail = |error: KrafkaError| KafkaError::of(OFFSETS, &error);
        let asked = partitions.iter().map(|at| (at.clone(), spec));
        let answer = self.admin.list_offsets(asked, ListOffsetsOptions::default()).await.map_err(fail)?;
        answer.into_iter().map(|(at, listed)| Ok((at, listed.map_err(fail)?.offset))).collect()
    }

    async fn committed(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<HashMap<TopicPartition, i64>, KafkaError> {
        let options = ListConsumerGroupOffsetsOptions::default().partitions(partitions.to_vec());
        let answer = match self.admin.list_consumer_group_offsets(group, options).await {
            Ok(answer) => answer,
            // Kafka 4 says so of a group that nobody ever joined.
            Err(KrafkaError::Broker { code: ErrorCode::GroupIdNotFound, .. }) => return Ok(HashMap::new()),
            Err(error) => return Err(KafkaError::of(COMMITTED, &error)),
        };
        let mut offsets = HashMap::new();
        for (at, found) in answer {
            let found = found.map_err(|error| KafkaError::of(COMMITTED, &error))?;
            if let Some(offset) = found.offset {
                offsets.insert(at, offset);
            }
        }
        Ok(offsets)
    }

    /// How long a call may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// Whether it was done, or was not needed, which the broker says by `code`.
fn unless(answer: Option<Result<(), KrafkaError>>, code: ErrorCode) -> Result<bool, KrafkaError> {
    match answer {
        Some(Ok(())) => Ok(true),
        Some(Err(KrafkaError::Broker { code: said, .. })) if said == code => Ok(false),
        Some(Err(error)) => Err(error),
        None => Err(KrafkaError::timeout("no answer for the topic")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_counts_from_the_committed_offset_or_what_is_kept() {
        let at = |start, end, committed| Offsets { partition: 0, start, end, committed }.lag();
        assert_eq!(at(0, 10, Some(4)), 6);
        assert_eq!(at(0, 10, None), 10);
        assert_eq!(at(5, 10, Some(2)), 5, "what is gone cannot be read any more");
        assert_eq!(at(0, 10, Some(12)), 0, "a topic made anew is shorter than the group remembers");
    }
}
