//! The payload of a Kafka event source, decoded once: keys, values and headers lie side by side in one buffer.
//!
//! Knows the shape of the payload; what the values mean is the handler's.

use std::fmt;
use std::ops::Range;

use semel_contracts::Timestamp;
use semel_exactly_once::batch::{Partition, Payload, Record};

use super::{quick, wire};

/// The batch that Lambda hands over, of Amazon MSK and of self-managed Kafka alike.
///
/// A record with broken base64 is that record's fault: it is here, as [`Payload::Undecodable`]. Headers, keys and values
/// may be null or absent. Records are grouped by partition, in the order of their offsets; a record that is in the
/// payload twice is here once.
#[derive(Debug, Default)]
pub struct MskEvent {
    bytes: Vec<u8>,
    partitions: Vec<Group>,
    records: Vec<Slot>,
    headers: Vec<(Span, Span)>,
}

/// The payload is not what a Kafka event source sends: there is nobody to hand its records to.
#[derive(Debug, thiserror::Error)]
#[error("the payload is no batch of Kafka records: {0}")]
pub struct BrokenEvent(#[from] serde_json::Error);

/// A piece of the buffer.
#[derive(Clone, Copy)]
pub(super) struct Span {
    from: u32,
    to: u32,
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

/// The records of a partition, by their places.
#[derive(Debug)]
struct Group {
    topic: String,
    partition: i32,
    records: Range<usize>,
}

/// What stands in a value's place.
#[derive(Debug, Clone, Copy)]
enum ValueSlot {
    Bytes(Span),
    Absent,
    Undecodable(Span, &'static str),
}

#[derive(Debug, Clone)]
struct Slot {
    /// Which of the partitions, in the order in which they first come.
    group: u32,
    offset: i64,
    timestamp: Timestamp,
    key: Option<Span>,
    value: ValueSlot,
    headers: Range<u32>,
}

const NOT_BASE64: &str = "the value is not base64";
const KEY_NOT_BASE64: &str = "the key is not base64";
const NOT_TEXT: &str = "the value is not a string";

impl MskEvent {
    /// Decodes a payload. `spare` is an event that nobody needs any more, so that its memory is used again, or an empty
    /// one.
    ///
    /// Fails only if the payload as a whole is no JSON of a Kafka event source.
    pub fn decode(payload: &[u8], spare: Self) -> Result<Self, BrokenEvent> {
        let mut loading = Loading::new(payload.len(), spare);
        if quick::read(payload, &mut loading).is_none() {
            loading = Loading::new(payload.len(), loading.event);
            wire::read(payload, &mut loading)?;
        }
        Ok(loading.finish())
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The headers of all records. Records borrow theirs from this list.
    pub fn headers(&self) -> Vec<(&str, &[u8])> {
        let text = |span| std::str::from_utf8(self.piece(span)).unwrap_or_default();
        self.headers.iter().map(|(name, value)| (text(*name), self.piece(*value))).collect()
    }

    /// Each partition with its records; `headers` are those of [`MskEvent::headers`].
    pub fn partitions<'a>(
        &'a self,
        headers: &'a [(&'a str, &'a [u8])],
    ) -> impl Iterator<Item = (Partition<'a>, Vec<Record<'a>>)> {
        self.partitions.iter().map(move |group| {
            let slots = self.records.get(group.records.clone()).unwrap_or_default();
            let records = slots.iter().map(|slot| self.record(slot, headers)).collect();
            (Partition { topic: &group.topic, partition: group.partition }, records)
        })
    }

    fn record<'a>(&'a self, slot: &Slot, headers: &'a [(&'a str, &'a [u8])]) -> Record<'a> {
        let headers = headers.get(slot.headers.start as usize..slot.headers.end as usize);
        Record {
            offset: slot.offset,
            timestamp: slot.timestamp,
            key: slot.key.map(|key| self.piece(key)),
            value: match slot.value {
                ValueSlot::Bytes(span) => Payload::Bytes(self.piece(span)),
                ValueSlot::Absent => Payload::Absent,
                ValueSlot::Undecodable(span, why) => Payload::Undecodable { raw: self.piece(span), why },
            },
            headers: headers.unwrap_or_default(),
        }
    }

    pub(super) fn piece(&self, span: Span) -> &[u8] {
        self.bytes.get(span.from as usize..span.to as usize).unwrap_or_default()
    }
}

/// An event that is being read.
pub(super) struct Loading {
    event: MskEvent,
    used: usize,
    /// Records in the payload's own order.
    is_sorted: bool,
}

/// Decoded bytes; or, as the error, what stood there.
pub(super) type Decoded = Result<Span, Span>;

/// A record as far as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) offset: i64,
    pub(super) timestamp: i64,
    pub(super) key: Option<Span>,
    /// Why the key is not the producer's.
    pub(super) key_is_broken: bool,
    pub(super) value: Option<Decoded>,
    /// The value is no string at all.
    pub(super) is_strange: bool,
    pub(super) headers: u32,
}

impl Draft {
    pub(super) fn set_key(&mut self, key: Option<Decoded>) {
        self.key_is_broken = matches!(key, Some(Err(_)));
        self.key = key.map(|key| key.unwrap_or_else(|raw| raw));
    }
}

impl Loading {
    pub(super) fn new(length: usize, spare: MskEvent) -> Self {
        let mut event = spare;
        // Nothing decodes to more than it was. What a longer event left is overwritten.
        if event.bytes.len() < length {
            event.bytes.resize(length, 0);
        }
        event.partitions.clear();
        event.records.clear();
        event.headers.clear();
        Self { event, used: 0, is_sorted: true }
    }

    /// How many headers were kept so far.
    pub(super) fn headers(&self) -> u32 {
        u32::try_from(self.event.headers.len()).unwrap_or(u32::MAX)
    }

    /// Decodes base64. What is none is kept as it is, as the error.
    pub(super) fn decode(&mut self, text: &[u8]) -> Decoded {
        let room = self.event.bytes.get_mut(self.used..).unwrap_or_default();
        match base64_turbo::STANDARD.decode_slice(text, room) {
            Ok(length) => Ok(self.take(length)),
            Err(_) => Err(self.keep(text)),
        }
    }

    /// Keeps bytes as they are.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Span {
        let to = self.used + bytes.len();
        if self.event.bytes.len() < to {
            self.event.bytes.resize(to, 0);
        }
        if let Some(room) = self.event.bytes.get_mut(self.used..to) {
            room.copy_from_slice(bytes);
        }
        self.take(bytes.len())
    }

    fn take(&mut self, length: usize) -> Span {
        let from = self.used;
        self.used += length;
        // A payload has at most 6 MB, and one of 4 GB would not be here.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { from: place(from), to: place(self.used) }
    }

    /// Keeps a header of the record that is being read.
    pub(super) fn header(&mut self, name: &str, value: impl Iterator<Item = u8>) {
        let name = self.keep(name.as_bytes());
        let value: Vec<u8> = value.collect();
        let value = self.keep(&value);
        self.event.headers.push((name, value));
    }

    /// Finds a partition, or begins it.
    pub(super) fn partition(&mut self, topic: &str, partition: i32) -> u32 {
        let is_it = |group: &Group| group.partition == partition && group.topic == topic;
        let groups = &mut self.event.partitions;
        let place = groups.iter().rposition(is_it).unwrap_or_else(|| {
            groups.push(Group { topic: topic.to_owned(), partition, records: 0..0 });
            groups.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Takes a record.
    pub(super) fn record(&mut self, group: u32, draft: &Draft) {
        let headers = draft.headers..self.headers();
        let value = match draft.value {
            // Whose key is broken came through a broken transport.
            Some(Ok(value) | Err(value)) if draft.key_is_broken => {
                ValueSlot::Undecodable(value, KEY_NOT_BASE64)
            }
            Some(Ok(value)) => ValueSlot::Bytes(value),
            Some(Err(value)) => {
                ValueSlot::Undecodable(value, if draft.is_strange { NOT_TEXT } else { NOT_BASE64 })
            }
            None => ValueSlot::Absent,
        };
        let slot = Slot {
            group,
            offset: draft.offset,
            // Below zero is "no timestamp".
            timestamp: Timestamp::from_millis(u64::try_from(draft.timestamp).unwrap_or_default()),
            key: draft.key,
            value,
            headers,
        };
        if let Some(last) = self.event.records.last() {
            self.is_sorted &= (last.group, last.offset) < (group, slot.offset);
        }
        self.event.records.push(slot);
    }

    pub(super) fn finish(self) -> MskEvent {
        let mut event = self.event;
        if !self.is_sorted {
            // Stable: of a record that is there twice the first one stays.
            event.records.sort_by_key(|slot| (slot.group, slot.offset));
            event.records.dedup_by_key(|slot| (slot.group, slot.offset));
        }
        let mut from = 0;
        for (place, group) in event.partitions.iter_mut().enumerate() {
            let count = event.records[from..].iter().take_while(|slot| slot.group as usize == place).count();
            group.records = from..from + count;
            from += count;
        }
        event.partitions.retain(|group| !group.records.is_empty());
        event
    }
}
