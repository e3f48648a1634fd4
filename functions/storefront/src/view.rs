//! What a caller sees of an order and of an article: the domain's words in the API's.

use semel_contracts::OrderId;
use semel_contracts::api::{
    OrderAccepted, OrderStatus, OrderSummary, OrderView, PaymentStatus, ShipmentStatus, StockLevel,
    StockStatus, TimelineEntry,
};
use semel_domain::order::{PaymentLeg, ShipmentLeg, StockLeg};
use semel_domain::{Order, StockItem};

/// The answer to a placed order. Only what never changes is in it, so that every repetition gets the same bytes.
pub(crate) fn accepted(order_id: OrderId, order: &Order) -> OrderAccepted {
    OrderAccepted { order_id, status: OrderStatus::Pending, total: order.total, placed_at: order.placed_at }
}

/// One line of a list.
pub(crate) fn summary(order_id: OrderId, order: &Order) -> OrderSummary {
    OrderSummary { order_id, status: status(order), total: order.total, placed_at: order.placed_at }
}

/// The whole order, as it is now.
pub(crate) fn order(order_id: OrderId, order: &Order) -> OrderView {
    let entry = |(milestone, at): (semel_domain::Milestone, _)| TimelineEntry {
        at,
        what: milestone.as_str().to_owned(),
    };
    OrderView {
        order_id,
        status: status(order),
        payment: payment(order.payment()),
        stock: stock(order.stock()),
        shipment: shipment(order.shipment()),
        lines: order.lines.clone(),
        total: order.total,
        shipping_method: order.shipping_method,
        ship_to: order.ship_to.clone(),
        placed_at: order.placed_at,
        timeline: order.timeline().map(entry).collect(),
        tracking_number: order.tracking_number.clone(),
        cancellation_reason: order.cancellation_reason,
    }
}

/// An article with its price.
pub(crate) fn stock_level(article: &StockItem) -> StockLevel {
    StockLevel {
        sku: article.sku.clone(),
        name: article.name.clone(),
        unit_price: article.unit_price(),
        available: article.available,
    }
}

fn status(order: &Order) -> OrderStatus {
    match order.status() {
        semel_domain::OrderStatus::Pending => OrderStatus::Pending,
        semel_domain::OrderStatus::Confirmed => OrderStatus::Confirmed,
        semel_domain::OrderStatus::CancellationRequested | semel_domain::OrderStatus::Cancelling => {
            OrderStatus::Cancelling
        }
        semel_domain::OrderStatus::Cancelled => OrderStatus::Cancelled,
        semel_domain::OrderStatus::Shipped => OrderStatus::Dispatched,
        semel_domain::OrderStatus::Completed => OrderStatus::Delivered,
    }
}

fn payment(leg: PaymentLeg) -> PaymentStatus {
    match leg {
        PaymentLeg::Awaited => PaymentStatus::Pending,
        PaymentLeg::Authorized => PaymentStatus::Authorized,
        PaymentLeg::Captured => PaymentStatus::Captured,
        PaymentLeg::Declined => PaymentStatus::Declined,
        PaymentLeg::Voided => PaymentStatus::Voided,
        PaymentLeg::Refunded => PaymentStatus::Refunded,
    }
}

fn stock(leg: StockLeg) -> StockStatus {
    match leg {
        StockLeg::Awaited => StockStatus::Pending,
        StockLeg::Reserved => StockStatus::Reserved,
        StockLeg::Rejected => StockStatus::Rejected,
        StockLeg::Released => StockStatus::Released,
    }
}

fn shipment(leg: ShipmentLeg) -> ShipmentStatus {
    match leg {
        ShipmentLeg::None => ShipmentStatus::Pending,
        ShipmentLeg::Created => ShipmentStatus::Created,
        ShipmentLeg::Dispatched => ShipmentStatus::Dispatched,
        ShipmentLeg::Delivered => ShipmentStatus::Delivered,
        ShipmentLeg::Cancelled => ShipmentStatus::Cancelled,
    }
}
