//! A chunk: as many records as one transaction can take, folded into one change per aggregate. Pure.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use foldhash::fast::RandomState;
use serde_json::json;

use super::fence::{FenceKey, Totals};
use super::judge::Horizon;
use super::port::{Parked, ParkedPayload};
use super::record::{Payload, Record};
use super::reducer::{Merge, Reducer, Unreadable};
use super::settings::{DETAIL_BYTES_MAX, INLINE_BYTES_MAX};

/// An object to write before the fence moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

type Aggregates<'a, R> = HashMap<<R as Reducer>::Key<'a>, <R as Reducer>::Value, RandomState>;

/// Records that were judged together and are committed together.
pub(super) struct Chunk<'a, R: Reducer> {
    /// How many records it takes.
    pub(super) taken: usize,
    pub(super) next_offset: i64,
    pub(super) horizon: Horizon,
    pub(super) totals: Totals,
    pub(super) aggregates: Aggregates<'a, R>,
    pub(super) parked: Vec<Parked>,
    /// Parked records that are too large for their items.
    pub(super) objects: Vec<Object>,
    items_max: usize,
}

/// What an event changes, as its reducer says; the vector is used again for the next.
pub(super) type Changes<'a, R> = Vec<(<R as Reducer>::Key<'a>, <R as Reducer>::Value)>;

impl<'a, R: Reducer> Chunk<'a, R> {
    pub(super) fn new(horizon: Horizon, items_max: usize) -> Self {
        Self {
            taken: 0,
            next_offset: 0,
            horizon,
            totals: Totals::default(),
            aggregates: HashMap::default(),
            parked: Vec::new(),
            objects: Vec::new(),
            items_max,
        }
    }

    fn room(&self) -> usize {
        self.items_max.saturating_sub(self.aggregates.len() + self.parked.len())
    }

    /// Whether `changes` fit beside what is there. The first record of a chunk always fits, once
    /// [`fold_many`] has found its aggregates to be no more than a transaction's items.
    pub(super) fn has_room_for(&self, changes: &Changes<'a, R>) -> bool {
        let room = self.room();
        changes.len() <= room
            || changes.iter().filter(|(key, _)| !self.aggregates.contains_key(key)).count() <= room
    }

    pub(super) fn has_room_to_park(&self) -> bool {
        self.room() > 0
    }

    pub(super) fn merge(&mut self, changes: &mut Changes<'a, R>) {
        for (key, value) in changes.drain(..) {
            match self.aggregates.entry(key) {
                Entry::Occupied(mut held) => held.get_mut().merge(value),
                Entry::Vacant(place) => {
                    place.insert(value);
                }
            }
        }
    }

    pub(super) fn take(&mut self, record: &Record<'_>) {
        self.taken += 1;
        self.next_offset = record.offset.saturating_add(1);
    }

    pub(super) fn park(&mut self, fence: &FenceKey, record: &Record<'_>, refusal: Unreadable) {
        let mut detail = refusal.detail;
        detail.truncate(detail.floor_char_boundary(DETAIL_BYTES_MAX));
        let (payload, object) = payload_of(fence, record);
        self.objects.extend(object);
        self.parked.push(Parked {
            offset: record.offset,
            timestamp: record.timestamp,
            code: refusal.code,
            detail,
            event_id: refusal.event_id,
            payload,
        });
    }
}

/// Folds changes of the same aggregate within one event, if there are more than `items_max` of them; answers whether
/// that many different ones are left. Only a count of different aggregates may park a record: anything else would
/// depend on what else is in the chunk.
pub(super) fn fold_many<R: Reducer>(changes: &mut Changes<'_, R>, items_max: usize) -> bool {
    if changes.len() <= items_max {
        return true;
    }
    let mut folded: Aggregates<'_, R> = HashMap::default();
    for (key, value) in changes.drain(..) {
        match folded.entry(key) {
            Entry::Occupied(mut held) => held.get_mut().merge(value),
            Entry::Vacant(place) => {
                place.insert(value);
            }
        }
    }
    changes.extend(folded);
    changes.len() <= items_max
}

fn payload_of(fence: &FenceKey, record: &Record<'_>) -> (ParkedPayload, Option<Object>) {
    let value = match record.value {
        Payload::Bytes(value) | Payload::Undecodable { raw: value, .. } => Some(value),
        Payload::Absent => None,
    };
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let size = value.map_or(0, <[u8]>::len) + record.key.map_or(0, <[u8]>::len) + headers;
    if size <= INLINE_BYTES_MAX {
        let headers =
            record.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        let (key, value) = (record.key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec));
        return (ParkedPayload::Inline { key, value, headers }, None);
    }
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    let headers: Vec<_> = record.headers.iter().map(|(name, value)| (name, base64(value))).collect();
    let text = json!({ "key": record.key.map(base64), "value": value.map(base64), "headers": headers });
    let object = Object { key: fence.parked_object(record.offset), bytes: text.to_string().into_bytes() };
    (ParkedPayload::Object(object.key.clone()), Some(object))
}
