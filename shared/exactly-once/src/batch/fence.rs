//! The fence: how far a partition's log is applied, and what has to be known to judge the rest of it.
//!
//! Knows no store; its keys and encodings are here so that every adapter writes the same ones.

use std::fmt;
use std::str::FromStr;

use semel_contracts::{EventId, Timestamp};

/// The log that one fence guards: a partition, as one consumer reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FenceKey {
    /// Who consumes. Each consumer has fences of its own.
    pub consumer: String,
    /// Which cluster the topic is on; the configuration's short name for it, without `/` and `#`.
    pub cluster: String,
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// Which life of the topic this is: raised by the operator when a topic is recreated or its offsets are reset.
    pub epoch: u64,
}

impl FenceKey {
    /// The fence item's partition key.
    pub fn pk(&self) -> String {
        let Self { consumer, cluster, topic, partition, .. } = self;
        format!("fence#{consumer}#{cluster}#{topic}-{partition}")
    }

    /// The fence item's sort key.
    pub fn sk(&self) -> String {
        self.epoch.to_string()
    }

    /// The partition key of the partition's parked records.
    pub fn parked_pk(&self) -> String {
        let Self { consumer, cluster, topic, partition, .. } = self;
        format!("parked#{consumer}#{cluster}#{topic}-{partition}")
    }

    /// The sort key of the record parked at `offset`: sorts by epoch, then offset.
    pub fn parked_sk(&self, offset: i64) -> String {
        format!("{:06}#{offset:020}", self.epoch)
    }

    /// Names the fence's holder at the end of an aggregate's sort key, so that each aggregate item has one writer.
    pub fn writer(&self) -> String {
        format!("{}-{}@{}", self.topic, self.partition, self.epoch)
    }

    /// The object key of a ledger segment.
    pub fn segment_object(&self, segment: &SegmentRef) -> String {
        format!("ledger/{}/{segment}", self.path())
    }

    /// The object key of a parked record that is too large for its item.
    pub fn parked_object(&self, offset: i64) -> String {
        format!("parked/{}/{offset:020}.json", self.path())
    }

    fn path(&self) -> String {
        let Self { consumer, cluster, topic, partition, epoch } = self;
        format!("{consumer}/{cluster}/{topic}/{partition}/{epoch}")
    }
}

impl fmt::Display for FenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consumer, cluster, topic, partition, epoch } = self;
        write!(f, "{topic}-{partition} of {cluster} (consumer {consumer}, epoch {epoch})")
    }
}

/// How many records were judged how, since the fence is there. Their sum is the number of records below the fence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Took effect.
    pub applied: u64,
    /// Carried an id that had been applied, with the same content.
    pub duplicate: u64,
    /// Older than the allowed lateness.
    pub late: u64,
    /// Kept aside with a reason.
    pub parked: u64,
}

impl Totals {
    /// All records.
    pub const fn records(self) -> u64 {
        self.applied + self.duplicate + self.late + self.parked
    }
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, more: Self) {
        self.applied += more.applied;
        self.duplicate += more.duplicate;
        self.late += more.late;
        self.parked += more.parked;
    }
}

/// The fence item. All of it is a pure function of the log below `next_offset`, except where ids are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Every record below it is judged; none at or above it.
    pub next_offset: i64,
    /// The greatest event time applied, each counted up to its own record's Kafka timestamp: a device whose clock
    /// is ahead does not make everybody else late.
    pub watermark: Option<Timestamp>,
    /// Events before it are late. Never falls, whatever becomes of the allowed lateness.
    pub late_before: Timestamp,
    /// The newest segment of ledger entries, which names the others; `None` if all known ids are in `tail`.
    pub segment: Option<SegmentRef>,
    /// Ids that are in no segment yet, in the log's order; at most [`super::Settings::tail_max`].
    pub tail: Vec<LedgerEntry>,
    /// Records judged so far.
    pub totals: Totals,
}

impl Fence {
    /// The tail as one attribute: [`LedgerEntry::BYTES`] each.
    pub fn tail_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.tail.len() * LedgerEntry::BYTES);
        for entry in &self.tail {
            entry.write(&mut bytes);
        }
        bytes
    }
}

/// An applied event, as the ledger remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The event's id.
    pub id: EventId,
    /// Low half of the xxh3 hash of the record's value: tells a repeated event from a reused id.
    pub content: u32,
    /// The event's time in whole seconds since the epoch, rounded down; saturates in the year 2106.
    pub time_s: u32,
}

impl LedgerEntry {
    /// Bytes of an encoded entry: id, content, time, the numbers little endian.
    pub const BYTES: usize = 24;

    /// Appends the encoded entry.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&self.content.to_le_bytes());
        bytes.extend_from_slice(&self.time_s.to_le_bytes());
    }

    /// Reads encoded entries. A length that is no multiple of [`LedgerEntry::BYTES`] is `None`: a corrupt attribute.
    pub fn read_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let (entries, rest) = bytes.as_chunks::<{ Self::BYTES }>();
        rest.is_empty().then(|| entries.iter().map(Self::read).collect())
    }

    fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let (mut id, mut content, mut time) = ([0; 16], [0; 4], [0; 4]);
        id.copy_from_slice(&bytes[..16]);
        content.copy_from_slice(&bytes[16..20]);
        time.copy_from_slice(&bytes[20..]);
        Self {
            id: EventId::from_bytes(id),
            content: u32::from_le_bytes(content),
            time_s: u32::from_le_bytes(time),
        }
    }
}

/// Names one segment of the ledger by its content. Its text form is the end of the object's key, and the fence's
/// attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentRef {
    /// Its entries were applied at or after this offset,
    pub first: i64,
    /// and before this one.
    pub next: i64,
    /// The greatest event time among its entries, in seconds.
    pub newest_s: u32,
    /// How many entries it holds.
    pub ids: u32,
    /// xxh3 hash of its bytes: two attempts that differ cannot overwrite each other's.
    pub hash: u64,
}

impl fmt::Display for SegmentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, next, newest_s, ids, hash } = self;
        write!(f, "{first:020}-{next:020}-{newest_s:010}-{ids}-{hash:016x}")
    }
}

/// The text is not the name of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a ledger segment")]
pub struct NotASegment;

impl FromStr for SegmentRef {
    type Err = NotASegment;

    fn from_str(text: &str) -> Result<Self, NotASegment> {
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or(NotASegment);
        let segment = Self {
            first: part()?.parse().map_err(|_| NotASegment)?,
            next: part()?.parse().map_err(|_| NotASegment)?,
            newest_s: part()?.parse().map_err(|_| NotASegment)?,
            ids: part()?.parse().map_err(|_| NotASegment)?,
            hash: u64::from_str_radix(part()?, 16).map_err(|_| NotASegment)?,
        };
        // Only the one spelling counts.
        (segment.to_string() == text).then_some(segment).ok_or(NotASegment)
    }
}
