//! The parcel of one order: made ready when the order is confirmed, booked with the carrier once it is paid.
//!
//! Confirmation and payment come in either order. Until the booking a cancellation is heeded; from then on it is too
//! late, as only the carrier knows whether the parcel has left. Knows no carrier and nothing of stock.

mod carrier;

use semel_contracts::events::{
    Carrier, OrderCancellationRequested, OrderConfirmed, PaymentProcessed, ShipmentCancellationReason,
    ShipmentCancelled, ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShippingMethod,
};
use semel_contracts::{Address, EmailAddress, Event, OrderId, Timestamp, TrackingNumber};
use semel_exactly_once::{Aggregate, Decision, Index};
use serde::{Deserialize, Serialize};

use crate::due;
pub use carrier::{BookParcel, TrackParcel};

/// A shipment, one per order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The order that is shipped.
    #[serde(rename = "order")]
    pub order_id: OrderId,
    /// How far it has come.
    #[serde(rename = "is")]
    pub status: ShipmentStatus,
}

/// How far a shipment has come, with what the next step needs and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// The payment came first; the order is still to come.
    AwaitingOrder,
    /// Made ready, not paid yet.
    Created(Parcel),
    /// Paid; the carrier is asked to take it.
    Booking(Parcel),
    /// On its way.
    Dispatched {
        /// Who carries it.
        carrier: Carrier,
        /// The carrier's number for it.
        #[serde(rename = "track")]
        tracking_number: TrackingNumber,
        /// Where the customer is told.
        email: EmailAddress,
        /// When to ask the carrier next.
        #[serde(rename = "ask", with = "crate::compact")]
        ask_at: Timestamp,
    },
    /// It has arrived. Final.
    Delivered {
        /// Who carried it.
        carrier: Carrier,
        /// The carrier's number for it.
        #[serde(rename = "track")]
        tracking_number: TrackingNumber,
    },
    /// It never leaves. Final.
    Cancelled,
}

/// What is known of a parcel before the carrier has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// How it is to be shipped.
    #[serde(rename = "ship")]
    pub shipping_method: ShippingMethod,
    /// Where it goes.
    #[serde(rename = "to", with = "crate::compact")]
    pub ship_to: Address,
    /// Where the customer is told.
    pub email: EmailAddress,
}

/// What is told to a shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShipmentInput {
    /// The order was confirmed.
    Confirmed(OrderConfirmed),
    /// The order is paid.
    Paid(PaymentProcessed),
    /// The order is to be cancelled, if the parcel is still here.
    CancellationRequested(OrderCancellationRequested),
    /// The carrier took the parcel ([`BookParcel`]).
    Booked {
        /// Who carries it.
        carrier: Carrier,
        /// The carrier's number for it.
        tracking_number: TrackingNumber,
        /// When to ask the carrier how far it is.
        ask_at: Timestamp,
    },
    /// The carrier will never take the parcel ([`BookParcel`]).
    BookingRefused,
    /// The carrier has delivered the parcel ([`TrackParcel`]).
    ParcelDelivered,
    /// The carrier has not delivered the parcel yet ([`TrackParcel`]).
    StillInTransit {
        /// When to ask again.
        ask_again_at: Timestamp,
    },
}

/// Why a shipment refuses an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShipmentRejection {
    /// No carrier answers before there is a parcel.
    #[error("a carrier's answer came for a shipment that does not exist")]
    Unknown,
}

impl Aggregate for Shipment {
    const KIND: &'static str = "shipment";
    const CONSUMER: &'static str = "shipping";
    type State = Self;
    type Input = ShipmentInput;
    type Event = Event;
    type Rejection = ShipmentRejection;

    fn decide(
        state: Option<&Self>,
        input: &ShipmentInput,
        _now: Timestamp,
    ) -> Result<Decision<Self, Event>, ShipmentRejection> {
        let Some(shipment) = state else {
            return begin(input);
        };
        let order_id = shipment.order_id;
        let next = match input {
            ShipmentInput::Confirmed(order) => shipment.confirmed(order),
            ShipmentInput::Paid(_) => shipment.paid(),
            ShipmentInput::CancellationRequested(_) => shipment.cancellation_requested(),
            ShipmentInput::Booked { .. } | ShipmentInput::BookingRefused => shipment.booking_answered(input),
            ShipmentInput::ParcelDelivered | ShipmentInput::StillInTransit { .. } => {
                shipment.tracking_answered(input)
            }
        };
        Ok(match next {
            None => Decision::Unchanged,
            Some((status, event)) => Decision::to(Self { order_id, status }, event.into_iter().collect()),
        })
    }

    fn index(id: &str, shipment: &Self) -> Index {
        let mut index = Index::new();
        if let Some(question) = shipment.tracking() {
            due::wait_until(question.ask_at, id, &mut index);
        }
        index
    }
}

fn begin(input: &ShipmentInput) -> Result<Decision<Shipment, Event>, ShipmentRejection> {
    let (order_id, status, event) = match input {
        ShipmentInput::Confirmed(order) => {
            (order.order_id, ShipmentStatus::Created(Parcel::of(order)), Some(created(order)))
        }
        ShipmentInput::Paid(payment) => (payment.order_id, ShipmentStatus::AwaitingOrder, None),
        // It overtook the order: what is kept makes the order, when it comes, a no-op.
        ShipmentInput::CancellationRequested(request) => {
            let event = cancelled(request.order_id, ShipmentCancellationReason::Requested);
            (request.order_id, ShipmentStatus::Cancelled, Some(event))
        }
        ShipmentInput::Booked { .. }
        | ShipmentInput::BookingRefused
        | ShipmentInput::ParcelDelivered
        | ShipmentInput::StillInTransit { .. } => return Err(ShipmentRejection::Unknown),
    };
    Ok(Decision::to(Shipment { order_id, status }, event.into_iter().collect()))
}

