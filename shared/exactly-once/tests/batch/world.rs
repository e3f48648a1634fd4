//! A small world: records as text, a reducer that sums, and containers on shared stores.

use std::collections::BTreeMap;
use std::time::Duration;

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::batch::{
    Attributes, Batches, Counts, Delta, Fence, FenceKey, FenceStore, Interrupted, ItemKey, Merge,
    ObjectStore, Observed, Partition, Payload, Record, Reducer, Scalar, Settings, Stream, Unreadable,
};
use semel_testkit::{MemoryFences, MemoryObjects, SimulatedClock, block_on};

/// When the logs begin, in milliseconds since the epoch.
pub const START_MS: u64 = 1_767_225_600_000;

pub const PARTITION: Partition<'static> = Partition { topic: "telemetry", partition: 3 };

/// A record that a test owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub offset: i64,
    /// Kafka's timestamp, milliseconds after [`START_MS`].
    pub at_ms: u64,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Absent,
    Undecodable(&'static str),
}

impl Logged {
    pub fn new(offset: i64, at_ms: u64, text: impl Into<String>) -> Self {
        Self { offset, at_ms, value: Value::Text(text.into()) }
    }

    pub fn record(&self) -> Record<'_> {
        let value = match &self.value {
            Value::Text(text) => Payload::Bytes(text.as_bytes()),
            Value::Absent => Payload::Absent,
            Value::Undecodable(raw) => Payload::Undecodable { raw: raw.as_bytes(), why: "not base64" },
        };
        let timestamp = Timestamp::from_millis(START_MS + self.at_ms);
        Record { offset: self.offset, timestamp, key: Some(b"key"), value, headers: &[("h", b"1")] }
    }
}

/// An event's text: `<id> <milliseconds after the start> <key>=<number> ...`. A key that begins with `@` is a reading:
/// the last one by event time counts. Others are sums.
pub fn event(id: u64, at_ms: u64, changes: &str) -> String {
    format!("{id} {at_ms} {changes}")
}

/// Events at one a second from the start, each adding 1 to key `a`.
pub fn plain_log(ids: std::ops::Range<u64>) -> Vec<Logged> {
    let one = |id: u64| Logged::new(id.cast_signed(), id * 1_000, event(id, id * 1_000, "a=1"));
    ids.map(one).collect()
}

pub fn id(n: u64) -> EventId {
    EventId::from_bytes(u128::from(n).to_be_bytes())
}

#[derive(Debug, Clone, Default)]
pub struct Sums;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Sum(i64),
    Last { time_ms: u64, number: i64 },
}

impl Merge for Change {
    fn merge(&mut self, later: Self) {
        match (&mut *self, later) {
            (Self::Sum(sum), Self::Sum(more)) => *sum += more,
            // By event time; of two at the same time, the later in the log.
            (Self::Last { time_ms, .. }, Self::Last { time_ms: newer, .. }) if newer < *time_ms => {}
            (held, later) => *held = later,
        }
    }
}

pub struct Parsed<'a> {
    changes: &'a str,
    time_ms: u64,
}

pub fn parse(text: &str) -> Option<(u64, u64, &str)> {
    let mut parts = text.splitn(3, ' ');
    let id = parts.next()?.parse().ok()?;
    let at_ms = parts.next()?.parse().ok()?;
    Some((id, at_ms, parts.next()?))
}

pub fn changes(text: &str) -> impl Iterator<Item = (&str, i64)> {
    text.split_whitespace()
        .filter_map(|part| part.split_once('='))
        .map(|(key, number)| (key, number.parse().unwrap_or(0)))
}

impl Reducer for Sums {
    type Event<'a> = Parsed<'a>;
    type Key<'a> = &'a str;
    type Value = Change;

