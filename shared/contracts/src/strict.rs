//! Closes two doors that serde's derives leave open: an object may also come as an array of its values in order, and
//! a word as an object with that key. No schema allows either, and nobody would notice a swapped pair of values.
//!
//! A type derives with `#[serde(remote = "Self")]`, which gives it functions instead of trait implementations, and
//! [`object`] or [`word`] implements the traits around them. The derived functions stay visible under the traits'
//! names: a call has to go through the trait (`<T as Deserialize>::deserialize`), as all generic code does.

use std::fmt;

use serde::de::{Deserializer, EnumAccess, Error, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a struct from an object only.
pub(crate) struct Object<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Object<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Reads an enum without data from a string only.
pub(crate) struct Word<D>(pub(crate) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Word<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_str(WordVisitor(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Hands a string to the visitor of an enum.
struct WordVisitor<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for WordVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<V::Value, E> {
        self.0.visit_enum(only_enum(word.into_deserializer()))
    }
}

/// Helps inference: a string deserializer is an enum of one word.
fn only_enum<'de, A: EnumAccess<'de>>(access: A) -> A {
    access
}

/// Implements serde's traits for structs that derive with `remote = "Self"`.
macro_rules! object {
    ($($name:ident),* $(,)?) => { $crate::strict::implement!(Object: $($name),*); };
}
pub(crate) use object;

/// Implements serde's traits for enums without data that derive with `remote = "Self"`.
macro_rules! word {
    ($($name:ident),* $(,)?) => { $crate::strict::implement!(Word: $($name),*); };
}
pub(crate) use word;

macro_rules! implement {
    ($strict:ident: $($name:ident),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // The derived function: an inherent one goes before a trait's.
                $name::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $name::deserialize($crate::strict::$strict(deserializer))
            }
        }
    )*};
}
pub(crate) use implement;
