//! The figures of a run and whether each is right: the conservation laws. Pure.

use std::collections::{BTreeMap, BTreeSet};

use semel_domain::{Order, OrderStatus, PaymentStatus, Reservation, ShipmentStatus};
use serde::Serialize;
use serde_json::Value;

use super::collect::{Booking, Collected, Mail};
use super::customers::Placed;
use super::mix::Kind;

/// What was there before the run.
#[derive(Debug, Clone)]
pub struct Before {
    /// Free units by SKU.
    pub available: BTreeMap<String, u64>,
    /// The SKU of which there is too little.
    pub scarce: &'static str,
}

/// The figures, as they are printed and as `--json` writes them.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// Orders that a customer was promised.
    pub orders_accepted: usize,
    /// Accepted orders that are not there.
    pub orders_lost: usize,
    /// Orders that nobody placed.
    pub orders_unasked: usize,
    /// Orders that are not at an end.
    pub orders_open: usize,
    /// Orders by kind and final status.
    pub orders: BTreeMap<String, BTreeMap<String, usize>>,
    /// Cancellations by how they were answered: 202 accepted, 409 too late.
    pub cancellations: BTreeMap<u16, usize>,
    /// The gateway's entries by operation; refused ones apart.
    pub charges: BTreeMap<String, usize>,
    /// Orders charged, captured, voided or refunded more than once, or both captured and voided.
    pub double_charges: usize,
    /// Money captured less refunded, and the value of the completed orders, by currency in minor units.
    pub money: BTreeMap<String, (i64, i64)>,
    /// Units taken from stock, and units in live reservations.
    pub stock: (u64, u64),
    /// SKUs where the two differ.
    pub double_reservations: usize,
    /// Mails that left, and how many of them repeat another.
    pub mails: (usize, usize),
    /// Events taken, applied, suppressed as duplicates, without effect, dead-lettered and put off, by consumer.
    pub events: BTreeMap<String, BTreeMap<String, u64>>,
    /// Dead letters by queue.
    pub dead_letters: BTreeMap<String, u64>,
    /// Requests to AWS by kind.
    pub requests: BTreeMap<String, u64>,
    /// Write units.
    pub write_units: f64,
    /// Processes killed, by function.
    pub killed: BTreeMap<String, usize>,
    /// Requests of customers that nobody answered, and that were sent again.
    pub unanswered: u32,
    /// What is wrong; empty if all is well.
    pub wrong: Vec<String>,
}

/// Computes every figure and says what is wrong with it.
pub fn of(before: &Before, placed: &[Placed], kills: BTreeMap<String, usize>, after: &Collected) -> Figures {
    let mut figures = Figures { killed: kills, ..Figures::default() };
    figures.unanswered = placed.iter().map(|p| p.unanswered).sum();
    figures.wrong.extend(placed.iter().flat_map(|p| p.complaints.clone()));
    count_orders(&mut figures, placed, after);
    count_cancellations(&mut figures, placed);
    check_endings(&mut figures, before, placed, after);
    count_money(&mut figures, after);
    count_stock(&mut figures, before, after);
    check_payments(&mut figures, after);
    check_shipments(&mut figures, after);
    count_mails(&mut figures, after);
    count_events(&mut figures, after);
    figures
}

fn is_completed(order: &Order) -> bool {
    order.status() == OrderStatus::Completed
}

fn count_orders(figures: &mut Figures, placed: &[Placed], after: &Collected) {
    let promised: BTreeSet<&str> = placed.iter().map(|p| p.order_id.as_str()).collect();
    figures.orders_accepted = promised.len();
    figures.orders_lost = promised.iter().filter(|id| !after.orders.contains_key(**id)).count();
    figures.orders_unasked = after.orders.keys().filter(|id| !promised.contains(id.as_str())).count();
    figures.orders_open = after.orders.values().filter(|order| !order.status().is_final()).count();
    for placed in placed {
        let status = after.orders.get(&placed.order_id).map_or("lost", ending);
        let endings = figures.orders.entry(placed.kind.name().to_owned()).or_default();
        *endings.entry(status.to_owned()).or_default() += 1;
    }
    let zeros = [
        ("accepted orders are lost", figures.orders_lost),
        ("orders exist that nobody placed", figures.orders_unasked),
        ("orders are not at an end", figures.orders_open),
        ("orders were not accepted", placed.len() - figures.orders_accepted),
    ];
    figures.wrong.extend(zeros.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{n} {what}")));
}

fn count_cancellations(figures: &mut Figures, placed: &[Placed]) {
    for status in placed.iter().filter_map(|p| p.cancellation) {
        *figures.cancellations.entry(status).or_default() += 1;
        if ![202, 409].contains(&status) {
            figures.wrong.push(format!("a cancellation was answered {status}"));
        }
    }
}

fn ending(order: &Order) -> &'static str {
    match order.cancellation_reason {
        Some(reason) if order.status() == OrderStatus::Cancelled => reason.as_str(),
        Some(_) | None => order.status().as_str(),
    }
}

