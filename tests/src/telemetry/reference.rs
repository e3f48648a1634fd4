//! What must come out: a plain fold over the log, one record after the other, by the rules as they are documented.
//!
//! Without batches, fences, ledgers or stores; events are read by the contract's own decoder. Nothing is ever
//! forgotten here: that an id no longer counts is computed from its time.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use semel_contracts::{EventId, Telemetry, Timestamp, decode_telemetry};

use crate::StoredFigures;

/// How long the figures of a minute are kept.
const KEPT_S: u64 = 90 * 24 * 60 * 60;

/// What the verdict depends on besides the log.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How far behind the watermark an event may be.
    pub allowed_lateness_ms: u64,
    /// How far ahead of Kafka's time an event's may be.
    pub future_max_ms: u64,
    /// Which life of the topic it is.
    pub epoch: u64,
}

/// Why a record is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is no event.
    Unreadable,
    /// Its time is too far ahead.
    FutureTimestamp,
    /// Its id was applied with another content.
    IdReused,
}

impl Reason {
    /// The reason that a stored code stands for: what is not the protocol's own is the decoder's.
    pub fn of(code: &str) -> Self {
        match code {
            "future_timestamp" => Self::FutureTimestamp,
            "id_reused" => Self::IdReused,
            _ => Self::Unreadable,
        }
    }
}

/// How many records came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Took effect.
    pub applied: u64,
    /// Had taken effect already.
    pub duplicate: u64,
    /// Came too late.
    pub late: u64,
    /// Parked as [`Reason::Unreadable`].
    pub unreadable: u64,
    /// Parked as [`Reason::FutureTimestamp`].
    pub future: u64,
    /// Parked as [`Reason::IdReused`].
    pub reused: u64,
}

impl Tally {
    /// All that are parked.
    pub fn parked(self) -> u64 {
        self.unreadable + self.future + self.reused
    }

    /// All records.
    pub fn records(self) -> u64 {
        self.applied + self.duplicate + self.late + self.parked()
    }
}

#[derive(Debug, Default)]
struct Partition {
    tally: Tally,
    next_offset: i64,
    late_before_ms: u64,
    /// The content and the time with which each id was applied last.
    applied: HashMap<EventId, (Bytes, u64)>,
}

/// The end of a topic's log.
#[derive(Debug)]
pub struct Reference {
    topic: String,
    rules: Rules,
    partitions: BTreeMap<i32, Partition>,
    figures: StoredFigures,
    parked: BTreeMap<(i32, i64), Reason>,
}

impl Reference {
    /// Before the first record of `topic`.
    pub fn new(topic: &str, rules: Rules) -> Self {
        Self {
            topic: topic.to_owned(),
            rules,
            partitions: BTreeMap::new(),
            figures: StoredFigures::new(),
            parked: BTreeMap::new(),
        }
    }

    /// Takes the next record of a partition, with Kafka's time of it.
    pub fn take(&mut self, partition: i32, offset: i64, kafka_ms: u64, value: Option<&Bytes>) {
        let state = self.partitions.entry(partition).or_default();
        assert!(offset >= state.next_offset, "the log is read in order");
        state.next_offset = offset + 1;
        match judge(state, self.rules, kafka_ms, value) {
            Ok(Some((at_ms, event))) => self.apply(partition, at_ms, event),
            Ok(None) => {}
            Err(reason) => {
                self.parked.insert((partition, offset), reason);
            }
        }
    }

    /// The figures.
    pub fn figures(&self) -> &StoredFigures {
        &self.figures
    }

    /// What is parked, by partition and offset.
    pub fn parked(&self) -> &BTreeMap<(i32, i64), Reason> {
        &self.parked
    }

    /// What a partition's records came to, where its fence must stand, and before when an event is late there.
    pub fn partition(&self, partition: i32) -> Option<(Tally, i64, u64)> {
        let state = self.partitions.get(&partition)?;
        Some((state.tally, state.next_offset, state.late_before_ms))
    }

    /// What all records came to.
    pub fn total(&self) -> Tally {
        self.partitions.values().fold(Tally::default(), |sum, Partition { tally, .. }| Tally {
            applied: sum.applied + tally.applied,
            duplicate: sum.duplicate + tally.duplicate,
            late: sum.late + tally.late,
            unreadable: sum.unreadable + tally.unreadable,
            future: sum.future + tally.future,
            reused: sum.reused + tally.reused,
        })
    }

