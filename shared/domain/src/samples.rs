//! Values for this crate's tests: one usual order and what is told about it.
#![allow(clippy::unwrap_used, reason = "test data is valid by construction")]

use semel_contracts::events::{
    CancellationReason, Customer, DeclineReason, DeclineStage, InventoryRejected, InventoryReleased,
    InventoryReserved, OrderCancellationRequested, OrderCancelled, OrderConfirmed, OrderCreated,
    PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentRefunded, PaymentVoided,
    ShipmentCancellationReason, ShipmentCancelled, ShipmentCreated, ShipmentDelivered, ShipmentDispatched,
    ShippingMethod,
};
use semel_contracts::{
    Address, Currency, Event, EventType, Lines, Money, OrderId, OrderLine, Quantity, StockLine, Timestamp,
};

use crate::PlaceOrder;

/// When the usual order is placed.
pub(crate) const PLACED_AT: Timestamp = Timestamp::from_millis(1_795_366_200_123);
/// Until when it must be secured: 15 minutes later.
pub(crate) const DEADLINE: Timestamp = Timestamp::from_millis(1_795_367_100_123);

pub(crate) fn order_id() -> OrderId {
    OrderId::derive("c-20417", "a-key")
}

fn total() -> Money {
    Money::new(5_300, Currency::EUR).unwrap()
}

fn customer() -> Customer {
    Customer { customer_id: "c-20417".parse().unwrap(), email: "ada@example.com".parse().unwrap() }
}

fn order_lines() -> Lines<OrderLine> {
    let line = |sku: &str, quantity, unit_amount: i64| OrderLine {
        sku: sku.parse().unwrap(),
        quantity: Quantity::new(quantity).unwrap(),
        unit_amount: unit_amount.try_into().unwrap(),
    };
    Lines::new(vec![line("MUG-BLUE", 2, 1_450), line("TEE-M", 1, 2_400)]).unwrap()
}

pub(crate) fn stock_lines() -> Lines<StockLine> {
    order_lines().map(|line| StockLine { sku: line.sku.clone(), quantity: line.quantity })
}

fn ship_to() -> Address {
    Address {
        name: "Ada Lovelace".parse().unwrap(),
        line1: "12 Rue de la Paix".parse().unwrap(),
        line2: None,
        city: "Paris".parse().unwrap(),
        postal_code: "75002".parse().unwrap(),
        country: "FR".parse().unwrap(),
    }
}

pub(crate) fn place() -> PlaceOrder {
    PlaceOrder {
        order_id: order_id(),
        customer: customer(),
        lines: order_lines(),
        total: total(),
        shipping_method: ShippingMethod::Standard,
        ship_to: ship_to(),
        payment_method: "pm_card_visa".parse().unwrap(),
        fingerprint: semel_exactly_once::fingerprint(b"the request's body"),
        deadline: DEADLINE,
    }
}

pub(crate) fn created() -> OrderCreated {
    OrderCreated {
        order_id: order_id(),
        customer: customer(),
        lines: order_lines(),
        total: total(),
        shipping_method: ShippingMethod::Standard,
        payment_method: "pm_card_visa".parse().unwrap(),
    }
}

pub(crate) fn confirmed() -> OrderConfirmed {
    OrderConfirmed {
        order_id: order_id(),
        customer: customer(),
        lines: order_lines(),
        total: total(),
        shipping_method: ShippingMethod::Standard,
        ship_to: ship_to(),
    }
}

pub(crate) fn cancellation_requested() -> OrderCancellationRequested {
    OrderCancellationRequested { order_id: order_id(), reason: CancellationReason::CustomerRequest }
}

pub(crate) fn cancelled() -> OrderCancelled {
    let reason = CancellationReason::CustomerRequest;
    OrderCancelled { order_id: order_id(), customer: customer(), total: total(), reason }
}

pub(crate) fn paid() -> PaymentProcessed {
    let email = customer().email;
    PaymentProcessed { order_id: order_id(), amount: total(), charge_id: "ch_1".parse().unwrap(), email }
}

/// One event of each type, all of the usual order.
pub(crate) fn event(event_type: EventType) -> Event {
    let (order_id, amount, email) = (order_id(), total(), customer().email);
    match event_type {
        EventType::OrderCreated => created().into(),
        EventType::OrderConfirmed => confirmed().into(),
        EventType::OrderCancellationRequested => cancellation_requested().into(),
        EventType::OrderCancelled => cancelled().into(),
        EventType::PaymentAuthorized => {
            PaymentAuthorized { order_id, amount, authorization_id: "au_1".parse().unwrap() }.into()
        }
        EventType::PaymentDeclined => {
            let stage = DeclineStage::Authorization;
            PaymentDeclined { order_id, amount, stage, reason: DeclineReason::CardDeclined }.into()
        }
        EventType::PaymentProcessed => paid().into(),
        EventType::PaymentVoided => PaymentVoided { order_id, amount }.into(),
        EventType::PaymentRefunded => {
            PaymentRefunded { order_id, amount, refund_id: "re_1".parse().unwrap() }.into()
        }
        EventType::InventoryReserved => InventoryReserved { order_id, lines: stock_lines() }.into(),
        EventType::InventoryRejected => InventoryRejected { order_id, shortages: stock_lines() }.into(),
        EventType::InventoryReleased => {
            InventoryReleased { order_id, lines: stock_lines().into_vec() }.into()
        }
        EventType::ShipmentCreated => {
            ShipmentCreated { order_id, shipping_method: ShippingMethod::Standard }.into()
        }
        EventType::ShipmentDispatched => {
            let (carrier, tracking_number) = ("Post".parse().unwrap(), "SM000042".parse().unwrap());
            ShipmentDispatched { order_id, carrier, tracking_number, email }.into()
        }
        EventType::ShipmentDelivered => ShipmentDelivered { order_id, email }.into(),
        EventType::ShipmentCancelled => {
            ShipmentCancelled { order_id, reason: ShipmentCancellationReason::Requested }.into()
        }
    }
}
