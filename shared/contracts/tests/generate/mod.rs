//! Random events within the contract's bounds.
#![allow(dead_code, reason = "each test takes the events that it needs")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use semel_contracts::events::{
    CancellationReason, Customer, DeclineReason, DeclineStage, InventoryRejected, InventoryReleased,
    InventoryReserved, OrderCancellationRequested, OrderCancelled, OrderConfirmed, OrderCreated,
    PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentRefunded, PaymentVoided,
    ShipmentCancellationReason, ShipmentCancelled, ShipmentCreated, ShipmentDelivered, ShipmentDispatched,
    ShippingMethod,
};
use semel_contracts::{
    Address, Currency, EmailAddress, Envelope, Event, EventId, EventType, Lines, MAX_MINOR_UNITS, Metadata,
    MinorUnits, Money, OrderId, OrderLine, Quantity, SchemaVersion, StockLine, Timestamp,
};

/// A text type's values, from a regular expression of what it allows.
fn text<T>(allowed: &'static str) -> impl Strategy<Value = T>
where
    T: TryFrom<String> + std::fmt::Debug,
    T::Error: std::fmt::Debug,
{
    allowed.prop_map(|text| T::try_from(text).expect("the generator keeps to the rule"))
}

/// Text with quotes, escapes and letters outside ASCII, so that encoding is put to the test.
fn printable<T>() -> impl Strategy<Value = T>
where
    T: TryFrom<String> + std::fmt::Debug,
    T::Error: std::fmt::Debug,
{
    text(r#"[a-zA-Z"\\/üß漢🎁]{1,12}( [a-z'"]{1,9}){0,4}"#)
}

fn token<T>() -> impl Strategy<Value = T>
where
    T: TryFrom<String> + std::fmt::Debug,
    T::Error: std::fmt::Debug,
{
    text("[!-~]{1,64}")
}

fn order_id() -> impl Strategy<Value = OrderId> {
    any::<[u8; 16]>().prop_map(OrderId::from_bytes)
}

fn event_id() -> impl Strategy<Value = EventId> {
    any::<[u8; 16]>().prop_map(EventId::from_bytes)
}

fn email() -> impl Strategy<Value = EmailAddress> {
    text("[a-z0-9.+_-]{1,20}@[a-z0-9]{1,12}(\\.[a-z]{2,6}){1,2}")
}

fn money() -> impl Strategy<Value = Money> {
    (0..=MAX_MINOR_UNITS, select(Currency::LIST))
        .prop_map(|(amount, of)| Money::new(amount, of).expect("in bounds"))
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (1..=Quantity::MAX).prop_map(|units| Quantity::new(units).expect("in bounds"))
}

fn order_lines() -> impl Strategy<Value = Lines<OrderLine>> {
    let line =
        (text("[A-Z0-9-]{1,40}"), quantity(), 0..=MAX_MINOR_UNITS).prop_map(|(sku, quantity, amount)| {
            OrderLine { sku, quantity, unit_amount: MinorUnits::new(amount).expect("in bounds") }
        });
    vec(line, 1..=50).prop_map(|lines| Lines::new(lines).expect("in bounds"))
}

fn stock_lines() -> impl Strategy<Value = Lines<StockLine>> {
    let line = (text("[A-Z0-9-]{1,40}"), quantity()).prop_map(|(sku, quantity)| StockLine { sku, quantity });
    vec(line, 1..=50).prop_map(|lines| Lines::new(lines).expect("in bounds"))
}

fn customer() -> impl Strategy<Value = Customer> {
    (token(), email()).prop_map(|(customer_id, email)| Customer { customer_id, email })
}

fn address() -> impl Strategy<Value = Address> {
    (printable(), printable(), option::of(printable()), printable(), text("[A-Z0-9]{1,16}"), text("[A-Z]{2}"))
        .prop_map(|(name, line1, line2, city, postal_code, country)| Address {
            name,
            line1,
            line2,
            city,
            postal_code,
            country,
        })
}

fn method() -> impl Strategy<Value = ShippingMethod> {
    select(vec![ShippingMethod::Standard, ShippingMethod::Express])
}

fn cancellation() -> impl Strategy<Value = CancellationReason> {
    select(vec![
        CancellationReason::CustomerRequest,
        CancellationReason::PaymentDeclined,
        CancellationReason::PaymentFailed,
        CancellationReason::OutOfStock,
        CancellationReason::DeadlinePassed,
        CancellationReason::Undeliverable,
    ])
}

fn decline() -> impl Strategy<Value = DeclineReason> {
    select(vec![
        DeclineReason::CardDeclined,
        DeclineReason::InsufficientFunds,
        DeclineReason::ExpiredCard,
        DeclineReason::InvalidPaymentMethod,
    ])
}

fn stage() -> impl Strategy<Value = DeclineStage> {
    select(vec![DeclineStage::Authorization, DeclineStage::Capture])
}

/// Any event of a type. The match has no `_` arm: a new type does not compile until it is generated too.
fn event_of(event_type: EventType) -> BoxedStrategy<Event> {
    macro_rules! any_of {
        ($event:ident { $($field:ident: $strategy:expr),* $(,)? }) => {
            (order_id(), $($strategy),*)
                .prop_map(|(order_id, $($field),*)| Event::$event($event { order_id, $($field),* }))
                .boxed()
        };
    }
    match event_type {
        EventType::OrderCreated => any_of!(OrderCreated {
            customer: customer(),
            lines: order_lines(),
            total: money(),
            shipping_method: method(),
            payment_method: token(),
        }),
        EventType::OrderConfirmed => any_of!(OrderConfirmed {
            customer: customer(),
            lines: order_lines(),
            total: money(),
            shipping_method: method(),
            ship_to: address(),
        }),
        EventType::OrderCancellationRequested => {
            any_of!(OrderCancellationRequested { reason: cancellation() })
        }
        EventType::OrderCancelled => {
            any_of!(OrderCancelled { customer: customer(), total: money(), reason: cancellation() })
        }
        EventType::PaymentAuthorized => {
            any_of!(PaymentAuthorized { amount: money(), authorization_id: token() })
        }
        EventType::PaymentDeclined => {
            any_of!(PaymentDeclined { amount: money(), stage: stage(), reason: decline() })
        }
        EventType::PaymentProcessed => {
            any_of!(PaymentProcessed { amount: money(), charge_id: token(), email: email() })
        }
        EventType::PaymentVoided => any_of!(PaymentVoided { amount: money() }),
        EventType::PaymentRefunded => any_of!(PaymentRefunded { amount: money(), refund_id: token() }),
        EventType::InventoryReserved => any_of!(InventoryReserved { lines: stock_lines() }),
        EventType::InventoryRejected => any_of!(InventoryRejected { shortages: stock_lines() }),
        EventType::InventoryReleased => any_of!(InventoryReleased {
            lines: option::of(stock_lines()).prop_map(|lines| lines.map(Lines::into_vec).unwrap_or_default()),
        }),
        EventType::ShipmentCreated => any_of!(ShipmentCreated { shipping_method: method() }),
        EventType::ShipmentDispatched => {
            any_of!(ShipmentDispatched { carrier: printable(), tracking_number: token(), email: email() })
        }
        EventType::ShipmentDelivered => any_of!(ShipmentDelivered { email: email() }),
        EventType::ShipmentCancelled => any_of!(ShipmentCancelled {
            reason: select(vec![
                ShipmentCancellationReason::Requested,
                ShipmentCancellationReason::Undeliverable
            ]),
        }),
    }
}

/// Any envelope with any event.
pub fn envelope() -> impl Strategy<Value = Envelope> {
    around(select(EventType::ALL).prop_flat_map(event_of))
}

/// Any envelope with an event of this type.
pub fn envelope_of(event_type: EventType) -> impl Strategy<Value = Envelope> {
    around(event_of(event_type))
}

fn around(event: impl Strategy<Value = Event>) -> impl Strategy<Value = Envelope> {
    let origin = (text("[a-z][a-z0-9-]{0,20}"), 0..=9_007_199_254_740_991_u64, 0..=9999_u16, token());
    let trace = option::of(text("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"));
    let at = (0..=253_402_300_799_999_u64).prop_map(Timestamp::from_millis);
    (event_id(), at, event, origin, option::of(event_id()), trace).prop_map(
        |(
            event_id,
            timestamp,
            data,
            (producer_id, sequence, minor, correlation_id),
            causation_id,
            traceparent,
        )| {
            let metadata = Metadata {
                producer_id,
                version: SchemaVersion { major: data.kind().version().major, minor },
                aggregate_id: data.order_id().into(),
                sequence,
                correlation_id,
                causation_id,
                traceparent,
            };
            Envelope { event_id, timestamp, data, metadata }
        },
    )
}
