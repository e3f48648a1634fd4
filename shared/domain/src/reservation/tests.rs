//! The reservation's decision table, and how it moves the counters.
#![allow(clippy::wildcard_enum_match_arm, reason = "in a test, any other variant is a failure")]

use semel_contracts::Quantity;

use super::*;
use crate::samples::{self, PLACED_AT, order_id, stock_lines};
use crate::tables;

fn inputs() -> Vec<(&'static str, ReservationInput)> {
    vec![
        ("Placed", ReservationInput::Placed(samples::created())),
        ("Short", ReservationInput::short(&samples::created(), &["sku#TEE-M"])),
        ("Cancelled", ReservationInput::Cancelled(samples::cancelled())),
    ]
}

fn states() -> Vec<(&'static str, Option<Reservation>)> {
    let inputs = inputs();
    let after = |at: usize| tables::replay::<Reservation>(&[inputs[at].1.clone()], PLACED_AT);
    vec![("none", None), ("reserved", after(0)), ("rejected", after(1)), ("released", after(2))]
}

fn column(reservation: Option<&Reservation>) -> &'static str {
    match reservation {
        None => "none",
        Some(Reservation::Reserved(_)) => "reserved",
        Some(Reservation::Rejected) => "rejected",
        Some(Reservation::Released) => "released",
    }
}

/// `=` nothing changes; else the state that is reached, what is emitted, and how the counters move.
fn outcome(reservation: Option<&Reservation>, input: &ReservationInput) -> String {
    match Reservation::decide(reservation, input, PLACED_AT) {
        Err(rejection) => match rejection {},
        Ok(Decision::Unchanged) => "=".to_owned(),
        Ok(Decision::Changed(change)) => {
            let mut words = vec![column(Some(&change.state)).to_owned()];
            for event in &change.events {
                assert_eq!(event.order_id(), order_id());
                words.push(event.event_type().trim_start_matches("Inventory").to_owned());
            }
            words.extend(change.adjust.iter().map(|adjustment| {
                assert_eq!(adjustment.attribute, "available");
                format!("{}{:+}", adjustment.key, adjustment.delta)
            }));
            words.join(",")
        }
    }
}

#[test]
fn every_input_in_every_state() {
    const TABLE: &str = "
input      none                                          reserved                                      rejected  released
Placed     reserved,Reserved,sku#MUG-BLUE-2,sku#TEE-M-1  =                                             =         =
Short      rejected,Rejected                             =                                             =         =
Cancelled  released,Released                             released,Released,sku#MUG-BLUE+2,sku#TEE-M+1  =         =
";
    for (name, reservation) in states() {
        assert_eq!(column(reservation.as_ref()), name);
    }
    tables::check(TABLE, &states(), &inputs(), |reservation, input| outcome(reservation.as_ref(), input));
}

/// The usual order, but with these lines.
fn placing(lines: &[(&str, u32)]) -> OrderCreated {
    let line = |(sku, units): &(&str, u32)| OrderLine {
        sku: sku.parse().expect("a SKU"),
        quantity: Quantity::new(*units).expect("a quantity"),
        unit_amount: semel_contracts::MinorUnits::ZERO,
    };
    OrderCreated { lines: Lines::new(lines.iter().map(line).collect()).expect("lines"), ..samples::created() }
}

#[test]
fn lines_of_one_article_are_one_adjustment_however_many_units_they_are() {
    let order = placing(&[("MUG", 10_000), ("TEE", 1), ("MUG", 10_000)]);
    let outcome = outcome(None, &ReservationInput::Placed(order));
    assert_eq!(outcome, "reserved,Reserved,sku#MUG-20000,sku#TEE-1");
}

#[test]
fn a_shortage_names_the_lines_whose_counters_did_not_suffice() {
    let order = placing(&[("MUG", 1), ("TEE", 2), ("MUG", 3)]);
    let short = |keys: &[&str]| match ReservationInput::short(&order, keys) {
        ReservationInput::Short { shortages, .. } => shortages
            .iter()
            .map(|line| format!("{}*{}", line.quantity, line.sku))
            .collect::<Vec<_>>()
            .join(" "),
        other => panic!("{other:?}"),
    };
    assert_eq!(short(&["sku#TEE"]), "2*TEE");
    assert_eq!(short(&["sku#MUG"]), "1*MUG 3*MUG");
    assert_eq!(short(&[]), "1*MUG 2*TEE 3*MUG");
}

#[test]
fn what_is_released_is_what_was_reserved() {
    let (_, reserved) = states().swap_remove(1);
    let cancelled = ReservationInput::Cancelled(samples::cancelled());
    let Ok(Decision::Changed(change)) = Reservation::decide(reserved.as_ref(), &cancelled, PLACED_AT) else {
        panic!("nothing is released");
    };
    let released = InventoryReleased { order_id: order_id(), lines: stock_lines().into_vec() };
    assert_eq!(change.events, [Event::from(released)]);
}

#[test]
fn what_is_stored_is_read_back() {
    for (name, reservation) in states() {
        let stored = serde_json::to_string(&reservation).expect("serialises");
        assert_eq!(
            serde_json::from_str::<Option<Reservation>>(&stored).expect("reads"),
            reservation,
            "{name}"
        );
    }
}
