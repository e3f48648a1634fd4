//! The parts of Stripe's objects that are looked at. Everything else in them is ignored.

use semel_contracts::events::DeclineReason;
use semel_contracts::{Currency, OrderId};
use serde::Deserialize;

use super::amount;
use super::error::StripeError;

/// A `PaymentIntent`.
#[derive(Debug, Deserialize)]
pub struct Intent {
    pub id: String,
    pub status: IntentStatus,
    /// Seconds since the epoch.
    pub created: u64,
    pub amount: i64,
    pub currency: String,
    pub latest_charge: Option<String>,
    pub last_payment_error: Option<Problem>,
}

impl Intent {
    /// Refuses an intent that was found for an order but is not what the order would ask for.
    pub fn must_be(&self, order_id: OrderId, amount: &str, currency: Currency) -> Result<(), StripeError> {
        if self.amount.to_string() == amount && self.currency == amount::code(currency) {
            return Ok(());
        }
        Err(StripeError::OtherTerms { id: self.id.clone(), order_id })
    }
}

/// How far an intent has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
    #[serde(other)]
    Other,
}

impl IntentStatus {
    /// Whether money is held or taken, or may yet be.
    pub fn holds_money(self) -> bool {
        match self {
            Self::RequiresCapture | Self::Succeeded | Self::Processing => true,
            Self::RequiresPaymentMethod
            | Self::RequiresConfirmation
            | Self::RequiresAction
            | Self::Canceled
            | Self::Other => false,
        }
    }
}

/// A `Refund`.
#[derive(Debug, Deserialize)]
pub struct Refund {
    pub id: String,
    pub status: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

impl Refund {
    /// Whether the money did not go back after all. A pending refund is on its way.
    pub fn is_lost(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }
}

/// What we wrote on an object.
#[derive(Debug, Default, Deserialize)]
pub struct Metadata {
    pub order_id: Option<String>,
}

/// A page of objects.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    pub data: Vec<T>,
}

/// The body of an answer that is an error.
#[derive(Debug, Deserialize)]
pub struct Refused {
    pub error: Problem,
}

/// What is wrong.
#[derive(Debug, Default, Deserialize)]
pub struct Problem {
    #[serde(rename = "type", default)]
    pub kind: String,
    pub code: Option<String>,
    pub decline_code: Option<String>,
    pub param: Option<String>,
    pub message: Option<String>,
}

impl Problem {
    /// The reason of a declined card in our words. Stripe's has two levels: its own code, and the bank's.
    pub fn reason(&self) -> DeclineReason {
        let codes = [self.decline_code.as_deref(), self.code.as_deref()];
        let reason = |code: &str| match code {
            "insufficient_funds" => Some(DeclineReason::InsufficientFunds),
            "expired_card" => Some(DeclineReason::ExpiredCard),
            "incorrect_number"
            | "invalid_number"
            | "invalid_account"
            | "invalid_expiry_month"
            | "invalid_expiry_year"
            | "card_not_supported" => Some(DeclineReason::InvalidPaymentMethod),
            _ => None,
        };
        codes.into_iter().flatten().find_map(reason).unwrap_or(DeclineReason::CardDeclined)
    }
}
