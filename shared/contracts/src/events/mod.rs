//! Every event of an order's life, by the service that emits it.
//!
//! The table below is the one list of event types: the enum, the names, the sources, the versions and the JSON
//! Schemas all come from it. An event tells what happened and is never changed; a change that old readers cannot
//! bear gets a new major version, and its line gets the step that leads there from the one before.

mod inventory;
mod orders;
mod payments;
mod shipping;

pub use inventory::{InventoryRejected, InventoryReleased, InventoryReserved};
pub use orders::{
    CancellationReason, Customer, OrderCancellationRequested, OrderCancelled, OrderConfirmed, OrderCreated,
    ShippingMethod,
};
pub use payments::{
    DeclineReason, DeclineStage, PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentRefunded,
    PaymentVoided,
};
pub use shipping::{
    Carrier, ShipmentCancellationReason, ShipmentCancelled, ShipmentCreated, ShipmentDelivered,
    ShipmentDispatched,
};

pub use crate::family::NoSuchEventType;

use crate::OrderId;
use crate::family::family;
use crate::upcast::payment_declined;

macro_rules! events {
    ($($service:ident { $($name:ident($major:literal, $minor:literal $(, $step:path)*)),* $(,)? })*) => {
        family! {
            /// What happened: one variant per event type. Serialises as the data alone, without the type's name.
            Event,
            /// The name of an event type.
            EventType,
            $($service(order_id) { $($name($major, $minor $(, $step)*)),* })*
        }

        impl Event {
            /// The order whose life this event belongs to.
            pub const fn order_id(&self) -> OrderId {
                match self { $($(Self::$name(event) => event.order_id),*),* }
            }
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
        PaymentDeclined(2, 0, payment_declined::to_2),
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

impl EventType {
    /// Whether the relay hands events of this type to the topic as well as to the bus: those that many consumers need
    /// at once.
    pub const fn is_fanned_out(self) -> bool {
        match self {
            Self::OrderCreated | Self::OrderCancelled => true,
            Self::OrderConfirmed
            | Self::OrderCancellationRequested
            | Self::PaymentAuthorized
            | Self::PaymentDeclined
            | Self::PaymentProcessed
            | Self::PaymentVoided
            | Self::PaymentRefunded
            | Self::InventoryReserved
            | Self::InventoryRejected
            | Self::InventoryReleased
            | Self::ShipmentCreated
            | Self::ShipmentDispatched
            | Self::ShipmentDelivered
            | Self::ShipmentCancelled => false,
        }
    }
}
