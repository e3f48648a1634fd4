//! The first order after `up`: placed over HTTP, its life shown as it happens.

use std::thread;
use std::time::{Duration, Instant};

use semel_contracts::api::OrderView;

use super::client::{Client, order};
use crate::error::Error;
use crate::interrupt;

const POLL: Duration = Duration::from_millis(100);
/// The sweeper asks the carrier once a minute; the rest takes moments.
const WATCH_MAX: Duration = Duration::from_mins(3);

/// Places an order, answers its id.
pub fn place(client: &Client) -> Result<String, Error> {
    let reply = client.place("the-first-order", &order("ada", "MUG-BLUE", 2, "pm_card_visa", "standard"))?;
    match (reply.status, reply.text("order_id")) {
        (201, Some(order_id)) => Ok(order_id.to_owned()),
        (status, _) => {
            Err(Error::Unexpected(format!("the first order was answered {status}: {}", reply.body)))
        }
    }
}

/// Prints a line per event until the order is final, or for [`WATCH_MAX`].
pub fn watch(client: &Client, order_id: &str) -> Result<(), Error> {
    let started = Instant::now();
    let mut shown = 0;
    while !interrupt::is_requested() && started.elapsed() < WATCH_MAX {
        let reply = client.read(order_id)?;
        let view: OrderView = serde_json::from_value(reply.body)
            .map_err(|error| Error::Unexpected(format!("order {order_id} cannot be read: {error}")))?;
        for entry in view.timeline.iter().skip(shown) {
            let after = entry.at.saturating_since(view.placed_at);
            println!("  {}  {:>9.3} s  {}", entry.at, after.as_secs_f64(), entry.what);
        }
        shown = view.timeline.len();
        if is_final(&view) {
            return Ok(());
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn is_final(view: &OrderView) -> bool {
    use semel_contracts::api::OrderStatus;
    matches!(view.status, OrderStatus::Delivered | OrderStatus::Cancelled)
}