    fn observe<'a>(&self, topic: &str, value: &'a [u8]) -> Result<Observed<Parsed<'a>>, Unreadable> {
        assert_eq!(topic, PARTITION.topic);
        let text = std::str::from_utf8(value).map_err(|e| Unreadable::new("utf8", e.to_string()))?;
        let (number, time_ms, changes) = parse(text).ok_or_else(|| Unreadable::new("text", text))?;
        let time = Timestamp::from_millis(START_MS + time_ms);
        Ok(Observed { id: id(number), time, event: Parsed { changes, time_ms } })
    }

    fn reduce<'a>(&self, observed: &Observed<Parsed<'a>>, out: &mut Vec<(&'a str, Change)>) {
        for (key, number) in changes(observed.event.changes) {
            let last = Change::Last { time_ms: observed.event.time_ms, number };
            out.push((key, if key.starts_with('@') { last } else { Change::Sum(number) }));
        }
    }

    fn delta(&self, fence: &FenceKey, key: &&str, value: &Change) -> Delta {
        let key = ItemKey { pk: (*key).to_owned(), sk: fence.writer() };
        let (add, set) = match value {
            Change::Sum(sum) => (vec![("sum", *sum)], Vec::new()),
            Change::Last { time_ms, number } => {
                let at = Scalar::Number(time_ms.cast_signed());
                (Vec::new(), vec![("last", Scalar::Number(*number)), ("at", at)])
            }
        };
        Delta { key, add, set, expires_at: None }
    }

    fn needs_prior(&self, key: &&str) -> bool {
        key.starts_with('@')
    }

    fn recall(&self, _key: &&str, item: &Attributes) -> Result<Change, Unreadable> {
        let number = |name: &str| match item.get(name) {
            Some(Scalar::Number(number)) => Ok(*number),
            other => Err(Unreadable::new("stored", format!("{name} is {other:?}"))),
        };
        Ok(Change::Last { time_ms: number("at")?.cast_unsigned(), number: number("last")? })
    }
}

/// What outlives containers.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub fences: MemoryFences,
    pub objects: MemoryObjects,
    pub clock: SimulatedClock,
}

/// Bounds small enough that everything happens in a short log.
pub fn tight() -> Settings {
    Settings {
        allowed_lateness: Duration::from_secs(10),
        future_max: Duration::from_secs(10),
        tail_max: 3,
        segment_ids_max: 8,
        items_max: 5,
        reads_max: 2,
        ..Settings::default()
    }
}

pub fn stream() -> Stream {
    Stream { consumer: "analytics".to_owned(), cluster: "main".to_owned(), epoch: 1 }
}

pub type Container<S, O> = Batches<Sums, S, O, SimulatedClock>;

impl World {
    /// A container that has not seen anything yet.
    pub fn container(&self, settings: Settings) -> Container<MemoryFences, MemoryObjects> {
        self.container_on(self.fences.clone(), self.objects.clone(), settings)
    }

    pub fn container_on<S: FenceStore, O: ObjectStore>(
        &self,
        fences: S,
        objects: O,
        settings: Settings,
    ) -> Container<S, O> {
        Batches::new(Sums, fences, objects, self.clock.clone(), stream(), settings)
    }

    pub fn key(&self) -> FenceKey {
        self.container(tight()).key(PARTITION)
    }

    pub fn fence(&self) -> Fence {
        block_on(self.fences.load(&self.key())).unwrap().unwrap()
    }

    /// The numbers of every aggregate: sums, and last readings.
    pub fn numbers(&self) -> BTreeMap<String, i64> {
        let number = |(key, item): (ItemKey, Attributes)| match item.get("sum").or(item.get("last")) {
            Some(Scalar::Number(number)) => (key.pk, *number),
            other => panic!("{key:?} holds {other:?}"),
        };
        self.fences.items().into_iter().map(number).collect()
    }

    /// Offsets of the parked records with their codes.
    pub fn parked(&self) -> BTreeMap<i64, &'static str> {
        self.fences.all_parked().into_iter().map(|((_, offset), record)| (offset, record.code)).collect()
    }
}

pub async fn deliver<S: FenceStore, O: ObjectStore>(
    container: &Container<S, O>,
    log: &[Logged],
) -> Result<Counts, Interrupted> {
    let records: Vec<Record<'_>> = log.iter().map(Logged::record).collect();
    container.handle(PARTITION, &records).await
}

/// Delivers and expects it to work.
pub fn apply<S: FenceStore, O: ObjectStore>(container: &Container<S, O>, log: &[Logged]) -> Counts {
    block_on(deliver(container, log)).unwrap()
}
