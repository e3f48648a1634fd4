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

/// An integer that every JSON reader keeps exact.
pub(crate) struct JsonSafe(pub(crate) u64);

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

/// Declares an integer newtype that cannot hold anything but what lies within its bounds.
macro_rules! integer_type {
    (
        $(#[$doc:meta])*
        $name:ident($repr:ident), $what:literal, $rule:literal, $min:literal ..= $max:literal $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub struct $name($repr);

        impl $name {
            /// The least value.
            pub const MIN: $repr = $min;
            /// The greatest value.
            pub const MAX: $repr = $max;

            const INVALID: $crate::InvalidValue = $crate::InvalidValue { what: $what, rule: $rule };

            /// Checks the bounds.
            pub fn new(value: $repr) -> Result<Self, $crate::InvalidValue> {
                if (Self::MIN..=Self::MAX).contains(&value) { Ok(Self(value)) } else { Err(Self::INVALID) }
            }

            /// The value.
            pub const fn get(self) -> $repr {
                self.0
            }
        }

        impl $crate::integer::Integer for $name {
            const INVALID: $crate::InvalidValue = Self::INVALID;

            fn checked(value: i64) -> Result<Self, $crate::InvalidValue> {
                <$repr>::try_from(value).map_err(|_| Self::INVALID).and_then(Self::new)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::integer::deserialize(deserializer)
            }
        }

        impl TryFrom<$repr> for $name {
            type Error = $crate::InvalidValue;

            fn try_from(value: $repr) -> Result<Self, Self::Error> {
                Self::new(value)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "integer",
                    "description": Self::INVALID.to_string(),
                    "minimum": Self::MIN,
                    "maximum": Self::MAX,
                })
            }
        }
    };
}
pub(crate) use integer_type;
