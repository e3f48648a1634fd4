//! Cancels orders whose deadline has passed, and asks the carrier about parcels that should have arrived.
//!
//! - Each table's `due` index is read shard by shard, page by page; shards are swept at the same time, and of each
//!   page a few aggregates at once.
//! - Nothing is decided here: an order is told that its time is up, a shipment what the carrier said, by the same
//!   conditional write as any event. A success that comes at the same moment wins or loses that write, never both.
//! - Ids are derived from what is due, so that two sweeps at once, or one that was repeated, apply it once.
//! - What does not fit into the time, or fails for now, is still due a minute later. What can never succeed, or an
//!   index that cannot be read, fails the sweep at its end, so that the alarm speaks; the rest was done.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, join, join_all, select};
use futures::stream::{self, StreamExt};
use semel_contracts::{EventId, OrderId};
use semel_domain::{DUE_SHARDS, Order, OrderInput, Shipment, ShipmentInput};
use semel_exactly_once::{
    Aggregate, AggregateStore, Class, Clock, Committer, Delivery, HandleError, Handled, Known, PerformError,
    Verdict,
};
use semel_lambda::schedule::Job;
use semel_lambda::{Deadline, Failure, chain};
use shipping::carrier::{Carrier, Tracking};

use crate::due::DueIndex;

/// Keys of one page.
const PAGE_KEYS: i32 = 100;
/// Aggregates of one shard under way at once; there are eight shards in two tables.
const AT_ONCE: usize = 4;

/// A table of aggregates with its index of what is due.
#[derive(Debug)]
pub struct Table<S, C, D> {
    /// Changes the aggregates.
    pub committer: Committer<S, C>,
    /// Finds those that are due.
    pub due: D,
}

/// Sweeps both tables.
#[derive(Debug)]
pub struct Sweeper<S, C, D, K> {
    orders: Table<S, C, D>,
    shipments: Table<S, C, D>,
    carrier: K,
    page_keys: i32,
}

/// How one sweep went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    /// Orders cancelled.
    expired: u64,
    /// Parcels that have arrived.
    delivered: u64,
    /// Parcels that are still on their way.
    in_transit: u64,
    /// No longer due when they were looked at.
    no_effect: u64,
    /// Failed for now.
    put_off: u64,
    /// Can never succeed, or could not be looked for.
    failed: u64,
    /// Shards that were not swept to their end.
    cut_short: u64,
}

/// How one aggregate was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Swept {
    Expired,
    Delivered,
    InTransit,
    NoEffect,
}

/// Why one aggregate could not be dealt with.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Handle(#[from] HandleError),
    #[error(transparent)]
    Carrier(#[from] PerformError),
    #[error("{key} refuses to be told that its time has come: {reason}")]
    Rejected { key: String, reason: String },
    #[error("{key} is not the key of an order or a shipment")]
    BadKey { key: String },
    #[error("{key} was not finished in time")]
    TimeUp { key: String },
}

impl SweepError {
    fn class(&self) -> Class {
        match self {
            Self::Handle(error) => error.class(),
            Self::Carrier(error) => error.class,
            Self::Rejected { .. } | Self::BadKey { .. } => Class::Fatal,
            Self::TimeUp { .. } => Class::Transient,
        }
    }
}

impl<S, C, D, K> Sweeper<S, C, D, K> {
    /// A sweeper of both tables that asks `carrier`.
    pub fn new(orders: Table<S, C, D>, shipments: Table<S, C, D>, carrier: K) -> Self {
        Self { orders, shipments, carrier, page_keys: PAGE_KEYS }
    }
}

impl<S: AggregateStore, C: Clock, D: DueIndex, K: Carrier> Job for Sweeper<S, C, D, K> {
    const NAME: &'static str = "sweeper";

    async fn run(&self, deadline: Deadline) -> Result<Vec<(&'static str, u64)>, Failure> {
        let orders = DUE_SHARDS.map(|shard| {
            self.sweep(&self.orders, shard, deadline, |key| async move { self.expire(&key).await })
        });
        let shipments = DUE_SHARDS.map(|shard| {
            self.sweep(&self.shipments, shard, deadline, |key| async move { self.track(&key).await })
        });
        let (orders, shipments) = join(join_all(orders), join_all(shipments)).await;
        let tally = orders.into_iter().chain(shipments).fold(Tally::default(), Tally::plus);
        if tally.failed > 0 {
            return Err(Failure::new("Sweeper.Failed", format!("some of what is due stays so: {tally:?}")));
        }
        Ok(tally.counts())
    }
}

