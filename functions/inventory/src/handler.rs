//! Placed orders hold stock, all of it or none; cancelled ones give back what they hold.
//!
//! The counters of several articles and the reservation move in one transaction, the only one of an order's life.
//! Whether the counters suffice is known only there. If they do not, the same delivery is decided upon again as a
//! shortage, under the same id: it is rejected once, however often it comes.
//!
//! Knows the reservation's state machine and the commit protocol; neither tables nor queues.

use semel_contracts::{Envelope, EventType};
use semel_domain::{Reservation, ReservationInput};
use semel_exactly_once::{AggregateStore, Clock, Committer, Delivery, HandleError, Handled, Known, Verdict};
use semel_lambda::sqs::{Consumer, Outcome, Received, deliveries, of_group, order_of};

/// Consumes the inventory queue.
#[derive(Debug)]
pub struct Inventory<S, C> {
    committer: Committer<S, C>,
}

impl<S: AggregateStore, C: Clock> Inventory<S, C> {
    /// Reservations and counters kept through `committer`.
    pub fn new(committer: Committer<S, C>) -> Self {
        Self { committer }
    }

    async fn settle(
        &self,
        order_id: &str,
        known: Known<Reservation>,
        deliveries: &[Delivery<ReservationInput>],
    ) -> Result<Handled<Reservation>, HandleError> {
        let mut handled = self.committer.handle::<Reservation>(order_id, known, deliveries).await?;
        for (delivery, verdict) in deliveries.iter().zip(&mut handled.verdicts) {
            // What cannot be given back, as its article's counter is gone, stays short: somebody has to see it.
            let (ReservationInput::Placed(order), Verdict::Short(keys)) = (&delivery.input, &*verdict) else {
                continue;
            };
            let short = Delivery {
                id: delivery.id,
                input: ReservationInput::short(order, keys),
                traceparent: delivery.traceparent.clone(),
            };
            let known = handled.current.take().map_or(Known::Absent, Known::Current);
            let again = self.committer.handle::<Reservation>(order_id, known, &[short]).await?;
            handled.current = again.current;
            if let Some(decided) = again.verdicts.into_iter().next() {
                *verdict = decided;
            }
        }
        Ok(handled)
    }
}

impl<S: AggregateStore, C: Clock> Consumer for Inventory<S, C> {
    const NAME: &'static str = "inventory";

    fn route(&self, envelope: &Envelope) -> Option<String> {
        order_of(envelope, input)
    }

    async fn handle(&self, order_id: &str, group: Vec<Received>) -> Vec<Outcome> {
        let known = if is_first_word(&group) { Known::Absent } else { Known::Unknown };
        let deliveries = deliveries(group, input);
        of_group(deliveries.len(), self.settle(order_id, known, &deliveries).await)
    }
}

/// Whether the group looks like the first that is heard of an order. Then the reservation is put without a read; if
/// it is there after all, the put says so and brings what is there.
fn is_first_word(group: &[Received]) -> bool {
    group.first().is_some_and(|first| {
        first.receive_count <= 1 && first.envelope.event_type() == EventType::OrderCreated
    })
}

semel_lambda::inputs! {
    /// What a reservation hears of.
    fn input -> ReservationInput {
        OrderCreated => ReservationInput::Placed,
        OrderCancelled => ReservationInput::Cancelled,
    }
    else {
        OrderConfirmed, OrderCancellationRequested,
        PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentVoided, PaymentRefunded,
        InventoryReserved, InventoryRejected, InventoryReleased,
        ShipmentCreated, ShipmentDispatched, ShipmentDelivered, ShipmentCancelled,
    }
}

#[cfg(test)]
mod tests;
