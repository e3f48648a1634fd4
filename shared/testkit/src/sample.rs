//! One usual order, as the functions' tests tell its life.

use semel_contracts::events::{Customer, OrderConfirmed, PaymentProcessed, ShippingMethod};
use semel_contracts::{
    Address, Currency, Envelope, Event, EventId, Lines, Metadata, MinorUnits, Money, OrderId, OrderLine,
    Quantity, StockLine,
};
use semel_exactly_once::Clock;

use crate::SimulatedClock;

const VALID: &str = "sample data is valid";

/// The order's id.
pub fn order_id() -> OrderId {
    OrderId::derive("c-20417", "a-key")
}

/// Who ordered.
pub fn customer() -> Customer {
    Customer { customer_id: "c-20417".parse().expect(VALID), email: "ada@example.com".parse().expect(VALID) }
}

/// What the order costs: two mugs.
pub fn amount() -> Money {
    Money::new(2_900, Currency::EUR).expect(VALID)
}

/// What was ordered.
pub fn order_lines() -> Lines<OrderLine> {
    let unit_amount = MinorUnits::new(1_450).expect(VALID);
    let quantity = Quantity::new(2).expect(VALID);
    Lines::new(vec![OrderLine { sku: "MUG-BLUE".parse().expect(VALID), quantity, unit_amount }]).expect(VALID)
}

/// What was ordered, without prices.
pub fn stock_lines() -> Lines<StockLine> {
    order_lines().map(|line| StockLine { sku: line.sku.clone(), quantity: line.quantity })
}

/// Where it goes.
pub fn address() -> Address {
    Address {
        name: "Ada Lovelace".parse().expect(VALID),
        line1: "12 Rue de la Paix".parse().expect(VALID),
        line2: None,
        city: "Paris".parse().expect(VALID),
        postal_code: "75002".parse().expect(VALID),
        country: "FR".parse().expect(VALID),
    }
}

/// The order is confirmed.
pub fn confirmed() -> OrderConfirmed {
    OrderConfirmed {
        order_id: order_id(),
        customer: customer(),
        lines: order_lines(),
        total: amount(),
        shipping_method: ShippingMethod::Standard,
        ship_to: address(),
    }
}

/// The order is paid.
pub fn paid() -> PaymentProcessed {
    PaymentProcessed {
        order_id: order_id(),
        amount: amount(),
        charge_id: "ch_1".parse().expect(VALID),
        email: customer().email,
    }
}

/// An event of the order's life under an id made of `n`.
pub fn envelope(n: u8, data: impl Into<Event>) -> Envelope {
    let data: Event = data.into();
    let producer = data.source().rsplit('.').next().unwrap_or_default();
    let metadata = Metadata {
        producer_id: producer.parse().expect(VALID),
        version: data.kind().version(),
        aggregate_id: data.order_id().to_string().parse().expect(VALID),
        sequence: 1,
        correlation_id: data.order_id().to_string().parse().expect(VALID),
        causation_id: None,
        traceparent: None,
    };
    let timestamp = SimulatedClock::default().now();
    Envelope { event_id: EventId::from_bytes([n; 16]), timestamp, data, metadata }
}
