//! What becomes of one record: a pure function of the log before it. Never of a clock, nor of how batches are cut.

use semel_contracts::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::ledger::{Ledger, low_half};
use super::record::{Payload, Record};
use super::reducer::{Observed, Reducer, Unreadable};
use super::settings::{Settings, reason};
use crate::seen::whole_seconds;

/// How far event time has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizon {
    pub(super) watermark: Option<Timestamp>,
    pub(super) late_before: Timestamp,
}

impl Horizon {
    pub(super) const START: Self = Self { watermark: None, late_before: Timestamp::EPOCH };

    /// The second before which ids are forgotten. Rounded down: an event that is not late is never forgotten.
    pub(super) fn floor_s(self) -> u32 {
        whole_seconds(self.late_before)
    }

    /// Moves on with an applied event. A time ahead of the brokers' counts as theirs: one wrong clock among the
    /// producers must not make the others' events late.
    pub(super) fn advance(&mut self, time: Timestamp, kafka_time: Timestamp, settings: &Settings) {
        let believed = time.min(kafka_time);
        let watermark = self.watermark.map_or(believed, |w| w.max(believed));
        self.watermark = Some(watermark);
        self.late_before = self.late_before.max(watermark.saturating_sub(settings.allowed_lateness));
    }
}

pub(super) enum Judgement<E> {
    /// To be applied, with the hash of its content.
    Fresh(Observed<E>, u32),
    Duplicate,
    Late,
    Refused(Unreadable),
}

pub(super) fn judge<'a, R: Reducer>(
    reducer: &R,
    topic: &str,
    record: &Record<'a>,
    horizon: Horizon,
    ledger: &Ledger,
    settings: &Settings,
) -> Judgement<R::Event<'a>> {
    let value = match record.value {
        Payload::Bytes(value) => value,
        Payload::Absent => return refuse(reason::NO_VALUE, "the record has no value"),
        Payload::Undecodable { why, .. } => return refuse(reason::UNDECODABLE, why),
    };
    let observed = match reducer.observe(topic, value) {
        Ok(observed) => observed,
        Err(unreadable) => return Judgement::Refused(unreadable),
    };
    if observed.time > record.timestamp.saturating_add(settings.future_max) {
        let detail = format!("the event's time {} is ahead of Kafka's {}", observed.time, record.timestamp);
        let event_id = Some(observed.id);
        return Judgement::Refused(Unreadable { code: reason::FUTURE_TIMESTAMP, detail, event_id });
    }
    if observed.time < horizon.late_before {
        return Judgement::Late;
    }
    let content = low_half(xxh3_64(value));
    match ledger.content_of(observed.id, horizon.floor_s()) {
        None => Judgement::Fresh(observed, content),
        Some(applied) if applied == content => Judgement::Duplicate,
        Some(_) => Judgement::Refused(Unreadable {
            code: reason::ID_REUSED,
            detail: format!("an event of the id {} with another content was applied before", observed.id),
            event_id: Some(observed.id),
        }),
    }
}

fn refuse<E>(code: &'static str, detail: &str) -> Judgement<E> {
    Judgement::Refused(Unreadable::new(code, detail))
}
