//! Events of the shipping service: the parcel of an order.

use serde::{Deserialize, Serialize};

use super::ShippingMethod;
use crate::text::text_type;
use crate::{EmailAddress, OrderId, TrackingNumber};

text_type! {
    /// The name of a carrier.
    Carrier, "a carrier",
    chars: 1..=64 of line,
}

/// Why a parcel will not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ShipmentCancellationReason {
    /// Cancellation was requested before the parcel left.
    Requested,
    /// The carrier cannot deliver to this address.
    Undeliverable,
}

impl ShipmentCancellationReason {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Undeliverable => "undeliverable",
        }
    }
}

/// A parcel is being made ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentCreated {
    /// The order.
    pub order_id: OrderId,
    /// How it is to be shipped.
    pub shipping_method: ShippingMethod,
}

/// The parcel has left. From here on the order cannot be cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentDispatched {
    /// The order.
    pub order_id: OrderId,
    /// Who carries it.
    pub carrier: Carrier,
    /// The carrier's number for it.
    pub tracking_number: TrackingNumber,
    /// Where the customer is told of it.
    pub email: EmailAddress,
}

/// The parcel has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentDelivered {
    /// The order.
    pub order_id: OrderId,
    /// Where the customer is told of it.
    pub email: EmailAddress,
}

/// The parcel has not left and will not leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShipmentCancelled {
    /// The order.
    pub order_id: OrderId,
    /// Why.
    pub reason: ShipmentCancellationReason,
}

crate::strict::object!(ShipmentCreated, ShipmentDispatched, ShipmentDelivered, ShipmentCancelled);

crate::strict::word!(ShipmentCancellationReason);
