//! Facts from payments, inventory and shipping move an order on: decode, decide, commit, and nothing else.
//!
//! Knows the order's state machine and the commit protocol; neither tables nor queues.

use semel_contracts::{Envelope, Event};
use semel_domain::{Order, OrderInput};
use semel_exactly_once::{AggregateStore, Clock, Committer, Known};
use semel_lambda::sqs::{Consumer, Outcome, Received, deliveries, of_group, order_of};

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
        order_of(envelope, input)
    }

    async fn handle(&self, order_id: &str, group: Vec<Received>) -> Vec<Outcome> {
        let deliveries = deliveries(group, input);
        of_group(
            deliveries.len(),
            self.committer.handle::<Order>(order_id, Known::Unknown, &deliveries).await,
        )
    }
}

semel_lambda::inputs! {
    /// What others tell about an order. Its own events never come back to it.
    fn input -> OrderInput {
        PaymentAuthorized => fact,
        PaymentDeclined => fact,
        PaymentProcessed => fact,
        PaymentVoided => fact,
        PaymentRefunded => fact,
        InventoryReserved => fact,
        InventoryRejected => fact,
        InventoryReleased => fact,
        ShipmentCreated => fact,
        ShipmentDispatched => fact,
        ShipmentDelivered => fact,
        ShipmentCancelled => fact,
    }
    else { OrderCreated, OrderConfirmed, OrderCancellationRequested, OrderCancelled }
}

fn fact(event: impl Into<Event>) -> OrderInput {
    OrderInput::Fact(event.into())
}

#[cfg(test)]
mod tests;
