//! What all families of events have in common: a table of types that the enums, the names, the sources, the versions
//! and the JSON Schemas come from.
//!
//! Knows no event. The families are [`Event`](crate::Event), what happens in an order's life, and
//! [`Telemetry`](crate::Telemetry), what clients and devices observe. Both travel in the same envelope and neither
//! reads the other's types.

use std::fmt::{Debug, Display};

use serde::Serialize;
use serde::de::{Deserialize, DeserializeSeed};

use crate::upcast::Upcast;
use crate::{AggregateId, SchemaVersion};

/// The events of one family: one variant per event type. Implemented by this crate only.
pub trait Family: Sized + Clone + Debug + PartialEq + Eq + Serialize + sealed::Sealed {
    /// The names of the family's event types.
    type Kind: Kind<Data = Self>;

    /// Which type of event this is.
    fn kind(&self) -> Self::Kind;

    /// The field of the data that says which aggregate the event belongs to, such as `data.order_id`.
    fn aggregate_field(&self) -> &'static str;

    /// What that field says.
    fn aggregate_id(&self) -> AggregateId;

    /// Whether that field says this.
    fn belongs_to(&self, aggregate_id: &AggregateId) -> bool;
}

/// The name of an event type of one family. As a seed it reads the data of an event of its type.
pub trait Kind:
    Copy
    + Debug
    + Display
    + Eq
    + Serialize
    + for<'de> Deserialize<'de>
    + for<'de> DeserializeSeed<'de, Value = <Self as Kind>::Data>
    + Upcast
    + sealed::Sealed
{
    /// The events of the family.
    type Data: Family<Kind = Self>;

    /// The event type of this name, if the family has one.
    fn find(name: &str) -> Option<Self>;

    /// The name on the wire.
    fn name(self) -> &'static str;

    /// `com.ecommerce.` and the service that alone may emit this type.
    fn origin(self) -> &'static str;

    /// The version of the data that this build writes, and the newest it knows.
    fn newest(self) -> SchemaVersion;

    /// The JSON Schema of the data.
    #[cfg(feature = "schema")]
    fn data_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
}

pub(crate) mod sealed {
    /// Keeps the families to this crate.
    pub trait Sealed {}
}

/// The field of an event's data that names its aggregate.
pub(crate) trait Identity {
    fn is(&self, aggregate_id: &AggregateId) -> bool;
    fn to_aggregate_id(&self) -> AggregateId;
}

/// No event type has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no event type has this name")]
pub struct NoSuchEventType;

/// Declares a family: an enum of events, an enum of their types, and all that connects the two. Each type comes with its
/// newest version, and behind that with the [steps](crate::upcast) that lead there from major version 1.
macro_rules! family {
    (
        $(#[$event_doc:meta])*
        $event:ident,
        $(#[$kind_doc:meta])*
        $kind:ident,
        $($service:ident($identity:ident) { $($name:ident($major:literal, $minor:literal $(, $step:path)*)),* $(,)? })*
    ) => {
        $(#[$event_doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $event {
            $($(
                #[doc = concat!("See [`struct@", stringify!($name), "`].")]
                $name($name),
            )*)*
        }

        $(#[$kind_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {
            $($(
                #[doc = concat!("See [`struct@", stringify!($name), "`].")]
                $name,
            )*)*
        }

        impl $kind {
            /// Every event type of the family.
            pub const ALL: &'static [Self] = &[$($(Self::$name),*),*];

            /// The name on the wire: `event_type` of the envelope, and `DetailType` on the bus.
            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$name => stringify!($name)),*),* }
            }

            /// The event type of this name, if there is one.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($(stringify!($name) => Some(Self::$name),)*)*
                    _ => None,
                }
            }

            /// The `Source`: `com.ecommerce.` and the service that alone may emit this type.
            pub const fn source(self) -> &'static str {
                match self { $($(Self::$name => concat!("com.ecommerce.", stringify!($service))),*),* }
            }

            /// The version of the data that this build writes, and the newest it knows.
            pub const fn version(self) -> $crate::SchemaVersion {
                match self { $($(Self::$name => $crate::SchemaVersion { major: $major, minor: $minor }),*),* }
            }
        }

        impl $event {
            /// Which type of event this is.
            pub const fn kind(&self) -> $kind {
                match self { $($(Self::$name(_) => $kind::$name),*),* }
            }

            /// The name on the wire.
            pub const fn event_type(&self) -> &'static str {
                self.kind().as_str()
            }

            /// `com.ecommerce.` and the service that alone may emit this type.
            pub const fn source(&self) -> &'static str {
                self.kind().source()
            }
        }

        impl serde::Serialize for $event {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $($(Self::$name(event) => event.serialize(serializer)),*),* }
            }
        }

        /// An event type reads the data of an event of its type.
        impl<'de> serde::de::DeserializeSeed<'de> for $kind {
            type Value = $event;

            fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<$event, D::Error> {
                match self {
                    $($(
                        Self::$name => <$name as serde::Deserialize>::deserialize(deserializer).map($event::$name)
                    ),*),*
                }
            }
        }

        impl $crate::upcast::Upcast for $kind {
            fn steps(self) -> &'static [$crate::upcast::Step] {
                match self {
                    $($(
                        Self::$name => {
                            // As many as there are major versions before the newest, or it does not compile.
                            const STEPS: [$crate::upcast::Step; $major - 1] = [$($step),*];
                            &STEPS
                        }
                    ),*),*
                }
            }
        }

        $($(
            impl From<$name> for $event {
                fn from(event: $name) -> Self {
                    Self::$name(event)
                }
            }
        )*)*

        impl $crate::family::sealed::Sealed for $event {}
        impl $crate::family::sealed::Sealed for $kind {}

        impl $crate::Family for $event {
            type Kind = $kind;

            fn kind(&self) -> $kind {
                self.kind()
            }

            fn aggregate_field(&self) -> &'static str {
                match self { $($(Self::$name(_) => concat!("data.", stringify!($identity))),*),* }
            }

            fn aggregate_id(&self) -> $crate::AggregateId {
                match self {
                    $($(Self::$name(event) => $crate::family::Identity::to_aggregate_id(&event.$identity)),*),*
                }
            }

            fn belongs_to(&self, aggregate_id: &$crate::AggregateId) -> bool {
                match self {
                    $($(Self::$name(event) => $crate::family::Identity::is(&event.$identity, aggregate_id)),*),*
                }
            }
        }

        impl $crate::Kind for $kind {
            type Data = $event;

            fn find(name: &str) -> Option<Self> {
                Self::parse(name)
            }

            fn name(self) -> &'static str {
                self.as_str()
            }

            fn origin(self) -> &'static str {
                self.source()
            }

            fn newest(self) -> $crate::SchemaVersion {
                self.version()
            }

            #[cfg(feature = "schema")]
            fn data_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self {
                    $($(Self::$name => <$name as schemars::JsonSchema>::json_schema(generator)),*),*
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = $crate::family::NoSuchEventType;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::parse(name).ok_or($crate::family::NoSuchEventType)
            }
        }

        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NameVisitor;

                impl serde::de::Visitor<'_> for NameVisitor {
                    type Value = $kind;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("the name of an event type")
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$kind, E> {
                        name.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(NameVisitor)
            }
        }
    };
}
pub(crate) use family;