impl<S: AggregateStore, C: Clock, D: DueIndex, K: Carrier> Sweeper<S, C, D, K> {
    /// Deals with everything in a shard that is due now.
    async fn sweep<W>(
        &self,
        table: &Table<S, C, D>,
        shard: &str,
        deadline: Deadline,
        work: impl Fn(String) -> W + Sync,
    ) -> Tally
    where
        W: Future<Output = Result<Swept, SweepError>>,
    {
        let clock = table.committer.clock();
        let now = clock.now();
        let mut tally = Tally::default();
        let mut after: Option<(String, u64)> = None;
        loop {
            if !deadline.may_start(clock.now()) {
                tally.cut_short += 1;
                return tally;
            }
            let from = after.as_ref().map(|(key, due_at)| (key.as_str(), *due_at));
            let page = match table.due.page(shard, now, self.page_keys, from).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(shard, error = chain(&error), "what is due cannot be looked up");
                    tally.failed += 1;
                    return tally;
                }
            };
            let work = |key: String| in_time(clock, deadline, key.clone(), work(key));
            let mut swept = pin!(stream::iter(page.keys).map(work).buffer_unordered(AT_ONCE));
            while let Some(swept) = swept.next().await {
                tally.count(swept);
            }
            after = page.next;
            if after.is_none() {
                return tally;
            }
        }
    }

    /// Tells an order that its time is up.
    async fn expire(&self, key: &str) -> Result<Swept, SweepError> {
        let order_id = order_id::<Order>(key)?;
        let id = order_id.to_string();
        let expired = Delivery::new(
            EventId::derive_from(&[Order::CONSUMER, &id, "expire"]),
            OrderInput::Expire(order_id),
        );
        let handled = self.orders.committer.handle::<Order>(&id, Known::Unknown, &[expired]).await?;
        verdict(key, handled, Swept::Expired)
    }

    /// Asks the carrier about a parcel and tells the shipment.
    async fn track(&self, key: &str) -> Result<Swept, SweepError> {
        let id = order_id::<Shipment>(key)?.to_string();
        let committer = &self.shipments.committer;
        let Some(current) = committer.load::<Shipment>(&id).await? else { return Ok(Swept::NoEffect) };
        // The index may name a parcel that another sweep has asked about since.
        let now = committer.clock().now();
        let Some(question) = current.state.tracking().filter(|question| question.ask_at <= now) else {
            return Ok(Swept::NoEffect);
        };
        let (answer, swept) = match self.carrier.track(&question).await? {
            Tracking::Delivered => (ShipmentInput::ParcelDelivered, Swept::Delivered),
            Tracking::InTransit { ask_again_at } => {
                (ShipmentInput::StillInTransit { ask_again_at }, Swept::InTransit)
            }
        };
        let answer = question.answered(answer);
        let handled = committer.handle::<Shipment>(&id, Known::Current(current), &[answer]).await?;
        verdict(key, handled, swept)
    }
}

/// Waits for work on one aggregate while there is time.
async fn in_time<C: Clock>(
    clock: &C,
    deadline: Deadline,
    key: String,
    work: impl Future<Output = Result<Swept, SweepError>>,
) -> Result<Swept, SweepError> {
    let now = clock.now();
    let time = if deadline.may_start(now) { deadline.work_time(now) } else { Duration::ZERO };
    if time.is_zero() {
        return Err(SweepError::TimeUp { key });
    }
    match select(pin!(work), pin!(clock.sleep(time))).await {
        Either::Left((swept, _)) => swept,
        Either::Right(_) => Err(SweepError::TimeUp { key }),
    }
}

fn order_id<A: Aggregate>(key: &str) -> Result<OrderId, SweepError> {
    let id = key.split_once('#').filter(|(kind, _)| *kind == A::KIND).map(|(_, id)| id);
    id.and_then(|id| id.parse().ok()).ok_or_else(|| SweepError::BadKey { key: key.to_owned() })
}

fn verdict<A: Aggregate>(key: &str, handled: Handled<A>, applied: Swept) -> Result<Swept, SweepError> {
    let rejected = |reason: String| SweepError::Rejected { key: key.to_owned(), reason };
    match handled.verdicts.into_iter().next() {
        Some(Verdict::Applied) => Ok(applied),
        Some(Verdict::Duplicate | Verdict::NoEffect) | None => Ok(Swept::NoEffect),
        Some(Verdict::Rejected(rejection)) => Err(rejected(chain(&rejection))),
        Some(Verdict::Short(keys)) => Err(rejected(format!("{} run short", keys.join(", ")))),
    }
}

impl Tally {
    fn count(&mut self, swept: Result<Swept, SweepError>) {
        match swept {
            Ok(Swept::Expired) => self.expired += 1,
            Ok(Swept::Delivered) => self.delivered += 1,
            Ok(Swept::InTransit) => self.in_transit += 1,
            Ok(Swept::NoEffect) => self.no_effect += 1,
            Err(error) => match error.class() {
                Class::Transient => {
                    tracing::warn!(error = chain(&error), "left to the next sweep");
                    self.put_off += 1;
                }
                Class::Fatal => {
                    tracing::error!(error = chain(&error), "cannot be swept");
                    self.failed += 1;
                }
            },
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            expired: self.expired + other.expired,
            delivered: self.delivered + other.delivered,
            in_transit: self.in_transit + other.in_transit,
            no_effect: self.no_effect + other.no_effect,
            put_off: self.put_off + other.put_off,
            failed: self.failed + other.failed,
            cut_short: self.cut_short + other.cut_short,
        }
    }

    fn counts(self) -> Vec<(&'static str, u64)> {
        vec![
            ("expired", self.expired),
            ("delivered", self.delivered),
            ("in_transit", self.in_transit),
            ("no_effect", self.no_effect),
            ("put_off", self.put_off),
            ("cut_short", self.cut_short),
        ]
    }
}

#[cfg(test)]
mod tests;
