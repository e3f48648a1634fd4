//! The order: what a customer asked for, and how far its payment, stock and parcel have come.
//!
//! It is the only machine that decides for the whole: it confirms when money and stock are both secured, and cancels
//! when something failed, time ran out or the customer asked. A fact moves its leg, then the order settles. Knows
//! nothing of how payment, stock and parcel do their work.

mod timeline;
mod transition;

use semel_contracts::events::{CancellationReason, Customer, OrderCreated, ShippingMethod};
use semel_contracts::{
    Address, Event, EventType, Lines, Money, OrderId, OrderLine, PaymentMethod, Timestamp, TrackingNumber,
};
use semel_exactly_once::{Aggregate, Decision, Index, IndexValue};
use serde::{Deserialize, Serialize};

use crate::due;
use timeline::Timeline;
pub use timeline::{Milestone, OrderStatus, PaymentLeg, ShipmentLeg, StockLeg};
use transition::Transition;

/// An order that was placed.
///
/// Its id is its key, and its payment method is the payment's alone: neither is kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who ordered.
    #[serde(rename = "by", with = "crate::compact")]
    pub customer: Customer,
    /// What is ordered, at which price.
    #[serde(with = "crate::compact")]
    pub lines: Lines<OrderLine>,
    /// What all lines cost together.
    #[serde(with = "crate::compact")]
    pub total: Money,
    /// How it is to be shipped.
    #[serde(rename = "ship")]
    pub shipping_method: ShippingMethod,
    /// Where the parcel goes.
    #[serde(rename = "to", with = "crate::compact")]
    pub ship_to: Address,
    /// Hash of the placing request: tells a repetition from another request under the same key.
    #[serde(rename = "print")]
    pub fingerprint: String,
    /// When it was placed.
    #[serde(rename = "at", with = "crate::compact")]
    pub placed_at: Timestamp,
    /// Until when money and stock must be secured.
    #[serde(rename = "due", with = "crate::compact")]
    pub deadline: Timestamp,
    /// Why it is cancelled, or was asked to be.
    #[serde(rename = "why", default, skip_serializing_if = "Option::is_none")]
    pub cancellation_reason: Option<CancellationReason>,
    /// The carrier's number for the parcel, once it has left.
    #[serde(rename = "track", default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    #[serde(rename = "log")]
    timeline: Timeline,
}

impl Order {
    /// Where it stands.
    pub fn status(&self) -> OrderStatus {
        self.timeline.status()
    }

    /// How far its money has come.
    pub fn payment(&self) -> PaymentLeg {
        self.timeline.payment()
    }

    /// How far its stock has come.
    pub fn stock(&self) -> StockLeg {
        self.timeline.stock()
    }

    /// How far its parcel has come.
    pub fn shipment(&self) -> ShipmentLeg {
        self.timeline.shipment()
    }

    /// What it has come through and when, in the order in which it was learnt.
    pub fn timeline(&self) -> impl Iterator<Item = (Milestone, Timestamp)> + '_ {
        self.timeline.entries(self.placed_at)
    }
}

impl OrderStatus {
    /// The word for it in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::CancellationRequested => "cancellation_requested",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Shipped => "shipped",
            Self::Completed => "completed",
        }
    }

    /// Whether the order has come to its end.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Cancelled | Self::Completed => true,
            Self::Pending
            | Self::Confirmed
            | Self::CancellationRequested
            | Self::Cancelling
            | Self::Shipped => false,
        }
    }
}

/// What is asked or told of an order.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every input is a fact: boxing it would cost each an allocation"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderInput {
    /// A customer places it.
    Place(Box<PlaceOrder>),
    /// The customer wants it cancelled.
    Cancel(OrderId),
    /// The sweeper found its deadline passed.
    Expire(OrderId),
    /// Another service told what happened.
    Fact(Event),
}