impl Parcel {
    fn of(order: &OrderConfirmed) -> Self {
        Self {
            shipping_method: order.shipping_method,
            ship_to: order.ship_to.clone(),
            email: order.customer.email.clone(),
        }
    }
}

fn created(order: &OrderConfirmed) -> Event {
    ShipmentCreated { order_id: order.order_id, shipping_method: order.shipping_method }.into()
}

fn cancelled(order_id: OrderId, reason: ShipmentCancellationReason) -> Event {
    ShipmentCancelled { order_id, reason }.into()
}

/// The next status and what is emitted; `None` if nothing changes.
type Next = Option<(ShipmentStatus, Option<Event>)>;

impl Shipment {
    fn confirmed(&self, order: &OrderConfirmed) -> Next {
        match &self.status {
            ShipmentStatus::AwaitingOrder => {
                Some((ShipmentStatus::Booking(Parcel::of(order)), Some(created(order))))
            }
            ShipmentStatus::Created(_)
            | ShipmentStatus::Booking(_)
            | ShipmentStatus::Dispatched { .. }
            | ShipmentStatus::Delivered { .. }
            | ShipmentStatus::Cancelled => None,
        }
    }

    fn paid(&self) -> Next {
        match &self.status {
            ShipmentStatus::Created(parcel) => Some((ShipmentStatus::Booking(parcel.clone()), None)),
            ShipmentStatus::AwaitingOrder
            | ShipmentStatus::Booking(_)
            | ShipmentStatus::Dispatched { .. }
            | ShipmentStatus::Delivered { .. }
            | ShipmentStatus::Cancelled => None,
        }
    }

    fn cancellation_requested(&self) -> Next {
        match &self.status {
            ShipmentStatus::AwaitingOrder | ShipmentStatus::Created(_) => {
                let event = cancelled(self.order_id, ShipmentCancellationReason::Requested);
                Some((ShipmentStatus::Cancelled, Some(event)))
            }
            // Too late, and no answer: the order learns from the dispatch, or from the carrier's refusal.
            ShipmentStatus::Booking(_)
            | ShipmentStatus::Dispatched { .. }
            | ShipmentStatus::Delivered { .. }
            | ShipmentStatus::Cancelled => None,
        }
    }

    fn booking_answered(&self, answer: &ShipmentInput) -> Next {
        let parcel = match &self.status {
            ShipmentStatus::Booking(parcel) => parcel,
            ShipmentStatus::AwaitingOrder
            | ShipmentStatus::Created(_)
            | ShipmentStatus::Dispatched { .. }
            | ShipmentStatus::Delivered { .. }
            | ShipmentStatus::Cancelled => return None,
        };
        match answer {
            ShipmentInput::Booked { carrier, tracking_number, ask_at } => {
                let event = ShipmentDispatched {
                    order_id: self.order_id,
                    carrier: carrier.clone(),
                    tracking_number: tracking_number.clone(),
                    email: parcel.email.clone(),
                };
                let status = ShipmentStatus::Dispatched {
                    carrier: carrier.clone(),
                    tracking_number: tracking_number.clone(),
                    email: parcel.email.clone(),
                    ask_at: *ask_at,
                };
                Some((status, Some(event.into())))
            }
            ShipmentInput::BookingRefused => {
                let event = cancelled(self.order_id, ShipmentCancellationReason::Undeliverable);
                Some((ShipmentStatus::Cancelled, Some(event)))
            }
            ShipmentInput::Confirmed(_)
            | ShipmentInput::Paid(_)
            | ShipmentInput::CancellationRequested(_)
            | ShipmentInput::ParcelDelivered
            | ShipmentInput::StillInTransit { .. } => None,
        }
    }

    fn tracking_answered(&self, answer: &ShipmentInput) -> Next {
        let (carrier, tracking_number, email, asked_at) = match self.status.clone() {
            ShipmentStatus::Dispatched { carrier, tracking_number, email, ask_at } => {
                (carrier, tracking_number, email, ask_at)
            }
            ShipmentStatus::AwaitingOrder
            | ShipmentStatus::Created(_)
            | ShipmentStatus::Booking(_)
            | ShipmentStatus::Delivered { .. }
            | ShipmentStatus::Cancelled => return None,
        };
        match answer {
            ShipmentInput::ParcelDelivered => {
                let event = ShipmentDelivered { order_id: self.order_id, email };
                Some((ShipmentStatus::Delivered { carrier, tracking_number }, Some(event.into())))
            }
            // Only forwards: an old answer must not bring an old question back.
            ShipmentInput::StillInTransit { ask_again_at } if *ask_again_at > asked_at => {
                let ask_at = *ask_again_at;
                Some((ShipmentStatus::Dispatched { carrier, tracking_number, email, ask_at }, None))
            }
            ShipmentInput::StillInTransit { .. }
            | ShipmentInput::Confirmed(_)
            | ShipmentInput::Paid(_)
            | ShipmentInput::CancellationRequested(_)
            | ShipmentInput::Booked { .. }
            | ShipmentInput::BookingRefused => None,
        }
    }
}

#[cfg(test)]
mod tests;
