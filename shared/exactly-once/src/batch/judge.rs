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

/// What a record holds, which does not depend on any other record.
pub(super) type Reading<E> = Result<Read<E>, Unreadable>;

pub(super) struct Read<E> {
    pub(super) observed: Observed<E>,
    /// The hash of its content.
    pub(super) content: u32,
    /// The hash under which the ledger looks for its id.
    pub(super) id_hash: u64,
}

pub(super) enum Judgement<E> {
    /// To be applied.
    Fresh(Read<E>),
    Duplicate,
    Late,
    Refused(Unreadable),
}

pub(super) fn read<'a, R: Reducer>(
    reducer: &R,
    topic: &str,
    record: &Record<'a>,
    ledger: &Ledger,
) -> Reading<R::Event<'a>> {
    let value = match record.value {
        Payload::Bytes(value) => value,
        Payload::Absent => return Err(Unreadable::new(reason::NO_VALUE, "the record has no value")),
        Payload::Undecodable { why, .. } => return Err(Unreadable::new(reason::UNDECODABLE, why)),
    };
    let observed = reducer.observe(topic, value)?;
    let id_hash = ledger.hash(observed.id);
    ledger.expect(id_hash);
    Ok(Read { content: low_half(xxh3_64(value)), id_hash, observed })
}

pub(super) fn judge<E>(
    reading: Reading<E>,
    record: &Record<'_>,
    horizon: Horizon,
    ledger: &Ledger,
    settings: &Settings,
) -> Judgement<E> {
    let read = match reading {
        Ok(read) => read,
        Err(unreadable) => return Judgement::Refused(unreadable),
    };
    let observed = &read.observed;
    if observed.time > record.timestamp.saturating_add(settings.future_max) {
        let detail = format!("the event's time {} is ahead of Kafka's {}", observed.time, record.timestamp);
        let event_id = Some(observed.id);
        return Judgement::Refused(Unreadable { code: reason::FUTURE_TIMESTAMP, detail, event_id });
    }
    if observed.time < horizon.late_before {
        return Judgement::Late;
    }
    match ledger.content_of_hashed(observed.id, read.id_hash, horizon.floor_s()) {
        None => Judgement::Fresh(read),
        Some(applied) if applied == read.content => Judgement::Duplicate,
        Some(_) => Judgement::Refused(Unreadable {
            code: reason::ID_REUSED,
            detail: format!("an event of the id {} with another content was applied before", observed.id),
            event_id: Some(observed.id),
        }),
    }
}
