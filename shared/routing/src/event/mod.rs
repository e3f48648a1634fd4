//! An event, read as far as patterns look at it: its leaves, by path, and the array elements that each lies in.
//!
//! Reads from text without building a tree, or from a tree. Knows nothing of conditions.

mod paths;
mod reading;

pub use paths::{FieldId, Paths};

use crate::condition::Scalar;

/// A place in an array: which array of the event, and which element.
pub type Place = (u32, u32);

/// The leaves of one event that somebody looks at, in the order of their fields.
#[derive(Debug, Default)]
pub struct Event<'e> {
    leaves: Vec<Leaf<'e>>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Leaf<'e> {
    field: FieldId,
    value: Scalar<'e>,
    /// Where in the event's places its own are.
    within: std::ops::Range<usize>,
}

/// What does not hold a JSON object.
#[derive(Debug, thiserror::Error)]
#[error("an event must be a JSON object: {0}")]
pub struct NotAnEvent(#[from] serde_json::Error);

impl<'e> Event<'e> {
    /// Reads the leaves at these paths from JSON text.
    pub fn from_json(paths: &Paths, json: &'e [u8]) -> Result<Self, NotAnEvent> {
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let event = reading::read(paths, &mut deserializer)?;
        deserializer.end()?;
        Ok(event)
    }

    /// Takes the leaves at these paths from a JSON value.
    pub fn from_value(paths: &Paths, value: &'e serde_json::Value) -> Result<Self, NotAnEvent> {
        Ok(reading::read(paths, value)?)
    }

    /// Every value at a path with the array elements it lies in, the outermost first, in the event's order.
    ///
    /// A value that is itself an element does not lie in that array: it may be combined with any other field.
    pub fn at(&self, field: FieldId) -> impl ExactSizeIterator<Item = (&Scalar<'e>, &[Place])> {
        self.leaves_at(field).iter().map(|leaf| self.shown(leaf))
    }

    /// The values at a path that do not lie in other elements of the array around them than those given.
    ///
    /// Goes from one to the next without looking at those between, as far as the outermost array tells: arrays are
    /// numbered in the event's order, and so the values are sorted by it.
    pub fn within<'s>(
        &'s self,
        field: FieldId,
        settled: &'s [Place],
    ) -> impl Iterator<Item = (&'s Scalar<'e>, &'s [Place])> {
        let mut rest = self.leaves_at(field);
        std::iter::from_fn(move || {
            loop {
                let (leaf, after) = rest.split_first()?;
                let (value, places) = self.shown(leaf);
                let settled = |array| settled.iter().find(|(settled, _)| *settled == array).copied();
                let wanted = places.first().and_then(|(array, _)| settled(*array));
                match (wanted, places.first()) {
                    (Some(wanted), Some(place)) if wanted != *place => {
                        let end = if *place < wanted { wanted } else { (wanted.0 + 1, 0) };
                        let before = |leaf: &Leaf<'_>| self.places[leaf.within.clone()].first() < Some(&end);
                        rest = &rest[rest.partition_point(before)..];
                    }
                    _ => {
                        rest = after;
                        return Some((value, places));
                    }
                }
            }
        })
    }

    fn leaves_at(&self, field: FieldId) -> &[Leaf<'e>] {
        let from = self.leaves.partition_point(|leaf| leaf.field < field);
        let count = self.leaves[from..].partition_point(|leaf| leaf.field == field);
        &self.leaves[from..from + count]
    }

    fn shown<'s>(&'s self, leaf: &'s Leaf<'e>) -> (&'s Scalar<'e>, &'s [Place]) {
        (&leaf.value, &self.places[leaf.within.clone()])
    }

    /// Every value, with its field.
    pub fn leaves(&self) -> impl Iterator<Item = (FieldId, &Scalar<'e>)> {
        self.leaves.iter().map(|leaf| (leaf.field, &leaf.value))
    }

    /// Whether no value lies in an array's element, so that all can be combined.
    pub const fn is_flat(&self) -> bool {
        self.places.is_empty()
    }
}
