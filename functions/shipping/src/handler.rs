//! Confirmed orders become shipments, paid ones leave with the carrier, and cancellations win only before that.
//!
//! Knows the shipment's state machine, the commit protocol and the carrier's port; neither tables nor queues.

use semel_contracts::Envelope;
use semel_domain::{BookParcel, Shipment, ShipmentInput};
use semel_exactly_once::{AggregateStore, Clock, Committer, Delivery, Known, Perform, PerformError};
use semel_lambda::sqs::{Consumer, Outcome, Received, deliveries, order_of, settled};

use crate::carrier::{Booking, Carrier};

/// Consumes the shipping queue.
#[derive(Debug)]
pub struct Shipping<S, C, K> {
    committer: Committer<S, C>,
    carrier: K,
}

impl<S: AggregateStore, C: Clock, K: Carrier> Shipping<S, C, K> {
    /// Shipments kept through `committer` and carried by `carrier`.
    pub fn new(committer: Committer<S, C>, carrier: K) -> Self {
        Self { committer, carrier }
    }
}

impl<S: AggregateStore, C: Clock, K: Carrier> Consumer for Shipping<S, C, K> {
    const NAME: &'static str = "shipping";

    fn route(&self, envelope: &Envelope) -> Option<String> {
        order_of(envelope, input)
    }

    async fn handle(&self, order_id: &str, group: Vec<Received>) -> Vec<Outcome> {
        let deliveries = deliveries(group, input);
        let bookings = |_: &[_]| Bookings(&self.carrier);
        settled::<Shipment, _, _, _>(&self.committer, order_id, Known::Unknown, &deliveries, bookings).await
    }
}

semel_lambda::inputs! {
    /// What a shipment hears of.
    fn input -> ShipmentInput {
        OrderConfirmed => ShipmentInput::Confirmed,
        PaymentProcessed => ShipmentInput::Paid,
        OrderCancellationRequested => ShipmentInput::CancellationRequested,
    }
    else {
        OrderCreated, OrderCancelled,
        PaymentAuthorized, PaymentDeclined, PaymentVoided, PaymentRefunded,
        InventoryReserved, InventoryRejected, InventoryReleased,
        ShipmentCreated, ShipmentDispatched, ShipmentDelivered, ShipmentCancelled,
    }
}

/// The shipment's intent, performed by a carrier.
#[derive(Debug)]
struct Bookings<'a, K>(&'a K);

impl<K: Carrier> Perform<Shipment> for Bookings<'_, K> {
    async fn perform(&self, parcel: &BookParcel) -> Result<Delivery<ShipmentInput>, PerformError> {
        let answer = match self.0.book(parcel).await? {
            Booking::Booked { carrier, tracking_number, ask_at } => {
                ShipmentInput::Booked { carrier, tracking_number, ask_at }
            }
            Booking::Refused => ShipmentInput::BookingRefused,
        };
        Ok(parcel.answered(answer))
    }
}

#[cfg(test)]
mod tests;
