//! The order's decision table, the moments that the table's columns do not show, and the size of its item.
#![allow(clippy::wildcard_enum_match_arm, reason = "in a test, any other variant is a failure")]

use semel_exactly_once::outbox::{Outbox, OutboxEvent};
use semel_exactly_once::{Emitted, Seen};

use super::*;
use crate::samples::{self, DEADLINE, PLACED_AT, order_id};
use crate::tables;
use semel_contracts::EventId;

fn fact(event_type: EventType) -> OrderInput {
    OrderInput::Fact(samples::event(event_type))
}

fn place() -> OrderInput {
    OrderInput::Place(Box::new(samples::place()))
}

/// Every input: the commands, and a fact of every event type there is.
fn inputs() -> Vec<(&'static str, (OrderInput, Timestamp))> {
    let mut other = samples::place();
    other.fingerprint = "another request".to_owned();
    let early = Timestamp::from_millis(DEADLINE.as_millis() - 1);
    let mut inputs = vec![
        ("Place", (place(), PLACED_AT)),
        ("PlaceOther", (OrderInput::Place(Box::new(other)), PLACED_AT)),
        ("Cancel", (OrderInput::Cancel(order_id()), PLACED_AT)),
        ("ExpireEarly", (OrderInput::Expire(order_id()), early)),
        ("Expire", (OrderInput::Expire(order_id()), DEADLINE)),
    ];
    inputs.extend(
        EventType::ALL.iter().map(|event_type| (event_type.as_str(), (fact(*event_type), PLACED_AT))),
    );
    inputs
}

/// Every status, with the legs that matter to it.
fn states() -> Vec<(&'static str, Option<Order>)> {
    use EventType as E;
    let cancel = || OrderInput::Cancel(order_id());
    let after = |facts: &[EventType], then: &[OrderInput]| {
        let inputs: Vec<OrderInput> = std::iter::once(place())
            .chain(facts.iter().copied().map(fact))
            .chain(then.iter().cloned())
            .collect();
        tables::replay::<Order>(&inputs, PLACED_AT)
    };
    let both = [E::PaymentAuthorized, E::InventoryReserved];
    let confirmed = |more: &[EventType], then: &[OrderInput]| after(&[&both, more].concat(), then);
    vec![
        ("none", None),
        ("pend", after(&[], &[])),
        ("money", after(&[E::PaymentAuthorized], &[])),
        ("stock", after(&[E::InventoryReserved], &[])),
        ("conf", confirmed(&[], &[])),
        ("made", confirmed(&[E::ShipmentCreated], &[])),
        ("paid", confirmed(&[E::PaymentProcessed], &[])),
        ("req:c", confirmed(&[], &[cancel()])),
        ("req:f", confirmed(&[E::PaymentDeclined], &[])),
        ("off", after(&[], &[cancel()])),
        ("voided", after(&[], &[cancel(), fact(E::PaymentVoided)])),
        ("freed", after(&[], &[cancel(), fact(E::InventoryReleased)])),
        ("gone", after(&[], &[cancel(), fact(E::PaymentVoided), fact(E::InventoryReleased)])),
        ("ship", confirmed(&[E::PaymentProcessed, E::ShipmentDispatched], &[])),
        ("unpaid", confirmed(&[E::ShipmentDispatched], &[])),
        ("there", confirmed(&[E::ShipmentDispatched, E::ShipmentDelivered], &[])),
        ("done", confirmed(&[E::PaymentProcessed, E::ShipmentDispatched, E::ShipmentDelivered], &[])),
    ]
}

/// `=` nothing changes, `+` a leg moves, `!` refused; else the statuses that are reached, with the reason's letter:
/// customer, declined, failed payment, stock, time, undeliverable.
fn outcome(order: Option<&Order>, input: &OrderInput, now: Timestamp) -> String {
    let change = match Order::decide(order, input, now) {
        Err(OrderRejection::Unknown) => return "!unknown".to_owned(),
        Err(OrderRejection::KeyReused) => return "!key".to_owned(),
        Err(OrderRejection::TooLate) => return "!late".to_owned(),
        Err(OrderRejection::NotAFact(_)) => return "!no".to_owned(),
        Ok(Decision::Unchanged) => return "=".to_owned(),
        Ok(Decision::Changed(change)) => change,
    };
    let mut events = change.events.iter();
    let before = order.map_or(0, |order| order.timeline().count());
    let path: Vec<String> = change
        .state
        .timeline()
        .skip(before)
        .filter_map(|(milestone, _)| reached(milestone, &mut events))
        .collect();
    assert_eq!(events.next(), None, "an event without a step");
    if path.is_empty() { "+".to_owned() } else { path.join(">") }
}

