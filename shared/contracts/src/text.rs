//! Bounded text: how a string newtype checks itself, reads itself and describes itself, once for all of them.
//!
//! Knows nothing of what the texts mean; the types are declared with [`text_type`] where they belong.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// A value that its type does not allow. The offending value is not repeated: it may be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct InvalidValue {
    /// What kind of value it should have been, such as "a SKU".
    pub what: &'static str,
    /// What is allowed.
    pub rule: &'static str,
}

/// What [`text_type`] fills in for each type.
pub(crate) trait Text: Sized {
    const INVALID: InvalidValue;
    const MIN_CHARS: usize;
    const MAX_CHARS: usize;
    /// The same rule as `accepts`, for the JSON Schema; tests hold the two together.
    #[cfg_attr(not(feature = "schema"), allow(dead_code))]
    const PATTERN: &'static str;

    /// Whether the characters are allowed; the length has been checked already.
    fn accepts(text: &str) -> bool;
    fn wrap(text: String) -> Self;
}

pub(crate) fn check<T: Text>(text: &str) -> Result<(), InvalidValue> {
    // The byte length bounds the number of characters from both sides, so counting is rarely needed.
    let fits = text.len() >= T::MIN_CHARS
        && (text.len() <= T::MAX_CHARS || text.chars().nth(T::MAX_CHARS).is_none());
    if fits && T::accepts(text) { Ok(()) } else { Err(T::INVALID) }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Text>(deserializer: D) -> Result<T, D::Error> {
    struct TextVisitor<T>(PhantomData<T>);

    impl<T: Text> Visitor<'_> for TextVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}: a string, {}", T::INVALID.what, T::INVALID.rule)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            check::<T>(text).map_err(E::custom)?;
            Ok(T::wrap(text.to_owned()))
        }

        fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
            check::<T>(&text).map_err(E::custom)?;
            Ok(T::wrap(text))
        }
    }

    deserializer.deserialize_str(TextVisitor(PhantomData))
}

/// The JSON Schema of a text type.
#[cfg(feature = "schema")]
pub(crate) fn json_schema<T: Text>() -> schemars::Schema {
    schemars::json_schema!({
        "type": "string",
        "description": T::INVALID.to_string(),
        "minLength": T::MIN_CHARS,
        "maxLength": T::MAX_CHARS,
        "pattern": T::PATTERN,
    })
}

/// Declares a string newtype that cannot hold anything but what its rule allows: so many characters of an
/// [`alphabet`](crate::alphabet), or what the type says for itself.
macro_rules! text_type {
    (
        $(#[$doc:meta])*
        $name:ident, $what:literal,
        chars: $min:literal ..= $max:literal of $alphabet:ident $(,)?
    ) => {
        $crate::text::text_type! {
            $(#[$doc])*
            $name, $what,
            concat!($min, " to ", $max, " ", $crate::alphabet::alphabet!($alphabet, words)),
            chars: $min..=$max,
            pattern: $crate::alphabet::alphabet!($alphabet, pattern),
            accepts: $crate::alphabet::alphabet!($alphabet, accepts),
        }
    };
    (
        $(#[$doc:meta])*
        $name:ident, $what:literal, $rule:expr,
        chars: $min:literal ..= $max:literal,
        pattern: $pattern:expr,
        accepts: $accepts:expr $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks the text and takes it.
            pub fn new(text: impl Into<String>) -> Result<Self, $crate::InvalidValue> {
                let text = text.into();
                $crate::text::check::<Self>(&text)?;
                Ok(Self(text))
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $crate::text::Text for $name {
            const INVALID: $crate::InvalidValue = $crate::InvalidValue { what: $what, rule: $rule };
            const MIN_CHARS: usize = $min;
            const MAX_CHARS: usize = $max;
            const PATTERN: &'static str = $pattern;

            fn accepts(text: &str) -> bool {
                let accepts: fn(&str) -> bool = $accepts;
                accepts(text)
            }

            fn wrap(text: String) -> Self {
                Self(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text::deserialize(deserializer)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::InvalidValue;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::text::json_schema::<Self>()
            }
        }
    };
}
pub(crate) use text_type;
