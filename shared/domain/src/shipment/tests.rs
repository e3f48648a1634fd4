//! The shipment's decision table, what it asks of the carrier, and when.
#![allow(clippy::wildcard_enum_match_arm, reason = "in a test, any other variant is a failure")]

use semel_exactly_once::{IndexValue, Intent};

use super::*;
use crate::samples::{self, PLACED_AT, order_id};
use crate::tables;

const ASK_AT: Timestamp = Timestamp::from_millis(PLACED_AT.as_millis() + 5_000);
const ASK_LATER: Timestamp = Timestamp::from_millis(PLACED_AT.as_millis() + 10_000);

fn inputs() -> Vec<(&'static str, ShipmentInput)> {
    let booked = ShipmentInput::Booked {
        carrier: "Post".parse().expect("a carrier"),
        tracking_number: "SM000042".parse().expect("a number"),
        ask_at: ASK_AT,
    };
    vec![
        ("Confirmed", ShipmentInput::Confirmed(samples::confirmed())),
        ("Paid", ShipmentInput::Paid(samples::paid())),
        ("Cancel", ShipmentInput::CancellationRequested(samples::cancellation_requested())),
        ("Booked", booked),
        ("Refused", ShipmentInput::BookingRefused),
        ("Delivered", ShipmentInput::ParcelDelivered),
        ("NotYet", ShipmentInput::StillInTransit { ask_again_at: ASK_LATER }),
        ("NotYetOld", ShipmentInput::StillInTransit { ask_again_at: ASK_AT }),
    ]
}

fn after(names: &[&str]) -> Option<Shipment> {
    let inputs = inputs();
    let input = |name: &&str| {
        inputs.iter().find(|(known, _)| known == name).map(|(_, input)| input.clone()).expect("an input")
    };
    tables::replay::<Shipment>(&names.iter().map(input).collect::<Vec<_>>(), PLACED_AT)
}

fn states() -> Vec<(&'static str, Option<Shipment>)> {
    vec![
        ("none", None),
        ("await", after(&["Paid"])),
        ("created", after(&["Confirmed"])),
        ("booking", after(&["Confirmed", "Paid"])),
        ("sent", after(&["Confirmed", "Paid", "Booked"])),
        ("there", after(&["Confirmed", "Paid", "Booked", "Delivered"])),
        ("off", after(&["Cancel"])),
    ]
}

fn column(shipment: Option<&Shipment>) -> &'static str {
    match shipment.map(|shipment| &shipment.status) {
        None => "none",
        Some(ShipmentStatus::AwaitingOrder) => "await",
        Some(ShipmentStatus::Created(_)) => "created",
        Some(ShipmentStatus::Booking(_)) => "booking",
        Some(ShipmentStatus::Dispatched { .. }) => "sent",
        Some(ShipmentStatus::Delivered { .. }) => "there",
        Some(ShipmentStatus::Cancelled) => "off",
    }
}

/// `=` nothing changes, `!` refused; else the state that is reached and what is emitted.
fn outcome(shipment: Option<&Shipment>, input: &ShipmentInput) -> String {
    match Shipment::decide(shipment, input, PLACED_AT) {
        Err(ShipmentRejection::Unknown) => "!".to_owned(),
        Ok(Decision::Unchanged) => "=".to_owned(),
        Ok(Decision::Changed(change)) => {
            assert_eq!(change.state.order_id, order_id());
            let events = change.events.iter().map(|event| match event {
                Event::ShipmentCancelled(event) => match event.reason {
                    ShipmentCancellationReason::Requested => "Cancelled:r",
                    ShipmentCancellationReason::Undeliverable => "Cancelled:u",
                },
                other => other.event_type().trim_start_matches("Shipment"),
            });
            std::iter::once(column(Some(&change.state))).chain(events).collect::<Vec<_>>().join("+")
        }
    }
}

#[test]
fn every_input_in_every_state() {
    const TABLE: &str = "
input      none             await            created          booking          sent             there            off
Confirmed  created+Created  booking+Created  =                =                =                =    =
Paid       await            =                booking          =                =                =    =
Cancel     off+Cancelled:r  off+Cancelled:r  off+Cancelled:r  =                =                =    =
Booked     !                =                =                sent+Dispatched  =                =    =
Refused    !                =                =                off+Cancelled:u  =                =    =
Delivered  !                =                =                =                there+Delivered  =    =
NotYet     !                =                =                =                sent             =    =
NotYetOld  !                =                =                =                =                =    =
";
    for (name, shipment) in states() {
        assert_eq!(column(shipment.as_ref()), name);
    }
    tables::check(TABLE, &states(), &inputs(), |shipment, input| outcome(shipment.as_ref(), input));
}

#[test]
fn the_carrier_is_booked_only_for_a_paid_parcel_and_by_the_same_key() {
    for (name, shipment) in states() {
        let booking = shipment.and_then(|shipment| Shipment::intent("", &shipment));
        assert_eq!(booking.is_some(), name == "booking", "{name}");
    }
    let call = |names: &[&str]| Shipment::intent("", &after(names).expect("a shipment")).expect("a booking");
    let (in_order, reversed) = (call(&["Confirmed", "Paid"]), call(&["Paid", "Confirmed"]));
    assert_eq!(in_order, reversed);
    assert_eq!(in_order.idempotency_key(), format!("{}/book", order_id()));
    assert_eq!(in_order.parcel.ship_to, samples::confirmed().ship_to);
    assert_eq!(in_order.answered(ShipmentInput::BookingRefused).id, reversed.answer_id());
}

#[test]
fn the_carrier_is_asked_while_the_parcel_is_on_its_way() {
    let id = order_id().to_string();
    for (name, shipment) in states() {
        let Some(shipment) = shipment else { continue };
        let index = Shipment::index(&id, &shipment);
        assert_eq!(shipment.tracking().is_some(), name == "sent", "{name}");
        assert_eq!(index.contains_key(due::DUE_AT), name == "sent", "{name}");
    }
    let first = after(&["Confirmed", "Paid", "Booked"]).expect("a shipment");
    let second = after(&["Confirmed", "Paid", "Booked", "NotYet"]).expect("a shipment");
    let due_at = |shipment| Shipment::index(&id, shipment).remove(due::DUE_AT);
    assert_eq!(due_at(&first), Some(IndexValue::Number(ASK_AT.as_millis())));
    assert_eq!(due_at(&second), Some(IndexValue::Number(ASK_LATER.as_millis())));
    let question = |shipment: &Shipment| shipment.tracking().map(|question| question.answer_id());
    assert_ne!(question(&first), question(&second), "each question has its own answer");
}

#[test]
fn what_is_stored_is_read_back() {
    for (name, shipment) in states() {
        let stored = serde_json::to_string(&shipment).expect("serialises");
        assert_eq!(serde_json::from_str::<Option<Shipment>>(&stored).expect("reads"), shipment, "{name}");
    }
}
