//! Stripe: cards are charged through Payment Intents that are confirmed at once and captured later.
//!
//! # Once
//!
//! Every `POST` carries the call's idempotency key, `<order id>/<operation>`, and the same parameters at each
//! repetition, so that Stripe answers what it answered first. Two things bound that promise, and what is done here
//! about them:
//!
//! - *Stripe may forget a key after 24 hours.* Capture, void and refund act on one object and can happen to it once:
//!   what is refused then is answered by the object's actual state. An authorisation has no object yet. So whoever
//!   repeats one ([`Attempt::Repeated`]) first searches for the order's intent, by the order's id in its metadata,
//!   and answers by what is found. Stripe's search lags a minute behind (an hour during its outages), the key holds
//!   for a day: at any age of the payment one of the two finds the first attempt. If both failed, a second *hold*
//!   would exist that nobody knows: never captured, released by the bank after a week; still no second charge.
//! - *Stripe saves server errors under the key too.* A repetition may be answered with the first one's 500, although
//!   it took effect. The same search, or the object's state, finds the effect; if there is none, the error stays
//!   transient until the key is forgotten.
//!
//! Keys and metadata name orders, so that one Stripe account (in one mode) belongs to one deployment. Search is not
//! available to accounts in India: there a repeated authorisation ends in the dead-letter queue, with that reason.
//!
//! # Answers
//!
//! A declined card, or one that wants its owner's authentication (nobody is there when an order is paid), is an
//! answer. A time-out, a lost connection, 409, 429 and 5xx are unknown: repeated later. Anything else is fatal.

mod amount;
mod error;
mod http;
mod wire;

use semel_contracts::events::DeclineReason;
use semel_contracts::{EmailAddress, GatewayReference, OrderId, PaymentMethod};
use semel_domain::{GatewayAnswer, GatewayCall, GatewayOperation};
use semel_exactly_once::PerformError;

use crate::gateway::{Attempt, Gateway};
use error::{Refusal, StripeError};
use http::Http;
pub use http::{BASE_URL, InvalidBase, InvalidKey, SecretKey};
use wire::{Intent, IntentStatus, List, Refund};

const INTENTS: &str = "/v1/payment_intents";
const REFUNDS: &str = "/v1/refunds";

/// Most objects of a search or a list that are looked at: an order has one.
const LISTED_MAX: &str = "100";

/// The payment gateway at Stripe.
#[derive(Debug)]
pub struct StripeGateway {
    http: Http,
}

impl Gateway for StripeGateway {
    async fn call(&self, call: &GatewayCall, attempt: Attempt) -> Result<GatewayAnswer, PerformError> {
        let answer = match &call.operation {
            GatewayOperation::Authorize { payment_method, email } => {
                self.authorize(call, payment_method, email, attempt).await
            }
            GatewayOperation::Capture { authorization_id } => self.capture(call, authorization_id).await,
            GatewayOperation::Void { authorization_id } => self.void(call, authorization_id).await,
            GatewayOperation::Refund { charge_id } => self.refund(call, charge_id).await,
        };
        answer.map_err(|error| PerformError {
            class: error.class(),
            what: format!("Stripe {}", call.operation.as_str()),
            source: Box::new(error),
        })
    }
}

impl StripeGateway {
    /// Stripe at `base` (its own address, or a stand-in on this machine), asked with `key`.
    pub fn new(base: &str, key: SecretKey) -> Result<Self, InvalidBase> {
        Ok(Self { http: Http::new(base, key)? })
    }

