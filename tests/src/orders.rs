//! Articles of a test's own, and orders for them.

use std::time::Duration;

use semel_contracts::events::{Customer, OrderConfirmed, OrderCreated, ShippingMethod};
use semel_contracts::{Address, Currency, Lines, MinorUnits, Money, OrderId, OrderLine, Quantity, Timestamp};
use semel_domain::{PlaceOrder, StockItem};
use semel_exactly_once::Clock;

use crate::stack::Stack;
use crate::unique;

const VALID: &str = "the test's own values are valid";

/// An article that only one test sells.
#[derive(Debug, Clone)]
pub struct Goods {
    /// Which one.
    pub sku: String,
    /// What one unit costs, in minor units.
    pub unit_amount: i64,
    /// In which currency.
    pub currency: Currency,
}

impl Goods {
    /// Lists a new article of which there are `units`.
    pub fn list(stack: &Stack, unit_amount: i64, currency: Currency, units: u64) -> Self {
        Self::list_as(stack, unique("T").to_uppercase(), unit_amount, currency, units)
    }

    /// Lists an article that several tests may sell, unless it is listed already.
    pub fn list_as(stack: &Stack, sku: String, unit_amount: i64, currency: Currency, units: u64) -> Self {
        let article = StockItem {
            sku: sku.parse().expect(VALID),
            name: "Of a test".to_owned(),
            unit_amount: MinorUnits::new(unit_amount).expect(VALID),
            currency,
            available: units,
        };
        stack.list(&article);
        Self { sku, unit_amount, currency }
    }

    /// A usual one: 14.50 EUR, a thousand units.
    pub fn usual(stack: &Stack) -> Self {
        Self::list(stack, 1_450, Currency::EUR, 1_000)
    }

    /// A checked order of a new customer for one unit, with a deadline `time` from now.
    pub fn order(&self, time: Duration) -> PlaceOrder {
        let customer_id = unique("c");
        let unit_amount = MinorUnits::new(self.unit_amount).expect(VALID);
        let line = OrderLine {
            sku: self.sku.parse().expect(VALID),
            quantity: Quantity::new(1).expect(VALID),
            unit_amount,
        };
        PlaceOrder {
            order_id: OrderId::derive(&customer_id, "k"),
            customer: Customer {
                email: format!("{customer_id}@example.com").parse().expect(VALID),
                customer_id: customer_id.parse().expect(VALID),
            },
            lines: Lines::new(vec![line]).expect(VALID),
            total: Money::of(unit_amount, self.currency),
            shipping_method: ShippingMethod::Standard,
            ship_to: address(),
            payment_method: "pm_card_visa".parse().expect(VALID),
            fingerprint: "of a test".to_owned(),
            deadline: now().saturating_add(time),
        }
    }
}

/// What is told when an order is placed.
pub fn created(order: &PlaceOrder) -> OrderCreated {
    OrderCreated {
        order_id: order.order_id,
        customer: order.customer.clone(),
        lines: order.lines.clone(),
        total: order.total,
        shipping_method: order.shipping_method,
        payment_method: order.payment_method.clone(),
    }
}

/// What is told when an order is confirmed.
pub fn confirmed(order: &PlaceOrder) -> OrderConfirmed {
    let PlaceOrder { order_id, customer, lines, total, shipping_method, ship_to, .. } = order.clone();
    OrderConfirmed { order_id, customer, lines, total, shipping_method, ship_to }
}

fn address() -> Address {
    Address {
        name: "Ada Lovelace".parse().expect(VALID),
        line1: "12 Rue de la Paix".parse().expect(VALID),
        line2: None,
        city: "Paris".parse().expect(VALID),
        postal_code: "75002".parse().expect(VALID),
        country: "FR".parse().expect(VALID),
    }
}

fn now() -> Timestamp {
    semel_aws::SystemClock.now()
}
