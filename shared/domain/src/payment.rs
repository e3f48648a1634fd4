//! The payment of one order: authorised when it is placed, captured when it is confirmed, undone when it is cancelled.
//!
//! The gateway's answers are inputs like any other; what is still to be asked of it is read off the state
//! ([`Intent`]), with a key that is the same at every repetition. Knows no gateway and nothing of stock or parcels.

mod decline;
mod gateway;

use semel_contracts::events::{
    DeclineReason, DeclineStage, OrderCancelled, OrderConfirmed, OrderCreated, PaymentAuthorized,
    PaymentDeclined, PaymentProcessed, PaymentRefunded, PaymentVoided,
};
use semel_contracts::{EmailAddress, Event, GatewayReference, Money, OrderId, PaymentMethod, Timestamp};
use semel_exactly_once::{Aggregate, Decision};
use serde::{Deserialize, Serialize};

pub use decline::Decline;
pub use gateway::{GatewayAnswer, GatewayCall, GatewayOperation};

/// A payment, one per order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The order that is paid.
    #[serde(rename = "order")]
    pub order_id: OrderId,
    /// How much.
    #[serde(with = "crate::compact")]
    pub amount: Money,
    /// How far it has come.
    #[serde(rename = "is")]
    pub status: PaymentStatus,
}

/// How far a payment has come, with what the next step needs and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The gateway is asked to hold the money.
    Authorizing {
        /// What is charged.
        #[serde(rename = "method")]
        payment_method: PaymentMethod,
        /// Where the customer is told of the charge.
        email: EmailAddress,
        /// The order was cancelled meanwhile: a hold is released as soon as it is known.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cancelled: bool,
    },
    /// The gateway holds the money.
    Authorized {
        /// The hold.
        #[serde(rename = "hold")]
        authorization_id: GatewayReference,
        /// Where the customer is told of the charge.
        email: EmailAddress,
    },
    /// The gateway is asked to take the money.
    Capturing {
        /// The hold.
        #[serde(rename = "hold")]
        authorization_id: GatewayReference,
        /// Where the customer is told of the charge.
        email: EmailAddress,
        /// The order was cancelled meanwhile: a charge is refunded as soon as it is known.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cancelled: bool,
    },
    /// The money is taken.
    Captured {
        /// The charge.
        #[serde(rename = "charge")]
        charge_id: GatewayReference,
    },
    /// The gateway is asked to release the hold.
    Voiding {
        /// The hold.
        #[serde(rename = "hold")]
        authorization_id: GatewayReference,
    },
    /// The gateway is asked to give the money back.
    Refunding {
        /// The charge.
        #[serde(rename = "charge")]
        charge_id: GatewayReference,
    },
    /// The gateway said no, to the hold or to the capture. Final.
    Declined(Decline),
    /// Nothing is held, nothing was taken; also if the cancellation came before the order. Final.
    Voided,
    /// What was taken is given back. Final.
    Refunded {
        /// The refund.
        #[serde(rename = "refund")]
        refund_id: GatewayReference,
    },
}

/// What is told to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentInput {
    /// The order was placed.
    Placed(OrderCreated),
    /// The order was confirmed.
    Confirmed(OrderConfirmed),
    /// The order was cancelled.
    Cancelled(OrderCancelled),
    /// The gateway answered a [`GatewayCall`].
    Answered(GatewayAnswer),
}

/// Why a payment refuses an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRejection {
    /// No order is confirmed, and no gateway called, before the order was placed here.
    #[error("a payment cannot be confirmed or answered before its order was placed")]
    NeverPlaced,
}

impl Aggregate for Payment {
    const KIND: &'static str = "payment";
    const CONSUMER: &'static str = "payments";
    type State = Self;
    type Input = PaymentInput;
    type Event = Event;
    type Rejection = PaymentRejection;