    async fn authorize(
        &self,
        call: &GatewayCall,
        payment_method: &PaymentMethod,
        email: &EmailAddress,
        attempt: Attempt,
    ) -> Result<GatewayAnswer, StripeError> {
        let amount = match amount::at_stripe(call.amount) {
            Ok(amount) => amount.to_string(),
            Err(error) => {
                tracing::error!(order_id = %call.order_id, %error, "an order cannot be charged");
                return Ok(GatewayAnswer::Declined { reason: DeclineReason::CardDeclined });
            }
        };
        if attempt == Attempt::Repeated
            && let Some(intent) = self.search(call.order_id).await?
        {
            intent.must_be(call.order_id, &amount, call.amount.currency())?;
            return authorized(&intent);
        }
        let (order_id, currency) = (call.order_id.to_string(), amount::code(call.amount.currency()));
        let form = [
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("confirm", "true"),
            ("capture_method", "manual"),
            ("off_session", "true"),
            ("payment_method", payment_method.as_str()),
            ("payment_method_types[]", "card"),
            ("receipt_email", email.as_str()),
            ("metadata[order_id]", &order_id),
        ];
        match self.http.post::<Intent>(INTENTS, &call.idempotency_key(), &form).await {
            Ok(intent) => authorized(&intent),
            Err(StripeError::Refused(refusal)) => match refusal.declines() {
                Some(reason) => Ok(GatewayAnswer::Declined { reason }),
                None => Err(StripeError::Refused(refusal)),
            },
            Err(error) => Err(error),
        }
    }

    /// The order's intent, if an earlier attempt made one. Of several, which only a lost key and a search that lags
    /// for more than a day could leave, the oldest that holds money counts, and somebody must look.
    async fn search(&self, order_id: OrderId) -> Result<Option<Intent>, StripeError> {
        let query = format!("metadata['order_id']:'{order_id}'");
        let found: List<Intent> =
            self.http.get(&format!("{INTENTS}/search"), &[("query", &query), ("limit", LISTED_MAX)]).await?;
        let holding = found.data.iter().filter(|intent| intent.status.holds_money()).count();
        if holding > 1 {
            tracing::error!(%order_id, holding, "an order has several holds at Stripe; release all but the oldest");
        }
        Ok(found.data.into_iter().min_by_key(|intent| (!intent.status.holds_money(), intent.created)))
    }

    async fn capture(
        &self,
        call: &GatewayCall,
        authorization_id: &GatewayReference,
    ) -> Result<GatewayAnswer, StripeError> {
        let amount = amount::at_stripe(call.amount)?.to_string();
        let path = format!("{}/capture", intent_path(authorization_id));
        let form = [("amount_to_capture", amount.as_str())];
        let refusal = match self.http.post::<Intent>(&path, &call.idempotency_key(), &form).await {
            Ok(intent) => return captured(&intent),
            Err(error) => error.worth_a_look()?,
        };
        let intent = self.intent(authorization_id).await?;
        match intent.status {
            IntentStatus::Succeeded => captured(&intent),
            // The hold ran out, or somebody released it.
            IntentStatus::Canceled | IntentStatus::RequiresPaymentMethod => {
                Ok(GatewayAnswer::CaptureRefused { reason: refused(&refusal, &intent) })
            }
            IntentStatus::RequiresCapture if refusal.is_final_no() => {
                // A refused capture must leave nothing held.
                let key = format!("{}/release", call.order_id);
                self.cancel(authorization_id, &key).await?;
                Ok(GatewayAnswer::CaptureRefused { reason: refused(&refusal, &intent) })
            }
            IntentStatus::Processing => Err(StripeError::Unsettled { status: intent.status }),
            IntentStatus::RequiresCapture
            | IntentStatus::RequiresAction
            | IntentStatus::RequiresConfirmation
            | IntentStatus::Other => Err(StripeError::Refused(refusal)),
        }
    }

    async fn void(
        &self,
        call: &GatewayCall,
        authorization_id: &GatewayReference,
    ) -> Result<GatewayAnswer, StripeError> {
        self.cancel(authorization_id, &call.idempotency_key()).await?;
        Ok(GatewayAnswer::Voided)
    }

    /// Releases a hold; one that is released already is as good.
    async fn cancel(&self, authorization_id: &GatewayReference, key: &str) -> Result<(), StripeError> {
        let path = format!("{}/cancel", intent_path(authorization_id));
        let (intent, refusal) = match self.http.post::<Intent>(&path, key, &[]).await {
            Ok(intent) => (intent, None),
            Err(error) => {
                let refusal = error.worth_a_look()?;
                (self.intent(authorization_id).await?, Some(refusal))
            }
        };
        match (intent.status, refusal) {
            (IntentStatus::Canceled, _) => Ok(()),
            (IntentStatus::Succeeded, _) => Err(StripeError::CapturedElsewhere { id: intent.id }),
            (_, Some(refusal)) => Err(StripeError::Refused(refusal)),
            (status, None) => Err(StripeError::Unsettled { status }),
        }
    }

