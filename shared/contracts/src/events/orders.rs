//! Events of the orders service: an order from its placing to its confirmation or cancellation.

use serde::{Deserialize, Serialize};

use crate::{Address, CustomerId, EmailAddress, Lines, Money, OrderId, OrderLine, PaymentMethod};

/// A customer, as far as other services need to know them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Customer {
    /// Who they are.
    pub customer_id: CustomerId,
    /// Where they are told about their order.
    pub email: EmailAddress,
}

/// How an order is shipped. Routing rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ShippingMethod {
    /// The usual carrier.
    Standard,
    /// The fast one, handled first.
    Express,
}

impl ShippingMethod {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Express => "express",
        }
    }
}

/// Why an order is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CancellationReason {
    /// The customer asked for it.
    CustomerRequest,
    /// The card was declined.
    PaymentDeclined,
    /// The authorised money could not be captured.
    PaymentFailed,
    /// Some article is not in stock in this quantity.
    OutOfStock,
    /// Payment and stock were not both secured in time.
    DeadlinePassed,
    /// The carrier cannot deliver to this address.
    Undeliverable,
}

impl CancellationReason {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerRequest => "customer_request",
            Self::PaymentDeclined => "payment_declined",
            Self::PaymentFailed => "payment_failed",
            Self::OutOfStock => "out_of_stock",
            Self::DeadlinePassed => "deadline_passed",
            Self::Undeliverable => "undeliverable",
        }
    }
}

/// A customer placed an order. Payments authorises, inventory reserves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCreated {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: Customer,
    /// What is ordered, at which price.
    pub lines: Lines<OrderLine>,
    /// What all lines cost together.
    pub total: Money,
    /// How it is to be shipped.
    pub shipping_method: ShippingMethod,
    /// What it is paid with, as the gateway's token.
    pub payment_method: PaymentMethod,
}

/// The money is authorised and the stock is held. Payments captures, shipping ships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderConfirmed {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: Customer,
    /// What is ordered, at which price.
    pub lines: Lines<OrderLine>,
    /// What all lines cost together.
    pub total: Money,
    /// How it is to be shipped.
    pub shipping_method: ShippingMethod,
    /// Where the parcel goes.
    pub ship_to: Address,
}

/// A confirmed order is to be cancelled, if its parcel has not left yet: shipping decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCancellationRequested {
    /// The order.
    pub order_id: OrderId,
    /// Why.
    pub reason: CancellationReason,
}

/// The order is off. Payments voids or refunds, inventory releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: Customer,
    /// What the order would have cost.
    pub total: Money,
    /// Why.
    pub reason: CancellationReason,
}

crate::strict::object!(Customer, OrderCreated, OrderConfirmed, OrderCancellationRequested, OrderCancelled);

crate::strict::word!(ShippingMethod, CancellationReason);