/// Each kind of order has an ending that it must have; a cancelled one may win or lose its race.
fn check_endings(figures: &mut Figures, before: &Before, placed: &[Placed], after: &Collected) {
    let mut scarce_completed = 0_u64;
    let mut scarce_wanted = 0_u64;
    for placed in placed {
        let Some(order) = after.orders.get(&placed.order_id) else { continue };
        let (expected, right) = match placed.kind {
            Kind::Plain | Kind::Twice => ("completed", is_completed(order)),
            Kind::Declined => ("payment_declined", ending(order) == "payment_declined"),
            Kind::Scarce => {
                scarce_wanted += 1;
                scarce_completed += u64::from(is_completed(order));
                ("completed or out_of_stock", is_completed(order) || ending(order) == "out_of_stock")
            }
            Kind::Cancelled => {
                ("completed or customer_request", is_completed(order) || ending(order) == "customer_request")
            }
        };
        if !right {
            let (name, ending) = (placed.kind.name(), ending(order));
            figures.wrong.push(format!("order {} ({name}) ended {ending}, not {expected}", placed.order_id));
        }
    }
    let units = before.available.get(before.scarce).copied().unwrap_or_default();
    if scarce_completed != units.min(scarce_wanted) {
        let scarce = before.scarce;
        figures
            .wrong
            .push(format!("{scarce_completed} of {units} {scarce} were sold to {scarce_wanted} customers"));
    }
}

fn count_money(figures: &mut Figures, after: &Collected) {
    let mut by_order: BTreeMap<&str, Vec<&Booking>> = BTreeMap::new();
    for booking in &after.bookings {
        let kind = if booking.refused {
            format!("{} refused", booking.operation)
        } else {
            booking.operation.clone()
        };
        *figures.charges.entry(kind).or_default() += 1;
        by_order.entry(&booking.order_id).or_default().push(booking);
        let net = match booking.operation.as_str() {
            "capture" => booking.amount,
            "refund" => -booking.amount,
            _ => 0,
        };
        figures.money.entry(booking.currency.clone()).or_default().0 += net;
    }
    for order in after.orders.values().filter(|order| is_completed(order)) {
        let currency = order.total.currency().code().to_owned();
        figures.money.entry(currency).or_default().1 += order.total.amount();
    }
    for (order_id, bookings) in by_order {
        let times =
            |operation: &str| bookings.iter().filter(|b| b.operation == operation && !b.refused).count();
        let twice =
            ["authorize", "capture", "void", "refund"].into_iter().any(|operation| times(operation) > 1);
        if twice || (times("capture") > 0 && times("void") > 0) {
            figures.double_charges += 1;
        }
        // An authorization that is neither captured nor voided keeps a customer's money blocked.
        if times("authorize") > times("capture") + times("void") {
            figures.wrong.push(format!("the authorization of order {order_id} was never captured or voided"));
        }
    }
    if figures.double_charges > 0 {
        figures.wrong.push(format!("{} orders were charged twice", figures.double_charges));
    }
    for (currency, (kept, owed)) in &figures.money {
        if kept != owed {
            figures.wrong.push(format!("{kept} {currency} were kept for completed orders worth {owed}"));
        }
    }
}

fn count_stock(figures: &mut Figures, before: &Before, after: &Collected) {
    let mut held: BTreeMap<String, u64> = BTreeMap::new();
    for (order_id, reservation) in &after.reservations {
        let Reservation::Reserved(lines) = reservation else { continue };
        for line in lines {
            *held.entry(line.sku.to_string()).or_default() += u64::from(line.quantity.get());
        }
        if !after.orders.get(order_id).is_some_and(is_completed) {
            figures.wrong.push(format!("units are reserved for order {order_id}, which is not completed"));
        }
    }
    for (sku, start) in &before.available {
        let left = after.available.get(sku).copied().unwrap_or_default();
        let (taken, held) = (start.saturating_sub(left), held.get(sku).copied().unwrap_or_default());
        figures.stock.0 += taken;
        figures.stock.1 += held;
        if taken != held || left > *start {
            figures.double_reservations += 1;
            figures.wrong.push(format!("{taken} units of {sku} were taken for reservations of {held}"));
        }
    }
}