    async fn refund(
        &self,
        call: &GatewayCall,
        charge_id: &GatewayReference,
    ) -> Result<GatewayAnswer, StripeError> {
        let (amount, order_id) = (amount::at_stripe(call.amount)?.to_string(), call.order_id.to_string());
        let form = [
            ("charge", charge_id.as_str()),
            ("amount", amount.as_str()),
            ("metadata[order_id]", order_id.as_str()),
        ];
        let refusal = match self.http.post::<Refund>(REFUNDS, &call.idempotency_key(), &form).await {
            Ok(refund) if refund.is_lost() => return Err(StripeError::RefundFailed { id: refund.id }),
            Ok(refund) => return refunded(&refund),
            Err(error) => error.worth_a_look()?,
        };
        let list: List<Refund> =
            self.http.get(REFUNDS, &[("charge", charge_id.as_str()), ("limit", LISTED_MAX)]).await?;
        // Ours; or, if the whole charge is given back, whoever's did it.
        let ours = |refund: &&Refund| refund.metadata.order_id.as_deref() == Some(order_id.as_str());
        let mut alive = list.data.iter().filter(|refund| !refund.is_lost());
        let found = alive.clone().find(ours);
        match found.or_else(|| alive.next().filter(|_| refusal.code() == Some("charge_already_refunded"))) {
            Some(refund) => refunded(refund),
            None => Err(StripeError::Refused(refusal)),
        }
    }

    async fn intent(&self, id: &GatewayReference) -> Result<Intent, StripeError> {
        self.http.get(&intent_path(id), &[]).await
    }
}

fn intent_path(id: &GatewayReference) -> String {
    // The id came from Stripe, yet what is put into a path must not lead out of it.
    let id: String = form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect();
    format!("{INTENTS}/{id}")
}

/// What an intent's state says to whoever asked for the hold.
fn authorized(intent: &Intent) -> Result<GatewayAnswer, StripeError> {
    match intent.status {
        IntentStatus::RequiresCapture | IntentStatus::Succeeded => {
            Ok(GatewayAnswer::Authorized { authorization_id: reference(&intent.id)? })
        }
        IntentStatus::RequiresPaymentMethod => {
            let error = intent.last_payment_error.as_ref();
            let reason = error.map_or(DeclineReason::CardDeclined, wire::Problem::reason);
            Ok(GatewayAnswer::Declined { reason })
        }
        // Nobody is there to act, or the hold has run out since.
        IntentStatus::RequiresAction | IntentStatus::Canceled => {
            Ok(GatewayAnswer::Declined { reason: DeclineReason::CardDeclined })
        }
        IntentStatus::Processing | IntentStatus::RequiresConfirmation | IntentStatus::Other => {
            Err(StripeError::Unsettled { status: intent.status })
        }
    }
}

/// Why a capture was refused: read as for a refused hold. An attempt that finds the hold released by the one before
/// is told of its state only; then the intent may still have the bank's last word.
fn refused(refusal: &Refusal, intent: &Intent) -> DeclineReason {
    let last_word = || intent.last_payment_error.as_ref().map(wire::Problem::reason);
    refusal.declines().or_else(last_word).unwrap_or(DeclineReason::CardDeclined)
}

fn captured(intent: &Intent) -> Result<GatewayAnswer, StripeError> {
    match (intent.status, &intent.latest_charge) {
        (IntentStatus::Succeeded, Some(charge)) => {
            Ok(GatewayAnswer::Captured { charge_id: reference(charge)? })
        }
        (status, _) => Err(StripeError::Unsettled { status }),
    }
}

fn refunded(refund: &Refund) -> Result<GatewayAnswer, StripeError> {
    Ok(GatewayAnswer::Refunded { refund_id: reference(&refund.id)? })
}

fn reference(id: &str) -> Result<GatewayReference, StripeError> {
    id.parse().map_err(StripeError::Reference)
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
