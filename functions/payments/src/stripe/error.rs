//! What can go wrong with Stripe, and whether repeating the call with the same key can help.

use ::http::StatusCode;
use semel_contracts::events::DeclineReason;
use semel_contracts::{InvalidValue, OrderId};
use semel_exactly_once::Class;

use super::amount::NotChargeable;
use super::wire::{IntentStatus, Problem};

/// Stripe gave no definite answer.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// The request may or may not have arrived.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The same.
    #[error("no answer came in time")]
    TimedOut,
    /// An answer that is none.
    #[error("the answer with status {status} cannot be read")]
    Unreadable {
        /// Of the HTTP response.
        status: StatusCode,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An error of Stripe's own.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Stripe has not made up its mind.
    #[error("the payment is {status:?} yet")]
    Unsettled {
        /// Where it stands.
        status: IntentStatus,
    },
    /// Somebody used the dashboard.
    #[error("{id} was captured by somebody else and cannot be voided; refund it at Stripe")]
    CapturedElsewhere {
        /// The intent.
        id: String,
    },
    /// The card's bank would not take the money back.
    #[error("refund {id} failed; give the money back in another way")]
    RefundFailed {
        /// The refund.
        id: String,
    },
    /// An intent that carries the order's id and another amount or currency.
    #[error("{id} was made for order {order_id} with other terms")]
    OtherTerms {
        /// The intent.
        id: String,
        /// The order.
        order_id: OrderId,
    },
    /// An amount without a form at Stripe.
    #[error(transparent)]
    NotChargeable(#[from] NotChargeable),
    /// An id without a form here.
    #[error("Stripe's id cannot be kept")]
    Reference(#[source] InvalidValue),
}

impl StripeError {
    /// Whether the same call may succeed later.
    pub fn class(&self) -> Class {
        match self {
            Self::Connection(_) | Self::TimedOut | Self::Unreadable { .. } | Self::Unsettled { .. } => {
                Class::Transient
            }
            Self::Refused(refusal) => refusal.class(),
            Self::CapturedElsewhere { .. }
            | Self::RefundFailed { .. }
            | Self::OtherTerms { .. }
            | Self::NotChargeable(_)
            | Self::Reference(_) => Class::Fatal,
        }
    }

    /// The refusal, if the state of the object that it is about may tell more: it may have moved already, by an
    /// attempt whose key Stripe forgot or whose answer it lost. Any other error stays one.
    pub fn worth_a_look(self) -> Result<Box<Refusal>, Self> {
        match self {
            Self::Refused(refusal) if refusal.is_about_the_object() => Ok(refusal),
            Self::Refused(_)
            | Self::Connection(_)
            | Self::TimedOut
            | Self::Unreadable { .. }
            | Self::Unsettled { .. }
            | Self::CapturedElsewhere { .. }
            | Self::RefundFailed { .. }
            | Self::OtherTerms { .. }
            | Self::NotChargeable(_)
            | Self::Reference(_) => Err(self),
        }
    }
}

/// An error as Stripe tells it.
#[derive(Debug, thiserror::Error)]
#[error(
    "Stripe answered {status} {} {}: {} (request {request_id})",
    problem.kind, problem.code.as_deref().unwrap_or("without a code"), problem.message.as_deref().unwrap_or("")
)]
pub struct Refusal {
    /// Of the HTTP response.
    pub status: StatusCode,
    /// Stripe's name for the request, for its support and logs.
    pub request_id: String,
    /// What is wrong.
    pub problem: Problem,
}

impl Refusal {
    /// Stripe's code for what is wrong.
    pub fn code(&self) -> Option<&str> {
        self.problem.code.as_deref()
    }

    fn class(&self) -> Class {
        match self.status {
            // In progress under the same key, a lock, the rate limit, or trouble of Stripe's own.
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::FAILED_DEPENDENCY
            | StatusCode::TOO_MANY_REQUESTS => Class::Transient,
            status if status.is_server_error() => Class::Transient,
            _ => Class::Fatal,
        }
    }

    /// The reason, if this declines an authorisation for good: the card, or what stands for it, will not do.
    pub fn declines(&self) -> Option<DeclineReason> {
        if self.problem.kind == "card_error" {
            return Some(self.problem.reason());
        }
        if self.status != StatusCode::BAD_REQUEST || self.problem.kind != "invalid_request_error" {
            return None;
        }
        let code = self.code().unwrap_or_default();
        if self.problem.param.as_deref() == Some("payment_method") || code.starts_with("payment_method_") {
            return Some(DeclineReason::InvalidPaymentMethod);
        }
        // No card can pay it, today or later.
        matches!(code, "amount_too_small" | "amount_too_large").then_some(DeclineReason::CardDeclined)
    }

    /// A capture that will never succeed although the hold stands.
    pub fn is_final_no(&self) -> bool {
        let expired = ["charge_expired_for_capture", "capture_charge_authorization_expired"];
        self.problem.kind == "card_error" || self.code().is_some_and(|code| expired.contains(&code))
    }

    fn is_about_the_object(&self) -> bool {
        let by_state = matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::PAYMENT_REQUIRED);
        (by_state && self.problem.kind != "idempotency_error") || self.status.is_server_error()
    }
}
