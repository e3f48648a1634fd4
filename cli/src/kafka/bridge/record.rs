//! What the bridge carries: records of a partition, as Kafka keeps them.
//!
//! Knows neither how they were fetched nor how Lambda wants to see them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// One partition of one topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name; Kafka allows letters, digits, `.`, `_` and `-`.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
}

impl TopicPartition {
    /// Names a partition.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

/// As Lambda names a partition: `orders-0`.
impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Who set a record's timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer.
    CreateTime,
    /// The broker, when it appended the record.
    LogAppendTime,
}

impl TimestampType {
    /// As in Lambda's payload.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateTime => "CREATE_TIME",
            Self::LogAppendTime => "LOG_APPEND_TIME",
        }
    }
}

/// One record. Cheap to clone: the bytes are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the partition. Neighbours need not be consecutive.
    pub offset: i64,
    /// Milliseconds since the epoch; -1 if there is none.
    pub timestamp: i64,
    /// Who set it.
    pub timestamp_type: TimestampType,
    /// The key, if there is one.
    pub key: Option<Bytes>,
    /// The value; none is a tombstone.
    pub value: Option<Bytes>,
    /// Headers in their order; a key may repeat.
    pub headers: Vec<(Arc<str>, Option<Bytes>)>,
}
