//! What an order has come through, and when. Status and legs are read off it, so that they are not stored twice.
//!
//! Knows which milestone belongs to which leg and which may follow which, but not why any of them is reached.

use semel_contracts::Timestamp;
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed; money and stock are being secured, until the deadline.
    Pending,
    /// Money and stock are secured; it is to be captured and shipped.
    Confirmed,
    /// Confirmed, then asked to be cancelled: shipping says whether the parcel can still be kept.
    CancellationRequested,
    /// Off; money and stock are on their way back.
    Cancelling,
    /// Off, and everything undone. Final.
    Cancelled,
    /// The parcel has left.
    Shipped,
    /// Delivered and paid. Final.
    Completed,
}

/// How far the money has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentLeg {
    /// Nothing is known yet.
    Awaited,
    /// The money is held.
    Authorized,
    /// The money is taken.
    Captured,
    /// There will be no money. Final.
    Declined,
    /// The hold was released. Final.
    Voided,
    /// The money was given back. Final.
    Refunded,
}

/// How far the stock has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StockLeg {
    /// Nothing is known yet.
    Awaited,
    /// The units are held.
    Reserved,
    /// Something is short, nothing is held. Final.
    Rejected,
    /// Nothing is held any more. Final.
    Released,
}

/// How far the parcel has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShipmentLeg {
    /// Nothing is known yet.
    None,
    /// It is being made ready.
    Created,
    /// It has left.
    Dispatched,
    /// It has arrived. Final.
    Delivered,
    /// It never leaves. Final.
    Cancelled,
}

// A leg only moves to a higher rank: facts come in any order, and a late lower one tells nothing new. Two facts that
// exclude each other share a rank, so that whichever was told first stands; and what is final is never left.

impl PaymentLeg {
    fn may_become(self, next: Self) -> bool {
        !self.is_final() && next.rank() > self.rank()
    }

    const fn is_final(self) -> bool {
        matches!(self, Self::Declined | Self::Voided | Self::Refunded)
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Awaited => 0,
            Self::Authorized => 1,
            Self::Captured | Self::Declined | Self::Voided => 2,
            Self::Refunded => 3,
        }
    }
}

impl StockLeg {
    fn may_become(self, next: Self) -> bool {
        !self.is_final() && next.rank() > self.rank()
    }

    const fn is_final(self) -> bool {
        matches!(self, Self::Rejected | Self::Released)
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Awaited => 0,
            Self::Reserved | Self::Rejected => 1,
            Self::Released => 2,
        }
    }
}

impl ShipmentLeg {
    fn may_become(self, next: Self) -> bool {
        !self.is_final() && next.rank() > self.rank()
    }

    const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Cancelled)
    }

    const fn rank(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Created => 1,
            Self::Dispatched | Self::Cancelled => 2,
            Self::Delivered => 3,
        }
    }
}

/// What a milestone moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Status(OrderStatus),
    Payment(PaymentLeg),
    Stock(StockLeg),
    Shipment(ShipmentLeg),
}

macro_rules! milestones {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal, $mark:expr;)*) => {
        /// A step in an order's life. Each is reached at most once.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Milestone {
            $($(#[$doc])* $name),*
        }

        impl Milestone {
            /// Every milestone.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name for people and for the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// Its number in storage. Never reused.
            const fn code(self) -> u8 {
                match self { $(Self::$name => $code),* }
            }

            const fn mark(self) -> Mark {
                match self { $(Self::$name => $mark),* }
            }
        }
    };
}

milestones! {
    /// The customer placed the order.
    Placed = 0, "placed", Mark::Status(OrderStatus::Pending);
    /// The gateway holds the money.
    PaymentAuthorized = 1, "payment_authorized", Mark::Payment(PaymentLeg::Authorized);
    /// The money was taken.
    PaymentCaptured = 2, "payment_captured", Mark::Payment(PaymentLeg::Captured);
    /// The card was declined, or the capture failed.
    PaymentDeclined = 3, "payment_declined", Mark::Payment(PaymentLeg::Declined);
    /// The hold on the money was released.
    PaymentVoided = 4, "payment_voided", Mark::Payment(PaymentLeg::Voided);
    /// The money was given back.
    PaymentRefunded = 5, "payment_refunded", Mark::Payment(PaymentLeg::Refunded);
    /// The stock is held.
    StockReserved = 6, "stock_reserved", Mark::Stock(StockLeg::Reserved);
    /// The stock is short.
    StockRejected = 7, "stock_rejected", Mark::Stock(StockLeg::Rejected);
    /// The stock is for sale again.
    StockReleased = 8, "stock_released", Mark::Stock(StockLeg::Released);
    /// A parcel is being made ready.
    ShipmentCreated = 9, "shipment_created", Mark::Shipment(ShipmentLeg::Created);
    /// The parcel has left.
    ShipmentDispatched = 10, "shipment_dispatched", Mark::Shipment(ShipmentLeg::Dispatched);
    /// The parcel has arrived.
    ShipmentDelivered = 11, "shipment_delivered", Mark::Shipment(ShipmentLeg::Delivered);
    /// The parcel will not be sent.
    ShipmentCancelled = 12, "shipment_cancelled", Mark::Shipment(ShipmentLeg::Cancelled);
    /// Money and stock are secured.
    Confirmed = 13, "confirmed", Mark::Status(OrderStatus::Confirmed);
    /// Shipping was asked to keep the parcel.
    CancellationRequested = 14, "cancellation_requested", Mark::Status(OrderStatus::CancellationRequested);
    /// The order is off; money and stock are on their way back.
    Cancelling = 15, "cancelling", Mark::Status(OrderStatus::Cancelling);
    /// Everything is undone.
    Cancelled = 16, "cancelled", Mark::Status(OrderStatus::Cancelled);
    /// The order is out of reach.
    Shipped = 17, "shipped", Mark::Status(OrderStatus::Shipped);
    /// Delivered and paid.
    Completed = 18, "completed", Mark::Status(OrderStatus::Completed);
}

