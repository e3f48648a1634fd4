//! The stock held for one order: all of its units, or none.
//!
//! A reservation moves the counters of several articles in the transaction that writes it. Whether they suffice is
//! known only there: if they do not, the same delivery is decided upon again as [`ReservationInput::Short`]. Knows
//! nothing of money or parcels.

use std::collections::BTreeMap;

use semel_contracts::events::{
    InventoryRejected, InventoryReleased, InventoryReserved, OrderCancelled, OrderCreated,
};
use semel_contracts::{Event, Lines, OrderId, OrderLine, Sku, StockLine, Timestamp};
use semel_exactly_once::{Adjustment, Aggregate, Decision};
use serde::{Deserialize, Serialize};

use crate::stock::{AVAILABLE, StockItem};

/// A reservation, one per order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reservation {
    /// These units are held.
    Reserved(#[serde(with = "crate::compact")] Lines<StockLine>),
    /// Something was short; nothing is held. Final.
    Rejected,
    /// Nothing is held any more, or ever was if the cancellation came before the order. Final.
    Released,
}

/// What is told to a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReservationInput {
    /// The order was placed.
    Placed(OrderCreated),
    /// The order was cancelled.
    Cancelled(OrderCancelled),
    /// The order was placed, but the counters do not allow it. Delivered under the id of `Placed`.
    Short {
        /// The order.
        order_id: OrderId,
        /// The lines that cannot be held.
        shortages: Lines<StockLine>,
    },
}

impl ReservationInput {
    /// What `Placed` turns into when the counters with these keys could not be adjusted.
    pub fn short(order: &OrderCreated, counter_keys: &[impl AsRef<str>]) -> Self {
        let is_short = |line: &StockLine| {
            let key = StockItem::key(&line.sku);
            counter_keys.iter().any(|short| short.as_ref() == key)
        };
        let asked = stock_lines(&order.lines);
        let short = asked.iter().filter(|line| is_short(line)).cloned().collect();
        // No key of this order's: all that is known is that the whole cannot be held.
        let shortages = Lines::new(short).unwrap_or(asked);
        Self::Short { order_id: order.order_id, shortages }
    }
}

/// A reservation refuses nothing: every input finds its place in every state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReservationRejection {}

impl Aggregate for Reservation {
    const KIND: &'static str = "reservation";
    const CONSUMER: &'static str = "inventory";
    type State = Self;
    type Input = ReservationInput;
    type Event = Event;
    type Rejection = ReservationRejection;

    fn decide(
        state: Option<&Self>,
        input: &ReservationInput,
        _now: Timestamp,
    ) -> Result<Decision<Self, Event>, ReservationRejection> {
        Ok(match (state, input) {
            (None, ReservationInput::Placed(order)) => reserve(order),
            (None, ReservationInput::Short { order_id, shortages }) => {
                let event = InventoryRejected { order_id: *order_id, shortages: shortages.clone() };
                Decision::to(Self::Rejected, vec![event.into()])
            }
            // The cancellation overtook the order: what is kept makes the order, when it comes, a no-op.
            (None, ReservationInput::Cancelled(order)) => {
                let event = InventoryReleased { order_id: order.order_id, lines: Vec::new() };
                Decision::to(Self::Released, vec![event.into()])
            }
            (Some(Self::Reserved(lines)), ReservationInput::Cancelled(order)) => {
                release(order.order_id, lines)
            }
            (Some(Self::Reserved(_)), ReservationInput::Placed(_) | ReservationInput::Short { .. })
            | (
                Some(Self::Rejected | Self::Released),
                ReservationInput::Placed(_) | ReservationInput::Short { .. } | ReservationInput::Cancelled(_),
            ) => Decision::Unchanged,
        })
    }
}

fn reserve(order: &OrderCreated) -> Decision<Reservation, Event> {
    let lines = stock_lines(&order.lines);
    let adjust = adjustments(&lines, -1);
    let event = InventoryReserved { order_id: order.order_id, lines: lines.clone() };
    Decision::adjusting(Reservation::Reserved(lines), vec![event.into()], adjust)
}

fn release(order_id: OrderId, lines: &Lines<StockLine>) -> Decision<Reservation, Event> {
    let event = InventoryReleased { order_id, lines: lines.to_vec() };
    Decision::adjusting(Reservation::Released, vec![event.into()], adjustments(lines, 1))
}

/// The lines as ordered. Lines of one SKU stay apart: their sum may be more than one line can say.
fn stock_lines(lines: &Lines<OrderLine>) -> Lines<StockLine> {
    lines.map(|line| StockLine { sku: line.sku.clone(), quantity: line.quantity })
}

/// One adjustment per counter, as a transaction may name an item once only.
fn adjustments(lines: &Lines<StockLine>, sign: i64) -> Vec<Adjustment> {
    let mut units: BTreeMap<&Sku, i64> = BTreeMap::new();
    for line in lines {
        // 50 lines of 10,000 units at most: far from overflow.
        *units.entry(&line.sku).or_default() += i64::from(line.quantity.get());
    }
    let adjust =
        |(sku, units)| Adjustment { key: StockItem::key(sku), attribute: AVAILABLE, delta: sign * units };
    units.into_iter().map(adjust).collect()
}

#[cfg(test)]
mod tests;
