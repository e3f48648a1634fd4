//! What a set of values looks like: the types seen in every place, with how often. No value is kept.

use std::collections::BTreeMap;

use serde_json::Value;

use super::path;
use super::types::JsonType;

/// Names that are told apart in one object. All further ones are seen as one, as in a map whose names are data.
pub const MAX_NAMES: usize = 200;

/// Places of one event type that are kept; what is in further ones is not looked at.
pub const MAX_PLACES: usize = 10_000;

/// How deep values are looked into.
pub const MAX_DEPTH: usize = 64;

/// The shape of all values of one event type.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub root: Place,
    places: usize,
}

/// What was seen in one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// How many values of each type.
    pub types: BTreeMap<JsonType, u64>,
    /// What was in the fields of objects.
    pub names: BTreeMap<String, Place>,
    /// What was in the fields beyond [`MAX_NAMES`].
    pub further: Option<Box<Place>>,
    /// What was in the elements of lists.
    pub items: Option<Box<Place>>,
}

impl Shape {
    /// Takes in one more value.
    pub fn add(&mut self, value: &Value) {
        let mut room = Room { places: MAX_PLACES - self.places };
        self.root.add(value, MAX_DEPTH, &mut room);
        self.places = MAX_PLACES - room.places;
    }

    /// Takes in what `describe` says of the root.
    pub fn describe(&mut self, describe: impl FnOnce(&mut Place, &mut Room)) {
        let mut room = Room { places: MAX_PLACES - self.places };
        describe(&mut self.root, &mut room);
        self.places = MAX_PLACES - room.places;
    }
}

/// How many places may still come.
pub(super) struct Room {
    places: usize,
}

impl Room {
    fn take(&mut self) -> bool {
        let is_left = self.places > 0;
        self.places = self.places.saturating_sub(1);
        is_left
    }
}

impl Place {
    fn add(&mut self, value: &Value, depth: usize, room: &mut Room) {
        *self.types.entry(JsonType::of(value)).or_default() += 1;
        let Some(depth) = depth.checked_sub(1) else { return };
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let Some(place) = self.field(name, room) {
                        place.add(value, depth, room);
                    }
                }
            }
            Value::Array(list) => {
                for value in list {
                    if let Some(place) = self.element(room) {
                        place.add(value, depth, room);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The place of a field, if there is room for it.
    pub fn field(&mut self, name: &str, room: &mut Room) -> Option<&mut Self> {
        let name = path::kept(name);
        if self.names.contains_key(&name) || (self.names.len() < MAX_NAMES && room.take()) {
            return Some(self.names.entry(name).or_default());
        }
        self.further(room)
    }

    /// The place of all fields beyond the bound, if there is room for it.
    pub fn further(&mut self, room: &mut Room) -> Option<&mut Self> {
        if self.further.is_none() && room.take() {
            self.further = Some(Box::default());
        }
        self.further.as_deref_mut()
    }

    /// The place of a list's elements, if there is room for it.
    pub fn element(&mut self, room: &mut Room) -> Option<&mut Self> {
        if self.items.is_none() && room.take() {
            self.items = Some(Box::default());
        }
        self.items.as_deref_mut()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn count(place: &Place) -> usize {
        let inside = place.names.values().chain(place.further.as_deref()).chain(place.items.as_deref());
        1 + inside.map(count).sum::<usize>()
    }

    #[test]
    fn types_are_counted_in_every_place() {
        let mut shape = Shape::default();
        shape.add(&json!({ "a": [1, 1.5, 2.0, null] }));
        shape.add(&json!({ "a": "x" }));
        let a = &shape.root.names["a"];
        assert_eq!(a.types, [(JsonType::Array, 1), (JsonType::String, 1)].into());
        let items = &a.items.as_ref().expect("elements were seen").types;
        assert_eq!(*items, [(JsonType::Integer, 2), (JsonType::Number, 1), (JsonType::Null, 1)].into());
    }

    #[test]
    fn names_that_are_data_become_one_place() {
        let mut shape = Shape::default();
        for number in 0..10_000 {
            shape.add(&json!({ format!("customer-{number}"): { "sum": number } }));
        }
        assert_eq!(shape.root.names.len(), MAX_NAMES);
        let further = shape.root.further.as_ref().expect("there were more");
        let beyond = u64::try_from(10_000 - MAX_NAMES).expect("a small number");
        assert_eq!(further.names["sum"].types, [(JsonType::Integer, beyond)].into());
    }

    #[test]
    fn places_are_bounded_whatever_comes() {
        let mut shape = Shape::default();
        for outer in 0..MAX_NAMES {
            let inner: serde_json::Map<String, Value> =
                (0..MAX_NAMES).map(|inner| (format!("n{inner}"), json!([outer]))).collect();
            shape.add(&json!({ format!("o{outer}"): inner }));
        }
        assert_eq!(count(&shape.root), MAX_PLACES + 1);
        let mut deep = json!(1);
        for _ in 0..1_000 {
            deep = json!([deep]);
        }
        let mut shape = Shape::default();
        shape.add(&deep);
        assert_eq!(count(&shape.root), MAX_DEPTH + 1);
    }
}
