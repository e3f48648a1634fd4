//! Events of the payments service: the money of an order.

use serde::{Deserialize, Serialize};

use crate::{EmailAddress, GatewayReference, Money, OrderId};

/// What of a payment was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeclineStage {
    /// The money could not be held.
    Authorization,
    /// The money was held and could not be taken.
    Capture,
}

impl DeclineStage {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Capture => "capture",
        }
    }
}

/// Why a payment did not come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeclineReason {
    /// The bank gave no further reason.
    CardDeclined,
    /// The account does not cover the amount.
    InsufficientFunds,
    /// The card is past its date.
    ExpiredCard,
    /// The gateway does not know this payment method.
    InvalidPaymentMethod,
}

impl DeclineReason {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardDeclined => "card_declined",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ExpiredCard => "expired_card",
            Self::InvalidPaymentMethod => "invalid_payment_method",
        }
    }
}

/// The gateway holds the money for us; nothing has been taken yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentAuthorized {
    /// The order.
    pub order_id: OrderId,
    /// How much is held.
    pub amount: Money,
    /// The gateway's name for the hold.
    pub authorization_id: GatewayReference,
}

/// There will be no money: the authorisation or the capture was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentDeclined {
    /// The order.
    pub order_id: OrderId,
    /// How much was asked for.
    pub amount: Money,
    /// What was refused.
    pub stage: DeclineStage,
    /// Why.
    pub reason: DeclineReason,
}

/// The money has been taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentProcessed {
    /// The order.
    pub order_id: OrderId,
    /// How much was taken.
    pub amount: Money,
    /// The gateway's name for the charge.
    pub charge_id: GatewayReference,
    /// Where the customer is told of it.
    pub email: EmailAddress,
}

/// The hold was released; nothing was ever taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentVoided {
    /// The order.
    pub order_id: OrderId,
    /// How much had been held.
    pub amount: Money,
}

/// Money that had been taken was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaymentRefunded {
    /// The order.
    pub order_id: OrderId,
    /// How much was given back.
    pub amount: Money,
    /// The gateway's name for the refund.
    pub refund_id: GatewayReference,
}

crate::strict::object!(PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentVoided, PaymentRefunded);

crate::strict::word!(DeclineReason, DeclineStage);
