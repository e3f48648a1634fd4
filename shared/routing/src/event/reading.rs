//! Walks through an event and keeps the leaves at known paths.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::paths::{Paths, StepId};
use super::{Event, Leaf, Place};
use crate::condition::Scalar;
use crate::number::Number;

/// Reads an object's leaves.
pub fn read<'e, D: Deserializer<'e>>(paths: &Paths, deserializer: D) -> Result<Event<'e>, D::Error> {
    let mut walk = Walk { paths, event: Event::default(), inside: Vec::new(), arrays: 0 };
    deserializer.deserialize_map(Root(&mut walk))?;
    // Stable: the values of a field stay in the event's order.
    walk.event.leaves.sort_by_key(|leaf| leaf.field);
    Ok(walk.event)
}

/// Where the walk is and what it found.
struct Walk<'p, 'e> {
    paths: &'p Paths,
    event: Event<'e>,
    /// The array elements around the current value.
    inside: Vec<Place>,
    /// Arrays seen so far, which numbers them.
    arrays: u32,
}

impl<'e> Walk<'_, 'e> {
    fn object<A: MapAccess<'e>>(&mut self, at: StepId, mut members: A) -> Result<(), A::Error> {
        while let Some(next) = members.next_key_seed(Name { paths: self.paths, at })? {
            match next {
                Some(at) => members.next_value_seed(Here { walk: self, at, is_element: false })?,
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn array<A: SeqAccess<'e>>(&mut self, at: StepId, mut elements: A) -> Result<(), A::Error> {
        let array = self.arrays;
        self.arrays += 1;
        for index in 0.. {
            self.inside.push((array, index));
            let found = elements.next_element_seed(Here { walk: self, at, is_element: true })?;
            self.inside.pop();
            if found.is_none() {
                break;
            }
        }
        Ok(())
    }
}

struct Root<'w, 'p, 'e>(&'w mut Walk<'p, 'e>);

impl<'e> Visitor<'e> for Root<'_, '_, 'e> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'e>>(self, members: A) -> Result<(), A::Error> {
        self.0.object(Paths::ROOT, members)
    }
}

/// A member's name: where it leads.
struct Name<'p> {
    paths: &'p Paths,
    at: StepId,
}

impl<'e> DeserializeSeed<'e> for Name<'_> {
    type Value = Option<StepId>;

    fn deserialize<D: Deserializer<'e>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<StepId>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.paths.step(self.at, name))
    }
}

/// A value at a known step.
struct Here<'w, 'p, 'e> {
    walk: &'w mut Walk<'p, 'e>,
    at: StepId,
    is_element: bool,
}

impl<'e> Here<'_, '_, 'e> {
    fn keep(self, value: Scalar<'e>) {
        let Some(field) = self.walk.paths.field(self.at) else { return };
        let around = self.walk.inside.len() - usize::from(self.is_element);
        let from = self.walk.event.places.len();
        self.walk.event.places.extend_from_slice(&self.walk.inside[..around]);
        let within = from..self.walk.event.places.len();
        self.walk.event.leaves.push(Leaf { field, value, within });
    }
}

impl<'e> DeserializeSeed<'e> for Here<'_, '_, 'e> {
    type Value = ();

    fn deserialize<D: Deserializer<'e>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'e> Visitor<'e> for Here<'_, '_, 'e> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.keep(Scalar::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.keep(Scalar::Bool(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.keep(Scalar::Number(Number::of_integer(value.into())));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.keep(Scalar::Number(Number::of_integer(value.into())));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.keep(Scalar::Number(Number::of_double(value)));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(self, text: &'e str) -> Result<(), E> {
        self.keep(Scalar::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.keep(Scalar::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_map<A: MapAccess<'e>>(self, members: A) -> Result<(), A::Error> {
        self.walk.object(self.at, members)
    }

    fn visit_seq<A: SeqAccess<'e>>(self, elements: A) -> Result<(), A::Error> {
        self.walk.array(self.at, elements)
    }
}