/// A checked request to place an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrder {
    /// The order's id, derived from the caller and their idempotency key.
    pub order_id: OrderId,
    /// Who orders.
    pub customer: Customer,
    /// What is ordered, at which price; see [`crate::quote`].
    pub lines: Lines<OrderLine>,
    /// What all lines cost together; see [`crate::quote`].
    pub total: Money,
    /// How it is to be shipped.
    pub shipping_method: ShippingMethod,
    /// Where the parcel goes.
    pub ship_to: Address,
    /// What it is paid with.
    pub payment_method: PaymentMethod,
    /// Hash of the request; a short one keeps the item small.
    pub fingerprint: String,
    /// Until when money and stock must be secured.
    pub deadline: Timestamp,
}

/// Why an order refuses an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderRejection {
    /// There is no such order.
    #[error("there is no such order")]
    Unknown,
    /// The same idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The parcel has left.
    #[error("the order has been shipped and can no longer be cancelled")]
    TooLate,
    /// The orders service emits this type itself: routing it back here is a fault of the wiring.
    #[error("{0} is no fact about an order from another service")]
    NotAFact(EventType),
}

impl Aggregate for Order {
    const KIND: &'static str = "order";
    const CONSUMER: &'static str = "orders";
    type State = Self;
    type Input = OrderInput;
    type Event = Event;
    type Rejection = OrderRejection;

    fn decide(
        state: Option<&Self>,
        input: &OrderInput,
        now: Timestamp,
    ) -> Result<Decision<Self, Event>, OrderRejection> {
        let (order, order_id) = match (state, input) {
            (None, OrderInput::Place(request)) => return Ok(place(request, now)),
            (None, OrderInput::Cancel(_) | OrderInput::Expire(_) | OrderInput::Fact(_)) => {
                return Err(OrderRejection::Unknown);
            }
            (Some(order), OrderInput::Place(request)) => {
                let same = order.fingerprint == request.fingerprint;
                return if same { Ok(Decision::Unchanged) } else { Err(OrderRejection::KeyReused) };
            }
            (Some(order), OrderInput::Cancel(order_id) | OrderInput::Expire(order_id)) => (order, *order_id),
            (Some(order), OrderInput::Fact(event)) => (order, event.order_id()),
        };
        let mut next = Transition { order: order.clone(), order_id, now, events: Vec::new() };
        let moved = match input {
            OrderInput::Place(_) => false,
            OrderInput::Cancel(_) => next.cancel()?,
            OrderInput::Expire(_) => next.expire(),
            OrderInput::Fact(event) => next.learn(event)?,
        };
        if !moved {
            return Ok(Decision::Unchanged);
        }
        next.settle();
        Ok(Decision::to(next.order, next.events))
    }

    fn index(id: &str, order: &Self) -> Index {
        let customer_id = IndexValue::Text(order.customer.customer_id.as_str().to_owned());
        let placed_at = IndexValue::Number(order.placed_at.as_millis());
        let mut index = Index::from([("customer_id", customer_id), ("placed_at", placed_at)]);
        if order.status() == OrderStatus::Pending {
            due::wait_until(order.deadline, id, &mut index);
        }
        index
    }
}

fn place(request: &PlaceOrder, now: Timestamp) -> Decision<Order, Event> {
    let PlaceOrder {
        order_id,
        customer,
        lines,
        total,
        shipping_method,
        ship_to,
        payment_method,
        fingerprint,
        deadline,
    } = request.clone();
    let created = OrderCreated {
        order_id,
        customer: customer.clone(),
        lines: lines.clone(),
        total,
        shipping_method,
        payment_method,
    };
    let mut timeline = Timeline::default();
    timeline.push(Milestone::Placed, now, now);
    let order = Order {
        customer,
        lines,
        total,
        shipping_method,
        ship_to,
        fingerprint,
        placed_at: now,
        deadline,
        cancellation_reason: None,
        tracking_number: None,
        timeline,
    };
    Decision::to(order, vec![created.into()])
}

#[cfg(test)]
mod tests;
