//! Orders become payments: decode, decide, commit, then ask the gateway for what the payment still owes.
//!
//! Knows the payment's state machine, the commit protocol and the gateway's port; neither tables nor queues.

use semel_contracts::{Envelope, Event};
use semel_domain::{Payment, PaymentInput, PaymentRejection};
use semel_exactly_once::{AggregateStore, Clock, Committer, Delivery, Known, Verdict};
use semel_lambda::sqs::{Consumer, Outcome, Received, deliveries, order_of, settled};

use crate::gateway::{Asking, Attempt, Gateway};

/// Consumes the payments queue.
#[derive(Debug)]
pub struct Payments<S, C, G> {
    committer: Committer<S, C>,
    gateway: G,
}

impl<S: AggregateStore, C: Clock, G: Gateway> Payments<S, C, G> {
    /// Payments kept through `committer`, whose money moves through `gateway`.
    pub fn new(committer: Committer<S, C>, gateway: G) -> Self {
        Self { committer, gateway }
    }
}

impl<S: AggregateStore, C: Clock, G: Gateway> Consumer for Payments<S, C, G> {
    const NAME: &'static str = "payments";

    fn route(&self, envelope: &Envelope) -> Option<String> {
        order_of(envelope, input)
    }

    async fn handle(&self, order_id: &str, group: Vec<Received>) -> Vec<Outcome> {
        let known = known(&group);
        let deliveries = deliveries(group, input);
        // Whatever the verdicts, the payment is settled: the delivery that recorded what it owes may have died before
        // the call.
        let asking =
            |verdicts: &[_]| Asking { gateway: &self.gateway, attempt: attempt(&deliveries, verdicts) };
        settled::<Payment, _, _, _>(&self.committer, order_id, known, &deliveries, asking).await
    }
}

/// A placed order opens its payment, so that reading it first would find nothing. One that was received before
/// probably finds what the earlier attempt wrote, and a failed write costs more than a read.
fn known(group: &[Received]) -> Known<Payment> {
    match group.first() {
        Some(Received { envelope: Envelope { data: Event::OrderCreated(_), .. }, receive_count: 1 }) => {
            Known::Absent
        }
        Some(_) | None => Known::Unknown,
    }
}

/// The gateway is called for the first time if its payment was opened just now.
fn attempt(deliveries: &[Delivery<PaymentInput>], verdicts: &[Verdict<PaymentRejection>]) -> Attempt {
    let opened = deliveries.iter().zip(verdicts).any(|(delivery, verdict)| {
        matches!((&delivery.input, verdict), (PaymentInput::Placed(_), Verdict::Applied))
    });
    if opened { Attempt::First } else { Attempt::Repeated }
}

semel_lambda::inputs! {
    /// What a payment hears of.
    fn input -> PaymentInput {
        OrderCreated => PaymentInput::Placed,
        OrderConfirmed => PaymentInput::Confirmed,
        OrderCancelled => PaymentInput::Cancelled,
    }
    else {
        // Shipping decides upon it; what follows is `OrderCancelled` or nothing.
        OrderCancellationRequested,
        PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentVoided, PaymentRefunded,
        InventoryReserved, InventoryRejected, InventoryReleased,
        ShipmentCreated, ShipmentDispatched, ShipmentDelivered, ShipmentCancelled,
    }
}

#[cfg(test)]
mod tests;
