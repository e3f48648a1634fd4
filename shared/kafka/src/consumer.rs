//! A member of a consumer group that commits by hand.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use krafka::consumer::{AutoOffsetReset, GroupProtocol, IsolationLevel, OffsetAndMetadata};

use crate::KafkaError;

const POLL: &str = "Kafka Fetch";
const COMMIT: &str = "Kafka OffsetCommit";
const SEEK: &str = "Kafka Seek";
const CLOSE: &str = "Kafka LeaveGroup";

pub use krafka::consumer::TopicPartition;

/// How to be a member of a group.
#[derive(Debug, Clone)]
pub struct Group {
    /// The group's id.
    pub id: String,
    /// What to read.
    pub topics: Vec<String>,
    /// Where a partition starts for which the group has committed nothing.
    pub start: Start,
    /// How many messages one poll gives at most.
    pub messages_max: usize,
    /// After this long without a poll the partitions go to another member.
    pub poll_interval_max: Duration,
}

impl Group {
    /// Reads `topics` from the beginning, up to 4,000 messages a poll, with five minutes between two polls.
    pub fn new<T: Into<String>>(id: impl Into<String>, topics: impl IntoIterator<Item = T>) -> Self {
        Self {
            id: id.into(),
            topics: topics.into_iter().map(Into::into).collect(),
            start: Start::Earliest,
            messages_max: 4_000,
            poll_interval_max: Duration::from_mins(5),
        }
    }
}

/// Where a partition starts for which the group has committed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest message that is kept (`TRIM_HORIZON` of Lambda's event source).
    Earliest,
    /// At what is written from now on.
    Latest,
}

/// Which clock a message's time is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's (`CREATE_TIME`).
    CreateTime,
    /// The broker's (`LOG_APPEND_TIME`).
    LogAppendTime,
}

/// A message as it lies in the log. What is null there is `None` here, and an empty text is not null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Which clock `timestamp_ms` is of.
    pub timestamp_type: TimestampType,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// Headers in the order they were written; a name may occur several times.
    pub headers: Vec<(String, Option<Bytes>)>,
}

/// A member of a group. It sees committed transactions only, moves no offset of the group by itself, and joins at its
/// first poll. Shared by reference; one task polls.
pub struct Consumer {
    inner: krafka::consumer::Consumer,
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").finish_non_exhaustive()
    }
}

impl Consumer {
    pub(crate) async fn join(kafka: &krafka::Kafka, group: Group) -> Result<Self, KafkaError> {
        let messages = i32::try_from(group.messages_max.max(1)).unwrap_or(i32::MAX);
        let reset = match group.start {
            Start::Earliest => AutoOffsetReset::Earliest,
            Start::Latest => AutoOffsetReset::Latest,
        };
        let inner = kafka
            .consumer(group.id)
            .group_protocol(GroupProtocol::Consumer)
            .isolation_level(IsolationLevel::ReadCommitted)
            .enable_auto_commit(false)
            .auto_offset_reset(reset)
            .max_poll_records(messages)
            .max_buffered_records(messages.saturating_mul(4))
            .max_poll_interval(group.poll_interval_max)
            .metrics_push(false)
            .build()
            .await
            .map_err(|error| KafkaError::of(POLL, &error))?;
        inner.subscribe(&group.topics).await.map_err(|error| KafkaError::of(POLL, &error))?;
        Ok(Self { inner })
    }

    /// The next messages, at once if there are any, or none after `timeout`. Membership is kept up here: call it at
    /// least every [`poll_interval_max`](Group::poll_interval_max), also while everything is paused.
    ///
    /// Messages of one partition come in the order of their offsets and continue where the last poll ended, from the
    /// group's committed offset on. A rebalance may hand out again what was polled and not committed. Dropping the
    /// call loses nothing.
    pub async fn poll(&self, timeout: Duration) -> Result<Vec<Message>, KafkaError> {
        let records = self.inner.poll(timeout).await.map_err(|error| KafkaError::of(POLL, &error))?;
        Ok(records.into_iter().map(message).collect())
    }

    /// The partitions that this member has now.
    pub async fn assignment(&self) -> Vec<TopicPartition> {
        let mut all: Vec<TopicPartition> = self
            .inner
            .assignment()
            .await
            .into_iter()
            .flat_map(|(topic, partitions)| {
                partitions.into_iter().map(move |partition| TopicPartition::new(topic.clone(), partition))
            })
            .collect();
        all.sort_unstable_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        all
    }

    /// Where the next poll of a partition begins: behind the last message polled, and behind the markers of
    /// transactions that follow it. `None` for a partition of another member, or before it is known.
    pub async fn position(&self, partition: &TopicPartition) -> Option<i64> {
        self.inner.position(&partition.topic, partition.partition).await
    }

    /// Polls give nothing of these partitions until they are resumed; their place is kept. Others' are ignored.
    pub async fn pause(&self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.inner.pause(&partition.topic, &[partition.partition]).await;
        }
    }

    /// Undoes [`pause`](Self::pause).
    pub async fn resume(&self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.inner.resume(&partition.topic, &[partition.partition]).await;
        }
    }

    /// The next poll of this partition starts at `offset`. Fails for a partition of another member.
    pub async fn seek(&self, partition: &TopicPartition, offset: i64) -> Result<(), KafkaError> {
        self.inner
            .seek(&partition.topic, partition.partition, offset)
            .await
            .map_err(|error| KafkaError::of(SEEK, &error))
    }

    /// Commits for the group where each partition goes on: the offset after the last one that is done with. Given
    /// alone, so that several partitions may be worked on at once. Transient when the group was rebalanced meanwhile;
    /// nothing is committed then.
    pub async fn commit(&self, next: &[(TopicPartition, i64)]) -> Result<(), KafkaError> {
        let offsets: Vec<_> =
            next.iter().map(|(at, offset)| (at.clone(), OffsetAndMetadata::new(*offset))).collect();
        self.inner.commit_offsets(offsets).await.map_err(|error| KafkaError::of(COMMIT, &error))
    }

    /// Leaves the group, committing nothing, so that others get the partitions at once.
    pub async fn close(self, timeout: Duration) -> Result<(), KafkaError> {
        let options = krafka::CloseOptions::new().timeout(timeout);
        self.inner.close_with(options).await.map_err(|error| KafkaError::of(CLOSE, &error))
    }
}

fn message(record: krafka::ConsumerRecord) -> Message {
    Message {
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        timestamp_ms: record.timestamp,
        timestamp_type: match record.timestamp_type {
            krafka::TimestampType::LogAppendTime => TimestampType::LogAppendTime,
            // The format of the log has one bit for it; the enum is open for formality.
            krafka::TimestampType::CreateTime | _ => TimestampType::CreateTime,
        },
        key: record.key,
        value: record.value,
        headers: record.headers,
    }
}
