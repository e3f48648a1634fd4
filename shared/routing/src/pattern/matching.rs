//! Whether an alternative matches: on fields that may be combined.
//!
//! Two values from different elements of one array may not: a pattern on `lines.sku` and `lines.quantity` wants one
//! line with both. Fields are settled in the order of their paths, as `EventBridge` does it, which decides what
//! `exists: false` means: that no value is there that could be combined with those settled before.

use super::{Branch, Field};
use crate::condition::{Condition, Scalar};
use crate::event::{Event, Place};

/// The array elements that the fields so far were found in, by array.
type Settled = Vec<Place>;

impl Field {
    pub(super) fn takes(&self, value: &Scalar<'_>) -> bool {
        self.conditions.iter().any(|condition| condition.holds(value))
    }

    pub(super) fn takes_none(&self) -> bool {
        self.conditions.contains(&Condition::Absent)
    }

    /// Whether it matches when it need not be combined with others.
    pub(super) fn matches_alone(&self, event: &Event<'_>) -> bool {
        let mut values = event.at(self.id);
        if values.len() == 0 { self.takes_none() } else { values.any(|(value, _)| self.takes(value)) }
    }
}

impl Branch {
    /// Whether every field matches.
    pub(crate) fn matches(&self, event: &Event<'_>) -> bool {
        if event.is_flat() {
            return self.fields.iter().all(|field| field.matches_alone(event));
        }
        self.first_inconsistent(event).is_none()
    }

    /// The field at which no way is left to combine the values.
    ///
    /// Goes on with every way at once. Ways that differ only in arrays that no later field lies in are one, so that
    /// there are never more of them than the event has elements at one path.
    pub(super) fn first_inconsistent(&self, event: &Event<'_>) -> Option<usize> {
        let mut ways: Vec<Settled> = vec![Settled::new()];
        for (at, field) in self.fields.iter().enumerate() {
            let mut next = Vec::with_capacity(ways.len());
            for way in &ways {
                extend(field, event, way, &mut next);
            }
            if next.is_empty() {
                return Some(at);
            }
            let later = self.arrays_after(at, event);
            for way in &mut next {
                way.retain(|(array, _)| later.binary_search(array).is_ok());
            }
            next.sort_unstable();
            next.dedup();
            ways = next;
        }
        None
    }

    /// The arrays that values of later fields lie in, sorted.
    fn arrays_after(&self, at: usize, event: &Event<'_>) -> Vec<u32> {
        let later = self.fields[at + 1..].iter().flat_map(|field| event.at(field.id));
        let mut arrays: Vec<u32> =
            later.flat_map(|(_, places)| places.iter().map(|(array, _)| *array)).collect();
        arrays.sort_unstable();
        arrays.dedup();
        arrays
    }
}

/// Every way on from here that the field allows.
fn extend(field: &Field, event: &Event<'_>, way: &Settled, next: &mut Vec<Settled>) {
    let mut is_there = false;
    for (value, places) in event.within(field.id, way) {
        if let Some(joined) = join(way, places) {
            is_there = true;
            if field.takes(value) {
                next.push(joined);
            }
        }
    }
    if !is_there && field.takes_none() {
        next.push(way.clone());
    }
}

/// Both together, unless they are in different elements of one array.
fn join(way: &Settled, places: &[Place]) -> Option<Settled> {
    let mut joined = way.clone();
    for place in places {
        match joined.binary_search_by_key(&place.0, |(array, _)| *array) {
            Ok(known) if joined[known] != *place => return None,
            Ok(_) => {}
            Err(new) => joined.insert(new, *place),
        }
    }
    Some(joined)
}