    fn apply(&mut self, partition: i32, at_ms: u64, event: Telemetry) {
        let writer = format!("{}-{partition}@{}", self.topic, self.rules.epoch);
        let at = Timestamp::from_millis(at_ms).to_string();
        match event {
            Telemetry::ProductViewed(view) => {
                let window = format!("{}Z", &at[..16]);
                let item = self.item(format!("product#{}", view.sku), format!("{window}#{writer}"));
                add(item, "views", 1);
                item.insert("expires_at".to_owned(), (at_ms / 60_000 * 60 + KEPT_S).to_string());
            }
            Telemetry::ShelfCounted(count) => {
                let pk = format!("shelf#{}#{}", count.warehouse, count.shelf);
                let item = self.item(pk, format!("{}#{writer}", count.sku));
                add(item, "reports", 1);
                read(item, &at, &[("quantity", count.quantity.get().to_string())]);
            }
            Telemetry::DeviceReported(report) => {
                let item = self.item(format!("device#{}", report.device_id), format!("health#{writer}"));
                add(item, "reports", 1);
                add(item, "errors", report.errors.get().into());
                let readings = [
                    ("battery_percent", report.battery_percent.get().to_string()),
                    ("signal_dbm", report.signal_dbm.get().to_string()),
                    ("temperature_decicelsius", report.temperature_decicelsius.get().to_string()),
                    ("firmware", report.firmware.to_string()),
                    ("uptime_seconds", report.uptime_seconds.get().to_string()),
                ];
                read(item, &at, &readings);
            }
            Telemetry::PageViewed(_) | Telemetry::CartUpdated(_) | Telemetry::ItemScanned(_) => {}
        }
    }

    fn item(&mut self, pk: String, sk: String) -> &mut BTreeMap<String, String> {
        self.figures.entry((pk, sk)).or_default()
    }
}

/// What takes effect, with its time; nothing; or why it is parked.
fn judge(
    state: &mut Partition,
    rules: Rules,
    kafka_ms: u64,
    value: Option<&Bytes>,
) -> Result<Option<(u64, Telemetry)>, Reason> {
    let event = value.and_then(|value| Some((value, decode_telemetry(value).ok()?)));
    let Some((value, event)) = event else {
        state.tally.unreadable += 1;
        return Err(Reason::Unreadable);
    };
    let at_ms = event.timestamp.as_millis();
    if at_ms > kafka_ms + rules.future_max_ms {
        state.tally.future += 1;
        return Err(Reason::FutureTimestamp);
    }
    if at_ms < state.late_before_ms {
        state.tally.late += 1;
        return Ok(None);
    }
    if let Some((content, known_ms)) = state.applied.get(&event.event_id)
        && known_ms / 1_000 >= state.late_before_ms / 1_000
    {
        if content == value {
            state.tally.duplicate += 1;
            return Ok(None);
        }
        state.tally.reused += 1;
        return Err(Reason::IdReused);
    }
    state.tally.applied += 1;
    state.applied.insert(event.event_id, (value.clone(), at_ms));
    // A clock that is ahead makes nobody else late.
    let believed_ms = at_ms.min(kafka_ms);
    state.late_before_ms = state.late_before_ms.max(believed_ms.saturating_sub(rules.allowed_lateness_ms));
    Ok(Some((at_ms, event.data)))
}

/// A sum of nothing is not stored.
fn add(item: &mut BTreeMap<String, String>, name: &str, number: u64) {
    let sum = item.get(name).map_or(0, |digits| digits.parse::<u64>().expect("digits")) + number;
    if sum > 0 {
        item.insert(name.to_owned(), sum.to_string());
    }
}

/// The reading of the latest event time counts; of two of the same moment the later one in the log.
fn read(item: &mut BTreeMap<String, String>, at: &str, readings: &[(&str, String)]) {
    if item.get("at").is_none_or(|known| known.as_str() <= at) {
        item.insert("at".to_owned(), at.to_owned());
        for (name, value) in readings {
            item.insert((*name).to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests;