/// A milestone has no such number.
#[derive(Debug, thiserror::Error)]
#[error("no milestone has the code {0}")]
pub(super) struct NoSuchMilestone(u8);

/// The milestones reached, in order: `[[code, milliseconds after the placing], ...]`.
///
/// The offset may be negative: the clocks of two functions differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u8, i64)>")]
pub(super) struct Timeline(#[serde(serialize_with = "write")] Vec<(Milestone, i64)>);

fn write<S: serde::Serializer>(entries: &[(Milestone, i64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(entries.iter().map(|(milestone, after_ms)| (milestone.code(), after_ms)))
}

impl TryFrom<Vec<(u8, i64)>> for Timeline {
    type Error = NoSuchMilestone;

    fn try_from(stored: Vec<(u8, i64)>) -> Result<Self, NoSuchMilestone> {
        let read = |(code, after_ms)| {
            let milestone = Milestone::ALL.iter().find(|m| m.code() == code).ok_or(NoSuchMilestone(code))?;
            Ok((*milestone, after_ms))
        };
        stored.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Timeline {
    pub(super) fn push(&mut self, milestone: Milestone, placed_at: Timestamp, now: Timestamp) {
        let after_ms = now.as_millis().cast_signed() - placed_at.as_millis().cast_signed();
        self.0.push((milestone, after_ms));
    }

    pub(super) fn entries(&self, placed_at: Timestamp) -> impl Iterator<Item = (Milestone, Timestamp)> + '_ {
        self.0.iter().map(move |(milestone, after_ms)| {
            (*milestone, Timestamp::from_millis(placed_at.as_millis().saturating_add_signed(*after_ms)))
        })
    }

    pub(super) fn status(&self) -> OrderStatus {
        let status = |mark| match mark {
            Mark::Status(status) => Some(status),
            Mark::Payment(_) | Mark::Stock(_) | Mark::Shipment(_) => None,
        };
        self.last(status).unwrap_or(OrderStatus::Pending)
    }

    pub(super) fn payment(&self) -> PaymentLeg {
        let leg = |mark| match mark {
            Mark::Payment(leg) => Some(leg),
            Mark::Status(_) | Mark::Stock(_) | Mark::Shipment(_) => None,
        };
        self.last(leg).unwrap_or(PaymentLeg::Awaited)
    }

    pub(super) fn stock(&self) -> StockLeg {
        let leg = |mark| match mark {
            Mark::Stock(leg) => Some(leg),
            Mark::Status(_) | Mark::Payment(_) | Mark::Shipment(_) => None,
        };
        self.last(leg).unwrap_or(StockLeg::Awaited)
    }

    pub(super) fn shipment(&self) -> ShipmentLeg {
        let leg = |mark| match mark {
            Mark::Shipment(leg) => Some(leg),
            Mark::Status(_) | Mark::Payment(_) | Mark::Stock(_) => None,
        };
        self.last(leg).unwrap_or(ShipmentLeg::None)
    }

    /// Whether the fact that `milestone` stands for moves its leg on. Statuses are not told by facts.
    pub(super) fn advances(&self, milestone: Milestone) -> bool {
        match milestone.mark() {
            Mark::Payment(next) => self.payment().may_become(next),
            Mark::Stock(next) => self.stock().may_become(next),
            Mark::Shipment(next) => self.shipment().may_become(next),
            Mark::Status(_) => false,
        }
    }

    fn last<T>(&self, part: impl Fn(Mark) -> Option<T>) -> Option<T> {
        self.0.iter().rev().find_map(|(milestone, _)| part(milestone.mark()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_and_names_are_unique() {
        let codes: BTreeSet<u8> = Milestone::ALL.iter().map(|m| m.code()).collect();
        let names: BTreeSet<&str> = Milestone::ALL.iter().map(|m| m.as_str()).collect();
        assert_eq!((codes.len(), names.len()), (Milestone::ALL.len(), Milestone::ALL.len()));
    }

    #[test]
    fn a_clock_that_is_behind_is_told_truly() {
        let placed_at = Timestamp::from_millis(10_000);
        let mut timeline = Timeline::default();
        timeline.push(Milestone::Placed, placed_at, placed_at);
        timeline.push(Milestone::StockReserved, placed_at, Timestamp::from_millis(9_990));
        let stored = serde_json::to_string(&timeline).expect("serialises");
        assert_eq!(stored, "[[0,0],[6,-10]]");
        let read: Timeline = serde_json::from_str(&stored).expect("reads");
        let last = read.entries(placed_at).last();
        assert_eq!(last, Some((Milestone::StockReserved, Timestamp::from_millis(9_990))));
    }

    #[test]
    fn an_unknown_code_is_refused() {
        let error = serde_json::from_str::<Timeline>("[[99,0]]").expect_err("no such code");
        assert!(error.to_string().contains("no milestone has the code 99"), "{error}");
    }
}
