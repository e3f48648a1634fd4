//! Orders become payments: decode, decide, commit, then ask the gateway for what the payment still owes.
//!
//! Knows the payment's state machine, the commit protocol and the gateway's port; neither tables nor queues.

use semel_contracts::{Envelope, Event, EventType};
use semel_domain::{Payment, PaymentInput, PaymentRejection};
use semel_exactly_once::{AggregateStore, Clock, Committer, Delivery, Handled, Known, Verdict};
use semel_lambda::sqs::{Consumer, Outcome, Received};

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

    /// Performs what the payment owes, whichever delivery recorded it: the one that did may have died before the
    /// call. Answers what went wrong.
    async fn settle(&self, order_id: &str, handled: Handled<Payment>, attempt: Attempt) -> Option<Outcome> {
        let current = handled.current?;
        let asking = Asking { gateway: &self.gateway, attempt };
        let settled = self.committer.settle::<Payment>(order_id, current, &asking).await;
        settled.err().map(|error| Outcome::from(&error))
    }
}

impl<S: AggregateStore, C: Clock, G: Gateway> Consumer for Payments<S, C, G> {
    const NAME: &'static str = "payments";

    fn route(&self, envelope: &Envelope) -> Option<String> {
        concerns_payments(envelope.event_type()).then(|| envelope.order_id().to_string())
    }

    async fn handle(&self, order_id: &str, group: Vec<Received>) -> Vec<Outcome> {
        let known = known(&group);
        // Routing let only inputs through, so each record is a delivery.
        let deliveries: Vec<_> = group.into_iter().filter_map(delivery).collect();
        let mut handled = match self.committer.handle::<Payment>(order_id, known, &deliveries).await {
            Ok(handled) => handled,
            Err(error) => return vec![Outcome::from(&error); deliveries.len()],
        };
        let verdicts = std::mem::take(&mut handled.verdicts);
        let failure = self.settle(order_id, handled, attempt(&deliveries, &verdicts)).await;
        let outcomes = verdicts.into_iter().map(Outcome::from);
        // While a call has failed nothing of the group is acknowledged, so that the queue brings the intent back;
        // only what was refused for good stays refused.
        outcomes.map(|outcome| acknowledged(outcome, failure.as_ref())).collect()
    }
}

fn acknowledged(outcome: Outcome, failure: Option<&Outcome>) -> Outcome {
    match (&outcome, failure) {
        (Outcome::Applied | Outcome::Duplicate | Outcome::NoEffect, Some(failure)) => failure.clone(),
        (_, _) => outcome,
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

fn delivery(received: Received) -> Option<Delivery<PaymentInput>> {
    let Envelope { event_id, data, metadata, .. } = received.envelope;
    Some(Delivery { id: event_id, input: input(data)?, traceparent: metadata.traceparent })
}

fn input(event: Event) -> Option<PaymentInput> {
    match event {
        Event::OrderCreated(order) => Some(PaymentInput::Placed(order)),
        Event::OrderConfirmed(order) => Some(PaymentInput::Confirmed(order)),
        Event::OrderCancelled(order) => Some(PaymentInput::Cancelled(order)),
        // Shipping decides upon it; what follows is `OrderCancelled` or nothing.
        Event::OrderCancellationRequested(_)
        | Event::PaymentAuthorized(_)
        | Event::PaymentDeclined(_)
        | Event::PaymentProcessed(_)
        | Event::PaymentVoided(_)
        | Event::PaymentRefunded(_)
        | Event::InventoryReserved(_)
        | Event::InventoryRejected(_)
        | Event::InventoryReleased(_)
        | Event::ShipmentCreated(_)
        | Event::ShipmentDispatched(_)
        | Event::ShipmentDelivered(_)
        | Event::ShipmentCancelled(_) => None,
    }
}

fn concerns_payments(event_type: EventType) -> bool {
    matches!(event_type, EventType::OrderCreated | EventType::OrderConfirmed | EventType::OrderCancelled)
}

#[cfg(test)]
mod tests;
