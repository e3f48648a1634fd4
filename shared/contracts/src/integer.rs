//! Bounded integers: how an integer newtype reads itself, with the same words for every kind of wrong value.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

use crate::InvalidValue;

/// An integer type with bounds.
pub(crate) trait Integer: Sized {
    const INVALID: InvalidValue;

    fn checked(value: i64) -> Result<Self, InvalidValue>;
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Integer>(deserializer: D) -> Result<T, D::Error> {
    struct IntegerVisitor<T>(PhantomData<T>);

    impl<T: Integer> Visitor<'_> for IntegerVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}: {}", T::INVALID.what, T::INVALID.rule)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
            T::checked(value).map_err(E::custom)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
            i64::try_from(value).map_err(|_| T::INVALID).and_then(T::checked).map_err(E::custom)
        }
    }

    deserializer.deserialize_i64(IntegerVisitor(PhantomData))
}

struct JsonSafe(u64);

impl Integer for JsonSafe {
    const INVALID: InvalidValue =
        InvalidValue { what: "a sequence number", rule: "an integer from 0 to 9007199254740991" };

    fn checked(value: i64) -> Result<Self, InvalidValue> {
        match u64::try_from(value) {
            Ok(unsigned) if value <= crate::MAX_MINOR_UNITS => Ok(Self(unsigned)),
            Ok(_) | Err(_) => Err(Self::INVALID),
        }
    }
}

/// Reads a plain integer that every JSON reader keeps exact.
pub(crate) fn json_safe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserialize::<D, JsonSafe>(deserializer).map(|safe| safe.0)
}
