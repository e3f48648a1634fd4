//! A gateway that moves no money and keeps books as an outside company would: one entry per operation and order.
//!
//! | entry `<order id>/<operation>` | says |
//! | --- | --- |
//! | `operation`, `amount`, `currency` | what was asked, in minor units |
//! | `payment_method`, or `on` | what was charged; or the hold or charge that was acted on |
//! | `result` | the gateway's name for what was done, or the reason of a refusal |
//! | `created` | when |
//!
//! An order that was charged twice would have two entries of one operation, or an amount that is not its own, for
//! everybody to count. A repetition answers what the entry says; the same key with other terms is an error, as at
//! Stripe. Cards are declined by Stripe's own test tokens.
//!
//! An entry is written atomically, two entries are not: a capture and a void of one hold that race each other could
//! both be booked. A payment never intends both, and if it did the books would show it.

use std::future::Future;

use semel_aws::dynamodb::{DynamoLedger, Entry, Recorded};
use semel_contracts::events::DeclineReason;
use semel_contracts::{GatewayReference, InvalidValue, PaymentMethod};
use semel_domain::{GatewayAnswer, GatewayCall, GatewayOperation};
use semel_exactly_once::{Class, Clock, IndexValue, PerformError, StoreError, fingerprint};

use crate::gateway::{Attempt, Gateway};

/// Where the books are kept.
pub trait Ledger: Send + Sync {
    /// Writes an entry unless there is one under `key`.
    fn put_if_absent(
        &self,
        key: &str,
        entry: &Entry,
    ) -> impl Future<Output = Result<Recorded, StoreError>> + Send;

    /// The entry under `key`.
    fn find(&self, key: &str) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send;
}

impl Ledger for DynamoLedger {
    async fn put_if_absent(&self, key: &str, entry: &Entry) -> Result<Recorded, StoreError> {
        Self::put_if_absent(self, key, entry).await
    }

    async fn find(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Self::find(self, key).await
    }
}

const AUTHORIZE: &str = "authorize";
const CAPTURE: &str = "capture";
const VOID: &str = "void";

/// Tokens of Stripe that stand for a card; only they exist here.
const TEST_CARDS: &str = "pm_card_";

/// What the results of declined cards begin with. No reference has a space.
const DECLINED: &str = "declined ";

/// Every reason, to read one back from its word.
const REASONS: [DeclineReason; 4] = [
    DeclineReason::CardDeclined,
    DeclineReason::InsufficientFunds,
    DeclineReason::ExpiredCard,
    DeclineReason::InvalidPaymentMethod,
];

