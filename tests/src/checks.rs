//! What several tests check of an order once it has come somewhere: mails, the gateway's books, stock.

use crate::api::Reply;
use crate::orders::Goods;
use crate::stack::{Mail, Stack};
use crate::wait::eventually;

/// Waits until a customer has `count` mails, and answers them. One more than expected shows in the comparison.
pub fn wait_for_mails(stack: &Stack, customer_id: &str, count: usize) -> Vec<Mail> {
    let address = format!("{customer_id}@example.com");
    eventually(&format!("{address} has {count} mails"), || {
        let mails = stack.mails_to(&address);
        if mails.len() >= count { Ok(mails) } else { Err(format!("{mails:?}")) }
    })
}

/// Asserts that these are the mails' subjects, in any order.
#[track_caller]
pub fn assert_subjects(mails: &[Mail], expected: &[&str]) {
    let subject = |mail: &Mail| mail.subject.split(" (order ").next().unwrap_or_default().to_owned();
    let mut found: Vec<String> = mails.iter().map(subject).collect();
    found.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// Asserts which operations the gateway did for an order, and that each was over `amount`.
#[track_caller]
pub fn assert_booked(stack: &Stack, order_id: &str, amount: i64, operations: &[&str]) {
    let bookings = stack.bookings(order_id);
    let found: Vec<&str> = bookings.keys().map(String::as_str).collect();
    assert_eq!(found, operations, "{bookings:?}");
    assert!(bookings.values().all(|(booked, _)| *booked == amount), "{bookings:?}");
}

/// Waits until an article has `units` again.
#[track_caller]
pub fn wait_for_available(stack: &Stack, goods: &Goods, units: u64) {
    eventually(&format!("{units} units of {} are free", goods.sku), || match stack.available(&goods.sku) {
        Some(available) if available == units => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

/// The gateway's books and the stock say the same as the order, which is at its end.
#[track_caller]
pub fn assert_books_match(stack: &Stack, order: &Reply, goods: &Goods, units: u64) {
    let order_id = order.text("order_id");
    let operations = stack.bookings(order_id).into_keys().collect::<Vec<_>>();
    if order.text("status") == "delivered" {
        assert_eq!(operations, ["authorize", "capture"], "{order:?}");
        wait_for_available(stack, goods, 1_000 - units);
    } else {
        assert_eq!(order.text("status"), "cancelled", "{order:?}");
        let undone: [&[&str]; 3] = [&[], &["authorize", "void"], &["authorize", "capture", "refund"]];
        assert!(undone.iter().any(|each| operations == *each), "{operations:?} of {order:?}");
        wait_for_available(stack, goods, 1_000);
    }
}

/// Waits until an order is at its end.
#[track_caller]
pub fn wait_for_end(stack: &Stack, order_id: &str) -> Reply {
    eventually(&format!("order {order_id} comes to an end"), || {
        let order = stack.order(order_id);
        match order.text("status") {
            "delivered" | "cancelled" => Ok(order),
            "dispatched" => {
                stack.sweep();
                Err(format!("{order:?}"))
            }
            _ => Err(format!("{order:?}")),
        }
    })
}