/// The table's word for a status that was reached, once the event that goes with it has been seen.
fn reached<'a>(milestone: Milestone, events: &mut impl Iterator<Item = &'a Event>) -> Option<String> {
    let mut emitted = |expected: EventType| {
        let event = events.next().expect("a step has its event");
        assert_eq!((event.kind(), event.order_id()), (expected, order_id()));
        event
    };
    let word = match milestone {
        Milestone::Placed => {
            assert_eq!(*emitted(EventType::OrderCreated), Event::from(samples::created()));
            "placed".to_owned()
        }
        Milestone::Confirmed => {
            assert_eq!(*emitted(EventType::OrderConfirmed), Event::from(samples::confirmed()));
            "conf".to_owned()
        }
        Milestone::CancellationRequested => match emitted(EventType::OrderCancellationRequested) {
            Event::OrderCancellationRequested(event) => format!("req:{}", letter(event.reason)),
            other => panic!("{other:?}"),
        },
        Milestone::Cancelling => match emitted(EventType::OrderCancelled) {
            Event::OrderCancelled(event) => format!("off:{}", letter(event.reason)),
            other => panic!("{other:?}"),
        },
        Milestone::Cancelled => "gone".to_owned(),
        Milestone::Shipped => "ship".to_owned(),
        Milestone::Completed => "done".to_owned(),
        Milestone::PaymentAuthorized
        | Milestone::PaymentCaptured
        | Milestone::PaymentDeclined
        | Milestone::PaymentVoided
        | Milestone::PaymentRefunded
        | Milestone::StockReserved
        | Milestone::StockRejected
        | Milestone::StockReleased
        | Milestone::ShipmentCreated
        | Milestone::ShipmentDispatched
        | Milestone::ShipmentDelivered
        | Milestone::ShipmentCancelled => return None,
    };
    Some(word)
}

const fn letter(reason: CancellationReason) -> char {
    match reason {
        CancellationReason::CustomerRequest => 'c',
        CancellationReason::PaymentDeclined => 'd',
        CancellationReason::PaymentFailed => 'f',
        CancellationReason::OutOfStock => 's',
        CancellationReason::DeadlinePassed => 't',
        CancellationReason::Undeliverable => 'u',
    }
}

#[test]
fn every_input_in_every_state() {
    const TABLE: &str = "
input                       none      pend   money  stock  conf   made   paid       req:c  req:f  off     voided freed gone  ship    unpaid there  done
Place                       placed    =      =      =      =      =      =          =      =      =       =      =     =     =       =      =      =
PlaceOther                  placed    !key   !key   !key   !key   !key   !key       !key   !key   !key    !key   !key  !key  !key    !key   !key   !key
Cancel                      !unknown  off:c  off:c  off:c  req:c  req:c  req:c      =      =      =       =      =     =     !late   !late  !late  !late
ExpireEarly                 !unknown  =      =      =      =      =      =          =      =      =       =      =     =     =       =      =      =
Expire                      !unknown  off:t  off:t  off:t  =      =      =          =      =      =       =      =     =     =       =      =      =
OrderCreated                !unknown  !no    !no    !no    !no    !no    !no        !no    !no    !no     !no    !no   !no   !no     !no    !no    !no
OrderConfirmed              !unknown  !no    !no    !no    !no    !no    !no        !no    !no    !no     !no    !no   !no   !no     !no    !no    !no
OrderCancellationRequested  !unknown  !no    !no    !no    !no    !no    !no        !no    !no    !no     !no    !no   !no   !no     !no    !no    !no
OrderCancelled              !unknown  !no    !no    !no    !no    !no    !no        !no    !no    !no     !no    !no   !no   !no     !no    !no    !no
PaymentAuthorized           !unknown  +      =      conf   =      =      =          =      =      +       =      +     =     =       =      =      =
PaymentDeclined             !unknown  off:d  off:d  off:d  req:f  req:f  =          +      =      +       =      gone  =     =       +      +      =
PaymentProcessed            !unknown  +      +      conf   +      +      =          +      =      +       =      +     =     =       +      done   =
PaymentVoided               !unknown  off:f  off:f  off:f  req:f  req:f  =          +      =      +       =      gone  =     =       +      +      =
PaymentRefunded             !unknown  off:f  off:f  off:f  req:f  req:f  req:f      +      =      +       =      gone  =     +       +      +      =
InventoryReserved           !unknown  +      conf   =      =      =      =          =      =      +       +      =     =     =       =      =      =
InventoryRejected           !unknown  off:s  off:s  =      =      =      =          =      =      +       gone   =     =     =       =      =      =
InventoryReleased           !unknown  off:s  off:s  off:s  +      +      +          +      +      +       gone   =     =     +       +      +      =
ShipmentCreated             !unknown  +      +      +      +      =      +          +      +      +       +      +     =     =       =      =      =
ShipmentDispatched          !unknown  +      +      +      ship   ship   ship       ship   ship   +       +      +     +     =       =      =      =
ShipmentDelivered           !unknown  +      +      +      ship   ship   ship>done  ship   ship   +       +      +     =     done    +      =      =
ShipmentCancelled           !unknown  +      +      +      off:u  off:u  off:u      off:c  off:f  +       +      +     =     =       =      =      =
";
    tables::check(TABLE, &states(), &inputs(), |order, (input, now)| outcome(order.as_ref(), input, *now));
}