    fn decide(
        state: Option<&Self>,
        input: &PaymentInput,
        _now: Timestamp,
    ) -> Result<Decision<Self, Event>, PaymentRejection> {
        let Some(payment) = state else {
            return match input {
                PaymentInput::Placed(order) => Ok(Decision::to(placed(order), Vec::new())),
                PaymentInput::Cancelled(order) => Ok(never_to_be(order)),
                PaymentInput::Confirmed(_) | PaymentInput::Answered(_) => Err(PaymentRejection::NeverPlaced),
            };
        };
        let next = match input {
            // Whatever it has become since: there is one payment per order.
            PaymentInput::Placed(_) => None,
            PaymentInput::Confirmed(_) => payment.confirmed().map(|status| (status, None)),
            PaymentInput::Cancelled(_) => payment.cancelled().map(|status| (status, None)),
            PaymentInput::Answered(answer) => payment.answered(answer),
        };
        Ok(match next {
            None => Decision::Unchanged,
            Some((status, event)) => {
                Decision::to(Self { status, ..payment.clone() }, event.into_iter().collect())
            }
        })
    }
}

fn placed(order: &OrderCreated) -> Payment {
    let status = PaymentStatus::Authorizing {
        payment_method: order.payment_method.clone(),
        email: order.customer.email.clone(),
        cancelled: false,
    };
    Payment { order_id: order.order_id, amount: order.total, status }
}

/// The cancellation overtook the order: what is kept makes the order, when it comes, a no-op.
fn never_to_be(order: &OrderCancelled) -> Decision<Payment, Event> {
    let payment = Payment { order_id: order.order_id, amount: order.total, status: PaymentStatus::Voided };
    let voided = payment.voided();
    Decision::to(payment, vec![voided])
}

impl Payment {
    fn confirmed(&self) -> Option<PaymentStatus> {
        match self.status.clone() {
            PaymentStatus::Authorized { authorization_id, email } => {
                Some(PaymentStatus::Capturing { authorization_id, email, cancelled: false })
            }
            // An order is confirmed only after the hold was told, so `Authorizing` never sees it.
            PaymentStatus::Authorizing { .. }
            | PaymentStatus::Capturing { .. }
            | PaymentStatus::Captured { .. }
            | PaymentStatus::Voiding { .. }
            | PaymentStatus::Refunding { .. }
            | PaymentStatus::Declined(_)
            | PaymentStatus::Voided
            | PaymentStatus::Refunded { .. } => None,
        }
    }

    fn cancelled(&self) -> Option<PaymentStatus> {
        match self.status.clone() {
            // The gateway is being called: what it answers is undone then.
            PaymentStatus::Authorizing { payment_method, email, cancelled: false } => {
                Some(PaymentStatus::Authorizing { payment_method, email, cancelled: true })
            }
            PaymentStatus::Capturing { authorization_id, email, cancelled: false } => {
                Some(PaymentStatus::Capturing { authorization_id, email, cancelled: true })
            }
            PaymentStatus::Authorized { authorization_id, email: _ } => {
                Some(PaymentStatus::Voiding { authorization_id })
            }
            PaymentStatus::Captured { charge_id } => Some(PaymentStatus::Refunding { charge_id }),
            PaymentStatus::Authorizing { cancelled: true, .. }
            | PaymentStatus::Capturing { cancelled: true, .. }
            | PaymentStatus::Voiding { .. }
            | PaymentStatus::Refunding { .. }
            | PaymentStatus::Declined(_)
            | PaymentStatus::Voided
            | PaymentStatus::Refunded { .. } => None,
        }
    }

