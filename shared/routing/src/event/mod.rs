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

    /// Every value at a path with the array elements it lies in, the outermost first.
    ///
    /// A value that is itself an element does not lie in that array: it may be combined with any other field.
    pub fn at(&self, field: FieldId) -> impl ExactSizeIterator<Item = (&Scalar<'e>, &[Place])> {
        let from = self.leaves.partition_point(|leaf| leaf.field < field);
        let count = self.leaves[from..].partition_point(|leaf| leaf.field == field);
        self.leaves[from..from + count].iter().map(|leaf| (&leaf.value, &self.places[leaf.within.clone()]))
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