/// Why the simulated gateway gives no answer.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{key} was used with other terms before: {attribute} differs")]
    KeyReused { key: String, attribute: String },
    #[error("{reference} is no hold of this order")]
    UnknownAuthorization { reference: GatewayReference },
    #[error("{reference} is captured and cannot be voided")]
    AlreadyCaptured { reference: GatewayReference },
    #[error("{reference} is no charge of this order")]
    UnknownCharge { reference: GatewayReference },
    #[error("the entry {key} cannot be read")]
    CorruptEntry { key: String },
    #[error(transparent)]
    Reference(#[from] InvalidValue),
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl Refusal {
    fn class(&self) -> Class {
        match self {
            Self::Ledger(error) => error.class,
            Self::KeyReused { .. }
            | Self::UnknownAuthorization { .. }
            | Self::AlreadyCaptured { .. }
            | Self::UnknownCharge { .. }
            | Self::CorruptEntry { .. }
            | Self::Reference(_) => Class::Fatal,
        }
    }
}

/// The simulated gateway over its ledger.
#[derive(Debug, Clone)]
pub struct SimulatedGateway<L, C> {
    ledger: L,
    clock: C,
}

impl<L: Ledger, C: Clock> Gateway for SimulatedGateway<L, C> {
    /// Keys are never forgotten here, so that every attempt is as good as the first.
    async fn call(&self, call: &GatewayCall, _attempt: Attempt) -> Result<GatewayAnswer, PerformError> {
        self.perform(call).await.map_err(|refusal| PerformError {
            class: refusal.class(),
            what: format!("simulated {}", call.operation.as_str()),
            source: Box::new(refusal),
        })
    }
}

impl<L: Ledger, C: Clock> SimulatedGateway<L, C> {
    /// A gateway that keeps its books in `ledger`.
    pub fn new(ledger: L, clock: C) -> Self {
        Self { ledger, clock }
    }

    async fn perform(&self, call: &GatewayCall) -> Result<GatewayAnswer, Refusal> {
        match &call.operation {
            GatewayOperation::Authorize { payment_method, email: _ } => {
                let result = match verdict(payment_method) {
                    None => reference("pi", call)?.to_string(),
                    Some(reason) => format!("{DECLINED}{}", reason.as_str()),
                };
                let result = self.book(call, ("payment_method", payment_method.as_str()), result).await?;
                match result.strip_prefix(DECLINED) {
                    None => Ok(GatewayAnswer::Authorized { authorization_id: result.parse()? }),
                    Some(word) => Ok(GatewayAnswer::Declined { reason: reason(word, call)? }),
                }
            }
            GatewayOperation::Capture { authorization_id } => {
                self.held(call, authorization_id).await?;
                if self.ledger.find(&key(call, VOID)).await?.is_some() {
                    // The hold is gone: no bank was asked, so there is no reason of a bank's.
                    return Ok(GatewayAnswer::CaptureRefused { reason: DeclineReason::CardDeclined });
                }
                let charge_id = reference("ch", call)?.to_string();
                let charge_id = self.book(call, ("on", authorization_id.as_str()), charge_id).await?;
                Ok(GatewayAnswer::Captured { charge_id: charge_id.parse()? })
            }
            GatewayOperation::Void { authorization_id } => {
                self.held(call, authorization_id).await?;
                if self.ledger.find(&key(call, CAPTURE)).await?.is_some() {
                    return Err(Refusal::AlreadyCaptured { reference: authorization_id.clone() });
                }
                self.book(call, ("on", authorization_id.as_str()), authorization_id.to_string()).await?;
                Ok(GatewayAnswer::Voided)
            }
            GatewayOperation::Refund { charge_id } => {
                let charge = self.ledger.find(&key(call, CAPTURE)).await?;
                if charge.as_ref().and_then(|entry| text(entry, "result")) != Some(charge_id.as_str()) {
                    return Err(Refusal::UnknownCharge { reference: charge_id.clone() });
                }
                let refund_id = reference("re", call)?.to_string();
                let refund_id = self.book(call, ("on", charge_id.as_str()), refund_id).await?;
                Ok(GatewayAnswer::Refunded { refund_id: refund_id.parse()? })
            }
        }
    }

    /// Refuses a hold that was never given.
    async fn held(&self, call: &GatewayCall, authorization_id: &GatewayReference) -> Result<(), Refusal> {
        let hold = self.ledger.find(&key(call, AUTHORIZE)).await?;
        if hold.as_ref().and_then(|entry| text(entry, "result")) == Some(authorization_id.as_str()) {
            return Ok(());
        }
        Err(Refusal::UnknownAuthorization { reference: authorization_id.clone() })
    }

    /// Writes the call's entry, or finds what an earlier one wrote under its key; answers the result that counts.
    async fn book(&self, call: &GatewayCall, on: (&str, &str), result: String) -> Result<String, Refusal> {
        // Money is never negative.
        let amount = call.amount.amount().unsigned_abs();
        let words = [("operation", call.operation.as_str()), ("currency", call.amount.currency().code()), on];
        let mut terms: Entry = words.into_iter().map(|(name, word)| (name.to_owned(), of(word))).collect();
        terms.insert("amount".to_owned(), IndexValue::Number(amount));
        let mut entry = terms.clone();
        entry.insert("result".to_owned(), of(&result));
        entry.insert("created".to_owned(), of(&self.clock.now().to_string()));

        let key = call.idempotency_key();
        match self.ledger.put_if_absent(&key, &entry).await? {
            Recorded::Fresh => Ok(result),
            Recorded::Existing(booked) => {
                if let Some((attribute, _)) =
                    terms.iter().find(|(name, term)| booked.get(*name) != Some(term))
                {
                    return Err(Refusal::KeyReused { key, attribute: attribute.clone() });
                }
                text(&booked, "result").map(str::to_owned).ok_or(Refusal::CorruptEntry { key })
            }
        }
    }
}

fn of(text: &str) -> IndexValue {
    IndexValue::Text(text.to_owned())
}

fn text<'a>(entry: &'a Entry, attribute: &str) -> Option<&'a str> {
    match entry.get(attribute)? {
        IndexValue::Text(text) => Some(text),
        IndexValue::Number(_) => None,
    }
}

/// The key of another operation on the same order.
fn key(call: &GatewayCall, operation: &str) -> String {
    format!("{}/{operation}", call.order_id)
}

/// The gateway's name for what a call does. It follows from the call's key, so that every attempt names the same.
fn reference(prefix: &str, call: &GatewayCall) -> Result<GatewayReference, InvalidValue> {
    format!("{prefix}_sim_{}", fingerprint(call.idempotency_key().as_bytes())).parse()
}

/// Why the bank declines the card, if it does: what Stripe's test tokens say.
fn verdict(payment_method: &PaymentMethod) -> Option<DeclineReason> {
    let Some(card) = payment_method.as_str().strip_prefix(TEST_CARDS) else {
        return Some(DeclineReason::InvalidPaymentMethod);
    };
    if card.ends_with("DeclinedInsufficientFunds") {
        Some(DeclineReason::InsufficientFunds)
    } else if card.ends_with("DeclinedExpiredCard") {
        Some(DeclineReason::ExpiredCard)
    } else if card.contains("chargeDeclined") || card.starts_with("authenticationRequired") {
        // Nobody is there to authenticate when an order is paid.
        Some(DeclineReason::CardDeclined)
    } else {
        None
    }
}

fn reason(word: &str, call: &GatewayCall) -> Result<DeclineReason, Refusal> {
    let known = REASONS.into_iter().find(|reason| reason.as_str() == word);
    known.ok_or_else(|| Refusal::CorruptEntry { key: call.idempotency_key() })
}

#[cfg(test)]
pub mod memory;
#[cfg(test)]
mod tests;