/// The service's own view of the money has to agree with the order's.
fn check_payments(figures: &mut Figures, after: &Collected) {
    for (order_id, order) in &after.orders {
        let kept = after.payments.get(order_id).is_some_and(|payment| match payment.status {
            PaymentStatus::Captured { .. } => true,
            PaymentStatus::Authorizing { .. }
            | PaymentStatus::Authorized { .. }
            | PaymentStatus::Declined { .. }
            | PaymentStatus::Capturing { .. }
            | PaymentStatus::Voiding { .. }
            | PaymentStatus::Voided
            | PaymentStatus::Refunding { .. }
            | PaymentStatus::Refunded { .. } => false,
        });
        if kept != is_completed(order) {
            let status = order.status().as_str();
            figures.wrong.push(format!("order {order_id} is {status}, and its payment is captured: {kept}"));
        }
    }
}

fn check_shipments(figures: &mut Figures, after: &Collected) {
    for (order_id, order) in &after.orders {
        let left = after.shipments.get(order_id).is_some_and(|shipment| match shipment.status {
            ShipmentStatus::Dispatched { .. } | ShipmentStatus::Delivered { .. } => true,
            ShipmentStatus::AwaitingOrder
            | ShipmentStatus::Created(_)
            | ShipmentStatus::Booking(_)
            | ShipmentStatus::Cancelled => false,
        });
        if left != is_completed(order) {
            let status = order.status().as_str();
            figures.wrong.push(format!("order {order_id} is {status}, and its parcel left: {left}"));
        }
    }
}

/// Mails that a completed order brings: received, confirmed, paid, on its way, arrived.
const MAILS_COMPLETED: usize = 5;
/// Mails that any order brings: received, and how it ended.
const MAILS_MIN: usize = 2;

fn count_mails(figures: &mut Figures, after: &Collected) {
    let distinct: BTreeSet<&Mail> = after.mails.iter().collect();
    let repeated = after.mails.len() - distinct.len();
    figures.mails = (after.mails.len(), repeated);
    let mut by_customer: BTreeMap<&str, usize> = BTreeMap::new();
    for mail in distinct {
        *by_customer.entry(&mail.to).or_default() += 1;
    }
    for (order_id, order) in &after.orders {
        let mails = by_customer.get(order.customer.email.as_str()).copied().unwrap_or_default();
        let expected = if is_completed(order) { MAILS_COMPLETED } else { MAILS_MIN };
        if mails < expected {
            figures.wrong.push(format!("the customer of order {order_id} got {mails} mails of {expected}"));
        }
    }
    // The mail service knows no idempotency key: what was sent just before a kill is sent again.
    let killed: usize =
        figures.killed.iter().filter(|(name, _)| name.contains("notifications")).map(|(_, n)| *n).sum();
    if repeated > killed * MAILS_AT_ONCE {
        figures.wrong.push(format!("{repeated} mails repeat another, with {killed} of their senders killed"));
    }
}

/// Mails that one killed process may have had under way: a batch.
const MAILS_AT_ONCE: usize = 10;

fn count_events(figures: &mut Figures, after: &Collected) {
    for line in &after.invocations {
        for (name, count) in line["requests"].as_object().into_iter().flatten() {
            *figures.requests.entry(name.clone()).or_default() += count.as_u64().unwrap_or_default();
        }
        figures.write_units += line["write_units"].as_f64().unwrap_or_default();
        let Some(function) = line["function"].as_str().filter(|_| line["applied"].is_u64()) else { continue };
        let counts = figures.events.entry(function.to_owned()).or_default();
        for field in ["records", "applied", "duplicate", "no_effect", "dead_lettered", "retried"] {
            *counts.entry(field.to_owned()).or_default() += line[field].as_u64().unwrap_or_default();
        }
    }
    for (function, counts) in &figures.events {
        let count = |field: &str| counts.get(field).copied().unwrap_or_default();
        let ended: u64 =
            ["applied", "duplicate", "no_effect", "dead_lettered", "retried"].into_iter().map(count).sum();
        if count("records") != ended {
            let records = count("records");
            figures.wrong.push(format!("{function} took {records} records and accounts for {ended}"));
        }
    }
    for (queue, (count, letters)) in &after.dead_letters {
        figures.dead_letters.insert(queue.clone(), *count);
        if *count > 0 {
            let reason =
                letters.first().map(|letter| Value::from_iter(letter.attributes.clone()).to_string());
            let reason = reason.unwrap_or_default();
            figures.wrong.push(format!("{count} dead letters of {queue}, for example: {reason}"));
        }
    }
}

#[cfg(test)]
mod tests;
