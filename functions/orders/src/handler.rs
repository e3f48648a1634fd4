//! Facts from payments, inventory and shipping move an order on: decode, decide, commit, and nothing else.
//!
//! Knows the order's state machine and the commit protocol; neither tables nor queues.

use semel_contracts::{Envelope, EventType};
use semel_domain::{Order, OrderInput};
use semel_exactly_once::{AggregateStore, Clock, Committer, Known};
use semel_lambda::sqs::{Consumer, Outcome, Received, deliveries, of_group};

/// Consumes the orders queue.
#[derive(Debug)]
pub struct Orders<S, C> {
    committer: Committer<S, C>,
}

impl<S: AggregateStore, C: Clock> Orders<S, C> {
    /// Orders kept through `committer`.
    pub fn new(committer: Committer<S, C>) -> Self {
        Self { committer }
    }
}

impl<S: AggregateStore, C: Clock> Consumer for Orders<S, C> {
    const NAME: &'static str = "orders";

    fn route(&self, envelope: &Envelope) -> Option<String> {
        is_fact(envelope.event_type()).then(|| envelope.order_id().to_string())
    }

    async fn handle(&self, order_id: &str, group: Vec<Received>) -> Vec<Outcome> {
        let deliveries = deliveries(group, |fact| Some(OrderInput::Fact(fact)));
        of_group(
            deliveries.len(),
            self.committer.handle::<Order>(order_id, Known::Unknown, &deliveries).await,
        )
    }
}

/// What others tell about an order. Its own events never come back to it.
fn is_fact(event_type: EventType) -> bool {
    match event_type {
        EventType::PaymentAuthorized
        | EventType::PaymentDeclined
        | EventType::PaymentProcessed
        | EventType::PaymentVoided
        | EventType::PaymentRefunded
        | EventType::InventoryReserved
        | EventType::InventoryRejected
        | EventType::InventoryReleased
        | EventType::ShipmentCreated
        | EventType::ShipmentDispatched
        | EventType::ShipmentDelivered
        | EventType::ShipmentCancelled => true,
        EventType::OrderCreated
        | EventType::OrderConfirmed
        | EventType::OrderCancellationRequested
        | EventType::OrderCancelled => false,
    }
}

#[cfg(test)]
mod tests;
