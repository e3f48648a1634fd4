//! What a shipment asks of the carrier: once to take the parcel, and later how far it is.

use semel_contracts::events::Carrier;
use semel_contracts::{EventId, OrderId, Timestamp, TrackingNumber};
use semel_exactly_once::{Aggregate, Delivery, Intent};

use super::{Parcel, Shipment, ShipmentInput, ShipmentStatus};

/// The carrier is to take a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookParcel {
    /// The order that is shipped; one booking per order.
    pub order_id: OrderId,
    /// The parcel.
    pub parcel: Parcel,
}

impl BookParcel {
    /// The key under which the carrier books once: `<order id>/book`.
    pub fn idempotency_key(&self) -> String {
        format!("{}/book", self.order_id)
    }

    /// The id under which the answer is applied once.
    pub fn answer_id(&self) -> EventId {
        EventId::derive_from(&[Shipment::CONSUMER, &self.idempotency_key()])
    }

    /// The answer as the shipment takes it.
    pub fn answered(&self, answer: ShipmentInput) -> Delivery<ShipmentInput> {
        Delivery::new(self.answer_id(), answer)
    }
}

/// The carrier is to be asked how far a parcel is. A question, not an effect: it may be repeated freely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackParcel {
    /// The order that is shipped.
    pub order_id: OrderId,
    /// Who carries it.
    pub carrier: Carrier,
    /// The carrier's number for it.
    pub tracking_number: TrackingNumber,
    /// When to ask.
    pub ask_at: Timestamp,
}

impl TrackParcel {
    /// The id under which the answer to this question is applied once; the next question has another.
    pub fn answer_id(&self) -> EventId {
        let ask_at_ms = self.ask_at.as_millis().to_string();
        EventId::derive_from(&[Shipment::CONSUMER, &self.order_id.to_string(), "track", &ask_at_ms])
    }

    /// The answer as the shipment takes it.
    pub fn answered(&self, answer: ShipmentInput) -> Delivery<ShipmentInput> {
        Delivery::new(self.answer_id(), answer)
    }
}

impl Shipment {
    /// The question to the carrier that is due at its `ask_at`, while the parcel is on its way.
    pub fn tracking(&self) -> Option<TrackParcel> {
        match self.status.clone() {
            ShipmentStatus::Dispatched { carrier, tracking_number, ask_at, email: _ } => {
                Some(TrackParcel { order_id: self.order_id, carrier, tracking_number, ask_at })
            }
            ShipmentStatus::AwaitingOrder
            | ShipmentStatus::Created(_)
            | ShipmentStatus::Booking(_)
            | ShipmentStatus::Delivered { .. }
            | ShipmentStatus::Cancelled => None,
        }
    }
}

impl Intent for Shipment {
    type Effect = BookParcel;

    fn intent(_id: &str, shipment: &Self) -> Option<BookParcel> {
        match &shipment.status {
            ShipmentStatus::Booking(parcel) => {
                Some(BookParcel { order_id: shipment.order_id, parcel: parcel.clone() })
            }
            ShipmentStatus::AwaitingOrder
            | ShipmentStatus::Created(_)
            | ShipmentStatus::Dispatched { .. }
            | ShipmentStatus::Delivered { .. }
            | ShipmentStatus::Cancelled => None,
        }
    }
}
