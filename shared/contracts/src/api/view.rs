//! Answers: what a client sees of orders and stock.

use serde::{Deserialize, Serialize};

use crate::events::{CancellationReason, ShippingMethod};
use crate::{Address, Lines, Money, OrderId, OrderLine, Sku, Timestamp, TrackingNumber};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Payment and stock are being secured.
    Pending,
    /// Both are secured.
    Confirmed,
    /// Cancellation was requested after confirmation; shipping decides.
    Cancelling,
    /// The parcel has left.
    Dispatched,
    /// The parcel has arrived.
    Delivered,
    /// It is off.
    Cancelled,
}

/// Where the money of an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing is known yet.
    Pending,
    /// Held, not taken.
    Authorized,
    /// Refused.
    Declined,
    /// Taken.
    Captured,
    /// The hold was released.
    Voided,
    /// Given back.
    Refunded,
}

/// Where the stock of an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockStatus {
    /// Nothing is known yet.
    Pending,
    /// Held for the order.
    Reserved,
    /// Not enough of it.
    Rejected,
    /// For sale again.
    Released,
}

/// Where the parcel of an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// There is none yet.
    Pending,
    /// It is being made ready.
    Created,
    /// It has left.
    Dispatched,
    /// It has arrived.
    Delivered,
    /// It will not leave.
    Cancelled,
}

/// Answer to `POST /orders`: the order exists. What becomes of it is in its [`OrderView`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAccepted {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What it costs.
    pub total: Money,
    /// When it was placed; a repeated request sees the first time.
    pub placed_at: Timestamp,
}

/// One order, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment: PaymentStatus,
    /// Where its stock stands.
    pub stock: StockStatus,
    /// Where its parcel stands.
    pub shipment: ShipmentStatus,
    /// What is ordered.
    pub lines: Lines<OrderLine>,
    /// What it costs.
    pub total: Money,
    /// How it is shipped.
    pub shipping_method: ShippingMethod,
    /// Where the parcel goes.
    pub ship_to: Address,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// What has happened to it, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The carrier's number for the parcel, once it has left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    /// Why it is cancelled, or was asked to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation_reason: Option<CancellationReason>,
}

/// One thing that has happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What, in the words of the event types.
    pub what: String,
}

/// One order in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSummary {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What it costs.
    pub total: Money,
    /// When it was placed.
    pub placed_at: Timestamp,
}

/// A customer's orders, newest first, a page at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderList {
    /// The orders of this page.
    pub orders: Vec<OrderSummary>,
    /// What to ask for to get the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How much of an article there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevel {
    /// The article.
    pub sku: Sku,
    /// What it is called.
    pub name: String,
    /// What one unit costs.
    pub unit_price: Money,
    /// Units that can be ordered.
    pub available: u64,
}

/// What is for sale, a page at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockList {
    /// The articles of this page.
    pub stock: Vec<StockLevel>,
    /// What to ask for to get the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
