#![allow(clippy::unwrap_used)]

use semel_contracts::Event;
use semel_contracts::events::{
    InventoryReserved, PaymentAuthorized, ShipmentDelivered, ShipmentDispatched, ShippingMethod,
};
use semel_domain::{Payment, PaymentStatus, PlaceOrder, Shipment};
use semel_exactly_once::{Aggregate, Clock, Decision};
use semel_testkit::SimulatedClock;
use semel_testkit::sample::{self, amount, order_id};

use super::*;

const SKU: &str = "MUG-BLUE";

/// An order at its end, decided by the state machine itself.
fn completed() -> Order {
    let now = SimulatedClock::default().now();
    let place = PlaceOrder {
        order_id: order_id(),
        customer: sample::customer(),
        lines: sample::order_lines(),
        total: amount(),
        shipping_method: ShippingMethod::Standard,
        ship_to: sample::address(),
        payment_method: "pm_card_visa".parse().unwrap(),
        fingerprint: "f".to_owned(),
        deadline: now,
    };
    let facts: [Event; 5] = [
        PaymentAuthorized {
            order_id: order_id(),
            amount: amount(),
            authorization_id: "pi_1".parse().unwrap(),
        }
        .into(),
        InventoryReserved { order_id: order_id(), lines: sample::stock_lines() }.into(),
        sample::paid().into(),
        ShipmentDispatched {
            order_id: order_id(),
            carrier: "Semel Parcel".parse().unwrap(),
            tracking_number: "SP1".parse().unwrap(),
            email: sample::customer().email,
        }
        .into(),
        ShipmentDelivered { order_id: order_id(), email: sample::customer().email }.into(),
    ];
    let place = semel_domain::OrderInput::Place(Box::new(place));
    let inputs = std::iter::once(place).chain(facts.into_iter().map(semel_domain::OrderInput::Fact));
    let decided = inputs.fold(None, |state: Option<Order>, input| {
        match Order::decide(state.as_ref(), &input, now).unwrap() {
            Decision::Changed(change) => Some(change.state),
            Decision::Unchanged => state,
        }
    });
    decided.unwrap()
}

fn booking(operation: &str) -> Booking {
    Booking {
        order_id: order_id().to_string(),
        operation: operation.to_owned(),
        amount: amount().amount(),
        currency: "EUR".to_owned(),
        refused: false,
    }
}

fn mail(n: usize) -> Mail {
    Mail { to: sample::customer().email.to_string(), subject: n.to_string() }
}

/// One completed order, and everything about it right.
fn right() -> (Before, Vec<Placed>, Collected) {
    let id = order_id().to_string();
    let before = Before { available: BTreeMap::from([(SKU.to_owned(), 10)]), scarce: "PRINT" };
    let placed = Placed {
        kind: Kind::Plain,
        order_id: id.clone(),
        cancellation: None,
        unanswered: 0,
        complaints: Vec::new(),
    };
    let delivered = ShipmentStatus::Delivered {
        carrier: "Semel Parcel".parse().unwrap(),
        tracking_number: "SP1".parse().unwrap(),
    };
    let captured = PaymentStatus::Captured { charge_id: "ch_1".parse().unwrap() };
    let collected = Collected {
        orders: BTreeMap::from([(id.clone(), completed())]),
        payments: BTreeMap::from([(
            id.clone(),
            Payment { order_id: order_id(), amount: amount(), status: captured },
        )]),
        reservations: BTreeMap::from([(id.clone(), Reservation::Reserved(sample::stock_lines()))]),
        shipments: BTreeMap::from([(id, Shipment { order_id: order_id(), status: delivered })]),
        bookings: vec![booking("authorize"), booking("capture")],
        available: BTreeMap::from([(SKU.to_owned(), 8)]),
        mails: (0..MAILS_COMPLETED).map(mail).collect(),
        ..Collected::default()
    };
    (before, vec![placed], collected)
}

fn set_available(after: &mut Collected, units: u64) {
    after.available = BTreeMap::from([(SKU.to_owned(), units)]);
}

/// What is said to be wrong after `spoil` has changed what was right.
fn wrong_after(spoil: impl FnOnce(&mut Vec<Placed>, &mut Collected)) -> Vec<String> {
    let (before, mut placed, mut collected) = right();
    spoil(&mut placed, &mut collected);
    of(&before, &placed, BTreeMap::new(), &collected).wrong
}

fn says(wrong: &[String], part: &str) {
    assert!(wrong.iter().any(|text| text.contains(part)), "nothing says {part:?}: {wrong:?}");
}

#[test]
fn a_run_in_which_all_adds_up_has_nothing_wrong() {
    let (before, placed, collected) = right();
    let figures = of(&before, &placed, BTreeMap::new(), &collected);
    assert_eq!(figures.wrong, Vec::<String>::new());
    assert_eq!(figures.money["EUR"], (2_900, 2_900));
    assert_eq!(figures.stock, (2, 2));
    assert_eq!(figures.orders["plain"]["completed"], 1);
}

#[test]
fn a_lost_order_and_one_that_nobody_placed_are_told() {
    let wrong = wrong_after(|placed, _| placed[0].order_id = "another".to_owned());
    says(&wrong, "1 accepted orders are lost");
    says(&wrong, "1 orders exist that nobody placed");
}

#[test]
fn a_double_charge_and_money_kept_for_nothing_are_told() {
    says(&wrong_after(|_, after| after.bookings.push(booking("capture"))), "1 orders were charged twice");
    says(&wrong_after(|_, after| after.bookings.push(booking("capture"))), "5800 EUR were kept");
    says(&wrong_after(|_, after| after.bookings.push(booking("refund"))), "0 EUR were kept");
    says(&wrong_after(|_, after| after.bookings.truncate(1)), "never captured or voided");
}

#[test]
fn stock_that_does_not_add_up_is_told() {
    says(
        &wrong_after(|_, after| set_available(after, 6)),
        "4 units of MUG-BLUE were taken for reservations of 2",
    );
    says(&wrong_after(|_, after| after.reservations.clear()), "2 units of MUG-BLUE");
}

#[test]
fn a_payment_that_the_order_does_not_know_of_is_told() {
    says(&wrong_after(|_, after| after.payments.clear()), "its payment is captured: false");
}

#[test]
fn a_parcel_that_did_not_leave_or_should_not_have_is_told() {
    says(&wrong_after(|_, after| after.shipments.clear()), "its parcel left: false");
}

#[test]
fn an_order_with_the_wrong_ending_is_told() {
    says(&wrong_after(|placed, _| placed[0].kind = Kind::Declined), "ended completed, not payment_declined");
    says(&wrong_after(|placed, _| placed[0].kind = Kind::Scarce), "were sold to 1 customers");
}

#[test]
fn missing_and_repeated_mails_are_told() {
    says(&wrong_after(|_, after| after.mails.truncate(4)), "got 4 mails of 5");
    says(&wrong_after(|_, after| after.mails.push(mail(0))), "1 mails repeat another");
}

#[test]
fn a_dead_letter_and_an_unaccounted_record_are_told() {
    says(
        &wrong_after(|_, after| {
            after.dead_letters = BTreeMap::from([("orders".to_owned(), (1, Vec::new()))]);
        }),
        "1 dead letters of orders",
    );
    let line = serde_json::json!({ "function": "orders", "records": 2, "applied": 1 });
    says(&wrong_after(|_, after| after.invocations.push(line)), "orders took 2 records and accounts for 1");
}

#[test]
fn what_a_customer_complained_about_is_told() {
    says(&wrong_after(|placed, _| placed[0].complaints.push("answered 500".to_owned())), "answered 500");
}
