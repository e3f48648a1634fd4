//! What must come out: a plain fold over the whole log, without batches, fences, segments or stores.

use std::collections::BTreeMap;

use semel_exactly_once::batch::{Settings, Totals};

use crate::world::{Logged, START_MS, Value, World, changes, parse};

/// The end of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reference {
    pub numbers: BTreeMap<String, i64>,
    pub parked: BTreeMap<i64, &'static str>,
    pub totals: Totals,
    late_before_ms: u64,
    /// Content and event time of every id's latest application. Nothing is ever dropped: being forgotten is computed.
    applied: BTreeMap<u64, (String, u64)>,
    readings: BTreeMap<String, u64>,
}

impl Reference {
    pub fn of(log: &[Logged], settings: &Settings) -> Self {
        let mut reference = Self::default();
        for record in log {
            reference.take(record, settings);
        }
        reference
    }

    fn take(&mut self, record: &Logged, settings: &Settings) {
        let text = match &record.value {
            Value::Text(text) => text,
            Value::Absent => return self.park(record, "no_value"),
            Value::Undecodable(_) => return self.park(record, "undecodable"),
        };
        let Some((id, time_ms, text_of_changes)) = parse(text) else { return self.park(record, "text") };
        if time_ms > record.at_ms + settings.future_max.as_millis() as u64 {
            return self.park(record, "future_timestamp");
        }
        let time_ms = START_MS + time_ms;
        if time_ms < self.late_before_ms {
            self.totals.late += 1;
            return;
        }
        match self.applied.get(&id) {
            Some((content, at_ms)) if at_ms / 1_000 >= self.late_before_ms / 1_000 => {
                if content != text {
                    return self.park(record, "id_reused");
                }
                self.totals.duplicate += 1;
                return;
            }
            Some(_) | None => {}
        }
        let keys: std::collections::BTreeSet<&str> = changes(text_of_changes).map(|(key, _)| key).collect();
        if keys.len() > settings.items_max {
            return self.park(record, "too_many_aggregates");
        }
        self.apply(text_of_changes, time_ms);
        self.applied.insert(id, (text.clone(), time_ms));
        let believed = time_ms.min(START_MS + record.at_ms);
        let late_before = believed - settings.allowed_lateness.as_millis() as u64;
        self.late_before_ms = self.late_before_ms.max(late_before);
    }

    fn apply(&mut self, text: &str, time_ms: u64) {
        self.totals.applied += 1;
        for (key, number) in changes(text) {
            if !key.starts_with('@') {
                *self.numbers.entry(key.to_owned()).or_default() += number;
            } else if self.readings.get(key).is_none_or(|at| *at <= time_ms) {
                self.readings.insert(key.to_owned(), time_ms);
                self.numbers.insert(key.to_owned(), number);
            }
        }
    }

    fn park(&mut self, record: &Logged, code: &'static str) {
        self.totals.parked += 1;
        self.parked.insert(record.offset, code);
    }

    /// Fails unless the world has come to the same end.
    #[track_caller]
    pub fn assert_reached_by(&self, world: &World, log: &[Logged]) {
        assert_eq!(world.numbers(), self.numbers, "the aggregates");
        assert_eq!(world.parked(), self.parked, "the parked records");
        let fence = world.fence();
        assert_eq!(fence.totals, self.totals, "the totals");
        assert_eq!(fence.totals.records(), log.len() as u64, "every record is judged once");
        assert_eq!(fence.late_before.as_millis(), self.late_before_ms, "the floor");
        assert_eq!(fence.next_offset, log.last().unwrap().offset + 1, "the fence");
    }
}