    fn answered(&self, answer: &GatewayAnswer) -> Option<(PaymentStatus, Option<Event>)> {
        match self.status.clone() {
            PaymentStatus::Authorizing { email, cancelled, payment_method: _ } => {
                self.authorize_answered(answer, email, cancelled)
            }
            PaymentStatus::Capturing { email, cancelled, authorization_id: _ } => {
                self.capture_answered(answer, email, cancelled)
            }
            PaymentStatus::Voiding { .. } => match answer {
                GatewayAnswer::Voided => Some((PaymentStatus::Voided, Some(self.voided()))),
                GatewayAnswer::Authorized { .. }
                | GatewayAnswer::Declined { .. }
                | GatewayAnswer::Captured { .. }
                | GatewayAnswer::CaptureRefused { .. }
                | GatewayAnswer::Refunded { .. } => None,
            },
            PaymentStatus::Refunding { .. } => match answer {
                GatewayAnswer::Refunded { refund_id } => {
                    let Self { order_id, amount, .. } = *self;
                    let event = PaymentRefunded { order_id, amount, refund_id: refund_id.clone() };
                    Some((PaymentStatus::Refunded { refund_id: refund_id.clone() }, Some(event.into())))
                }
                GatewayAnswer::Authorized { .. }
                | GatewayAnswer::Declined { .. }
                | GatewayAnswer::Captured { .. }
                | GatewayAnswer::CaptureRefused { .. }
                | GatewayAnswer::Voided => None,
            },
            // Nothing was asked, so this repeats an answer that was taken before.
            PaymentStatus::Authorized { .. }
            | PaymentStatus::Captured { .. }
            | PaymentStatus::Declined(_)
            | PaymentStatus::Voided
            | PaymentStatus::Refunded { .. } => None,
        }
    }

    fn authorize_answered(
        &self,
        answer: &GatewayAnswer,
        email: EmailAddress,
        cancelled: bool,
    ) -> Option<(PaymentStatus, Option<Event>)> {
        match answer {
            GatewayAnswer::Authorized { authorization_id } if cancelled => {
                Some((PaymentStatus::Voiding { authorization_id: authorization_id.clone() }, None))
            }
            GatewayAnswer::Authorized { authorization_id } => {
                let Self { order_id, amount, .. } = *self;
                let event =
                    PaymentAuthorized { order_id, amount, authorization_id: authorization_id.clone() };
                let authorization_id = authorization_id.clone();
                Some((PaymentStatus::Authorized { authorization_id, email }, Some(event.into())))
            }
            GatewayAnswer::Declined { reason } => Some(self.declined(DeclineStage::Authorization, *reason)),
            GatewayAnswer::Captured { .. }
            | GatewayAnswer::CaptureRefused { .. }
            | GatewayAnswer::Voided
            | GatewayAnswer::Refunded { .. } => None,
        }
    }

    fn capture_answered(
        &self,
        answer: &GatewayAnswer,
        email: EmailAddress,
        cancelled: bool,
    ) -> Option<(PaymentStatus, Option<Event>)> {
        match answer {
            GatewayAnswer::Captured { charge_id } => {
                let Self { order_id, amount, .. } = *self;
                let event = PaymentProcessed { order_id, amount, charge_id: charge_id.clone(), email };
                let charge_id = charge_id.clone();
                let status = if cancelled {
                    PaymentStatus::Refunding { charge_id }
                } else {
                    PaymentStatus::Captured { charge_id }
                };
                Some((status, Some(event.into())))
            }
            GatewayAnswer::CaptureRefused { reason } => Some(self.declined(DeclineStage::Capture, *reason)),
            GatewayAnswer::Authorized { .. }
            | GatewayAnswer::Declined { .. }
            | GatewayAnswer::Voided
            | GatewayAnswer::Refunded { .. } => None,
        }
    }

    fn declined(&self, stage: DeclineStage, reason: DeclineReason) -> (PaymentStatus, Option<Event>) {
        let event = PaymentDeclined { order_id: self.order_id, amount: self.amount, stage, reason };
        (PaymentStatus::Declined(Decline { stage, reason }), Some(event.into()))
    }

    fn voided(&self) -> Event {
        PaymentVoided { order_id: self.order_id, amount: self.amount }.into()
    }
}

#[cfg(test)]
mod tests;
