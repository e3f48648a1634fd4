//! What a payment asks of the gateway, under which key, and what the gateway may answer.

use semel_contracts::events::DeclineReason;
use semel_contracts::{EmailAddress, EventId, GatewayReference, Money, OrderId, PaymentMethod};
use semel_exactly_once::{Aggregate, Delivery, Intent};

use super::{Payment, PaymentInput, PaymentStatus};

/// A definite answer of the gateway. "Not known" is none: the call is repeated with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayAnswer {
    /// To [`GatewayOperation::Authorize`]: the money is held.
    Authorized {
        /// The gateway's name for the hold.
        authorization_id: GatewayReference,
    },
    /// To [`GatewayOperation::Authorize`]: no.
    Declined {
        /// Why.
        reason: DeclineReason,
    },
    /// To [`GatewayOperation::Capture`]: the money is taken.
    Captured {
        /// The gateway's name for the charge.
        charge_id: GatewayReference,
    },
    /// To [`GatewayOperation::Capture`]: no, for good; nothing is held any more.
    CaptureRefused {
        /// Why.
        reason: DeclineReason,
    },
    /// To [`GatewayOperation::Void`]: the hold is released.
    Voided,
    /// To [`GatewayOperation::Refund`]: the money is given back.
    Refunded {
        /// The gateway's name for the refund.
        refund_id: GatewayReference,
    },
}

/// A call to the payment gateway that a payment still owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayCall {
    /// The order that is paid; one operation of a kind per order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
    /// What is asked.
    pub operation: GatewayOperation,
}

/// What is asked of the payment gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayOperation {
    /// Hold the money.
    Authorize {
        /// What is charged.
        payment_method: PaymentMethod,
        /// Where the gateway may send its receipt.
        email: EmailAddress,
    },
    /// Take the money that is held.
    Capture {
        /// The hold.
        authorization_id: GatewayReference,
    },
    /// Release the hold.
    Void {
        /// The hold.
        authorization_id: GatewayReference,
    },
    /// Give the money back.
    Refund {
        /// The charge.
        charge_id: GatewayReference,
    },
}

impl GatewayOperation {
    /// The word for it in idempotency keys and logs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Authorize { .. } => "authorize",
            Self::Capture { .. } => "capture",
            Self::Void { .. } => "void",
            Self::Refund { .. } => "refund",
        }
    }
}

impl GatewayCall {
    /// The key under which the gateway performs the operation once: `<order id>/<operation>`.
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.order_id, self.operation.as_str())
    }

    /// The id under which the answer to this call is applied once.
    pub fn answer_id(&self) -> EventId {
        EventId::derive_from(&[Payment::CONSUMER, &self.idempotency_key()])
    }

    /// The answer to this call as the payment takes it.
    pub fn answered(&self, answer: GatewayAnswer) -> Delivery<PaymentInput> {
        Delivery::new(self.answer_id(), PaymentInput::Answered(answer))
    }
}

impl Intent for Payment {
    type Effect = GatewayCall;

    fn intent(_id: &str, payment: &Self) -> Option<GatewayCall> {
        let operation = match payment.status.clone() {
            PaymentStatus::Authorizing { payment_method, email, cancelled: _ } => {
                GatewayOperation::Authorize { payment_method, email }
            }
            PaymentStatus::Capturing { authorization_id, .. } => {
                GatewayOperation::Capture { authorization_id }
            }
            PaymentStatus::Voiding { authorization_id } => GatewayOperation::Void { authorization_id },
            PaymentStatus::Refunding { charge_id } => GatewayOperation::Refund { charge_id },
            PaymentStatus::Authorized { .. }
            | PaymentStatus::Captured { .. }
            | PaymentStatus::Declined { .. }
            | PaymentStatus::Voided
            | PaymentStatus::Refunded { .. } => return None,
        };
        Some(GatewayCall { order_id: payment.order_id, amount: payment.amount, operation })
    }
}