#[test]
fn the_table_has_every_status() {
    let in_table =
        |status| states().iter().flat_map(|(_, order)| order).any(|order| order.status() == status);
    for status in [
        OrderStatus::Pending,
        OrderStatus::Confirmed,
        OrderStatus::CancellationRequested,
        OrderStatus::Cancelling,
        OrderStatus::Cancelled,
        OrderStatus::Shipped,
        OrderStatus::Completed,
    ] {
        assert!(in_table(status), "{status:?}");
    }
}

#[test]
fn the_index_shows_the_deadline_while_it_runs() {
    let id = order_id().to_string();
    for (name, order) in states() {
        let Some(order) = order else { continue };
        let index = Order::index(&id, &order);
        assert_eq!(index.get("customer_id"), Some(&IndexValue::Text("c-20417".to_owned())), "{name}");
        assert_eq!(index.get("placed_at"), Some(&IndexValue::Number(PLACED_AT.as_millis())), "{name}");
        let due = (order.status() == OrderStatus::Pending).then(|| IndexValue::Number(DEADLINE.as_millis()));
        assert_eq!(index.get(due::DUE_AT), due.as_ref(), "{name}");
        assert_eq!(index.contains_key(due::DUE_SHARD), due.is_some(), "{name}");
    }
}

#[test]
fn the_tracking_number_is_kept_even_if_delivery_was_told_first() {
    let told = [
        EventType::PaymentAuthorized,
        EventType::InventoryReserved,
        EventType::PaymentProcessed,
        EventType::ShipmentDelivered,
        EventType::ShipmentDispatched,
    ];
    let inputs: Vec<OrderInput> = std::iter::once(place()).chain(told.map(fact)).collect();
    let order = tables::replay::<Order>(&inputs, PLACED_AT).expect("an order");
    assert_eq!(order.status(), OrderStatus::Completed);
    assert_eq!(order.tracking_number.as_ref().map(TrackingNumber::as_str), Some("SM000042"));
}

#[test]
fn what_is_stored_is_read_back() {
    for (name, order) in states() {
        let stored = serde_json::to_string(&order).expect("serialises");
        let read: Option<Order> = serde_json::from_str(&stored).expect("reads");
        assert_eq!(read, order, "{name}");
        assert!(order.is_none() || !stored.contains("null"), "{name}: {stored}");
    }
}

/// The bytes that `DynamoDB` charges for the item that `input` leaves: names and values of all attributes.
fn item_bytes(before: &[OrderInput], input: &OrderInput) -> usize {
    let state = tables::replay::<Order>(before, PLACED_AT);
    let now = Timestamp::from_millis(PLACED_AT.as_millis() + 1_834);
    let Ok(Decision::Changed(change)) = Order::decide(state.as_ref(), input, now) else {
        panic!("{input:?} changes nothing");
    };
    let cause = EventId::new_v7(PLACED_AT, [7; 10]);
    let mut outbox = Outbox::new(now);
    for event in &change.events {
        outbox.events.push(OutboxEvent {
            id: EventId::derive(Order::CONSUMER, cause, 0),
            cause,
            event_type: event.event_type(),
            version: Emitted::version(event),
            traceparent: None,
            data: event.data().expect("serialises"),
        });
    }
    let mut seen = Seen::default();
    (0..=before.len()).for_each(|_| seen.insert(cause, now, 300));

    let id = order_id().to_string();
    let text = |name: &str, value: &str| name.len() + value.len();
    // A number takes a byte for two digits and one more.
    let number = |name: &str, value: u64| name.len() + value.to_string().len().div_ceil(2) + 1;
    let index = Order::index(&id, &change.state).into_iter().map(|(name, value)| match value {
        IndexValue::Text(value) => text(name, &value),
        IndexValue::Number(value) => number(name, value),
    });
    text("pk", &Order::key(&id))
        + number("version", 4)
        + text("state", &serde_json::to_string(&change.state).expect("serialises"))
        + "seen".len()
        + seen.as_bytes().len()
        + outbox.encode().expect("serialises").map_or(0, |events| text("outbox", &events))
        + index.sum::<usize>()
}

#[test]
fn a_usual_order_of_two_lines_is_one_write_unit() {
    use EventType as E;
    let mut life = vec![place()];
    let facts = [
        E::PaymentAuthorized,
        E::InventoryReserved,
        E::PaymentProcessed,
        E::ShipmentCreated,
        E::ShipmentDispatched,
        E::ShipmentDelivered,
    ];
    life.extend(facts.map(fact));
    for at in 0..life.len() {
        let bytes = item_bytes(&life[..at], &life[at]);
        println!("write {}: {bytes} bytes", at + 1);
        assert!(bytes <= 1_024, "write {}: {bytes} bytes", at + 1);
    }
}
