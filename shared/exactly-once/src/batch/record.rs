//! What comes in: records of a partition, borrowed from the payload that brought them.

use semel_contracts::Timestamp;

/// A partition of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition's number.
    pub partition: i32,
}

/// One record of a partition.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its place in the partition.
    pub offset: i64,
    /// Kafka's timestamp. The topic should have `message.timestamp.type=LogAppendTime`: then it is the brokers' clock,
    /// which bounds how far an event's own time is believed.
    pub timestamp: Timestamp,
    /// The record's key.
    pub key: Option<&'a [u8]>,
    /// The record's value.
    pub value: Payload<'a>,
    /// The record's headers.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// A record's value, as far as the transport could decode it.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The value's bytes.
    Bytes(&'a [u8]),
    /// The record has no value.
    Absent,
    /// The transport's own encoding is broken: parked as [`super::reason::UNDECODABLE`].
    Undecodable {
        /// What stood in the value's place.
        raw: &'a [u8],
        /// What is wrong with it.
        why: &'static str,
    },
}
