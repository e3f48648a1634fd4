//! Every event of an order's life, by the service that emits it.
//!
//! The table below is the one list of event types: the enum, the names, the sources, the versions and the JSON
//! Schemas all come from it. An event tells what happened and is never changed; a change that old readers cannot
//! bear gets a new major version.

mod inventory;
mod orders;
mod payments;
mod shipping;

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

pub use inventory::{InventoryRejected, InventoryReleased, InventoryReserved};
pub use orders::{
    CancellationReason, Customer, OrderCancellationRequested, OrderCancelled, OrderConfirmed, OrderCreated,
    ShippingMethod,
};
pub use payments::{
    DeclineReason, PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentRefunded, PaymentVoided,
};
pub use shipping::{
    Carrier, ShipmentCancellationReason, ShipmentCancelled, ShipmentCreated, ShipmentDelivered,
    ShipmentDispatched,
};

use crate::{OrderId, SchemaVersion};

macro_rules! events {
    ($($service:ident { $($name:ident($major:literal, $minor:literal)),* $(,)? })*) => {
        /// What happened: one variant per event type. Serialises as the data alone, without the type's name.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($(
                #[doc = concat!("See [`struct@", stringify!($name), "`].")]
                $name($name),
            )*)*
        }

        /// The name of an event type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $($(
                #[doc = concat!("See [`struct@", stringify!($name), "`].")]
                $name,
            )*)*
        }

        impl EventType {
            /// Every event type.
            pub const ALL: &'static [Self] = &[$($(Self::$name),*),*];

            /// The name on the wire: `event_type` of the envelope and `DetailType` on the bus.
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

            /// The `Source` on the bus: `com.ecommerce.` and the service that alone may emit this type.
            pub const fn source(self) -> &'static str {
                match self { $($(Self::$name => concat!("com.ecommerce.", stringify!($service))),*),* }
            }

            /// The version of the data that this build writes, and the newest it knows.
            pub const fn version(self) -> SchemaVersion {
                match self { $($(Self::$name => SchemaVersion { major: $major, minor: $minor }),*),* }
            }
        }

        impl Event {
            /// Which type of event this is.
            pub const fn kind(&self) -> EventType {
                match self { $($(Self::$name(_) => EventType::$name),*),* }
            }

            /// The order whose life this event belongs to.
            pub const fn order_id(&self) -> OrderId {
                match self { $($(Self::$name(event) => event.order_id),*),* }
            }
        }

        impl Serialize for Event {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $($(Self::$name(event) => event.serialize(serializer)),*),* }
            }
        }

        /// An event type reads the data of an event of its type.
        impl<'de> DeserializeSeed<'de> for EventType {
            type Value = Event;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Event, D::Error> {
                match self {
                    $($(Self::$name => <$name as Deserialize>::deserialize(deserializer).map(Event::$name)),*),*
                }
            }
        }

        $($(
            impl From<$name> for Event {
                fn from(event: $name) -> Self {
                    Self::$name(event)
                }
            }
        )*)*

        /// The JSON Schema of the data of an event type.
        #[cfg(feature = "schema")]
        pub(crate) fn data_schema(
            event_type: EventType,
            generator: &mut schemars::SchemaGenerator,
        ) -> schemars::Schema {
            match event_type { $($(EventType::$name => <$name as schemars::JsonSchema>::json_schema(generator)),*),* }
        }
    };
}

events! {
    orders {
        OrderCreated(1, 0),
        OrderConfirmed(1, 0),
        OrderCancellationRequested(1, 0),
        OrderCancelled(1, 0),
    }
    payments {
        PaymentAuthorized(1, 0),
        PaymentDeclined(1, 0),
        PaymentProcessed(1, 0),
        PaymentVoided(1, 0),
        PaymentRefunded(1, 0),
    }
    inventory {
        InventoryReserved(1, 0),
        InventoryRejected(1, 0),
        InventoryReleased(1, 0),
    }
    shipping {
        ShipmentCreated(1, 0),
        ShipmentDispatched(1, 0),
        ShipmentDelivered(1, 0),
        ShipmentCancelled(1, 0),
    }
}

impl Event {
    /// The name on the wire, see [`EventType::as_str`].
    pub const fn event_type(&self) -> &'static str {
        self.kind().as_str()
    }

    /// The `Source` on the bus, see [`EventType::source`].
    pub const fn source(&self) -> &'static str {
        self.kind().source()
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No event type has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no event type has this name")]
pub struct NoSuchEventType;

impl FromStr for EventType {
    type Err = NoSuchEventType;

    fn from_str(name: &str) -> Result<Self, NoSuchEventType> {
        Self::parse(name).ok_or(NoSuchEventType)
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl Visitor<'_> for NameVisitor {
            type Value = EventType;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an event type")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<EventType, E> {
                name.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(NameVisitor)
    }
}
