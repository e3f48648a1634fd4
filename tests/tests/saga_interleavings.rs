//! The saga in every interleaving: one order, every order of deliveries, every repetition, every answer of the outside.
//!
//! Every message that was sent is delivered at least once, at any later time, and may be delivered again at any time
//! after that. Deliveries that change nothing are no step of their own, so the reachable moments can all be visited.
//! Wherever every message has been delivered once, nobody is left to help: the order must have ended, and ended well.

mod saga;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use saga::{Fate, Message, Saga, request};
use semel_contracts::Timestamp;
use semel_domain::OrderStatus;

const DEADLINE: Timestamp = Timestamp::from_millis(1_000);

/// A moment: the saga, the counters, and what has been sent so far, as positions in the list of all messages.
#[derive(Clone)]
struct Moment {
    saga: Saga,
    stock: BTreeMap<String, i64>,
    /// Not delivered yet.
    owed: BTreeSet<usize>,
    /// Delivered; may come again.
    delivered: BTreeSet<usize>,
}

/// Every message met, so that a moment can name them by number.
#[derive(Default)]
struct Messages(Vec<Message>);

impl Messages {
    fn number(&mut self, message: Message) -> usize {
        self.0.iter().position(|known| *known == message).unwrap_or_else(|| {
            self.0.push(message);
            self.0.len() - 1
        })
    }
}

/// All that decides what can still happen; the timeline's order does not.
fn essence(moment: &Moment) -> String {
    let Moment { saga, stock, owed, delivered } = moment;
    let order = saga.order.as_ref().map(|order| {
        let legs = (order.payment(), order.stock(), order.shipment());
        (order.status(), legs, order.cancellation_reason, order.tracking_number.is_some())
    });
    let outside = (&saga.performed, saga.captured, saga.refunded, saga.parcels, saga.taken);
    let payment = saga.payment.as_ref().map(|payment| &payment.status);
    let shipment = saga.shipment.as_ref().map(|shipment| &shipment.status);
    format!(
        "{order:?} {payment:?} {:?} {shipment:?} {outside:?} {stock:?} {owed:?} {delivered:?}",
        saga.reservation
    )
}

/// Visits every moment from the placing on and answers how the order can end.
fn explore(fate: Fate, free: i64, cancel: bool, expire: bool) -> Vec<OrderStatus> {
    let saga = Saga::new(request(1, &[("MUG", 2)], DEADLINE), fate);
    let mut messages = Messages::default();
    let commands = [(true, saga.place()), (cancel, saga.cancel()), (expire, saga.expire())];
    let owed = commands.into_iter().filter(|(given, _)| *given).map(|(_, m)| messages.number(m)).collect();
    let first = Moment {
        saga,
        stock: BTreeMap::from([("sku#MUG".to_owned(), free)]),
        owed,
        delivered: BTreeSet::new(),
    };

    let mut visited = HashSet::from([essence(&first)]);
    let mut open = vec![first];
    let mut ends = Vec::new();
    while let Some(moment) = open.pop() {
        for number in moment.owed.union(&moment.delivered).copied() {
            let mut next = moment.clone();
            let sent = next.saga.deliver(&messages.0[number].clone(), &mut next.stock, DEADLINE);
            next.owed.remove(&number);
            next.delivered.insert(number);
            let sent = sent.into_iter().map(|message| messages.number(message));
            next.owed.extend(sent.filter(|number| !next.delivered.contains(number)));
            if visited.insert(essence(&next)) {
                open.push(next);
            }
        }
        if moment.owed.is_empty() {
            moment.saga.check_end();
            assert_eq!(moment.stock["sku#MUG"] + moment.saga.taken, free);
            ends.extend(moment.saga.status());
        }
    }
    ends.sort_unstable();
    ends.dedup();
    ends
}

fn fates() -> Vec<Fate> {
    let both = [true, false];
    let mut fates = Vec::new();
    for authorizes in both {
        for captures in both {
            for books in both {
                fates.push(Fate { authorizes, captures, books, polls: 1 });
            }
        }
    }
    fates
}

#[test]
fn every_interleaving_ends_well() {
    use OrderStatus::{Cancelled, Completed};
    for fate in fates() {
        for free in [2, 1] {
            for (cancel, expire) in [(false, false), (true, false), (false, true), (true, true)] {
                let ends = explore(fate, free, cancel, expire);
                let can_complete = fate.authorizes && fate.captures && fate.books && free == 2;
                let expected = match (can_complete, cancel || expire) {
                    (true, false) => vec![Completed],
                    // Without a command in between it completes; with one it may go either way.
                    (true, true) => vec![Cancelled, Completed],
                    (false, _) => vec![Cancelled],
                };
                assert_eq!(ends, expected, "{fate:?}, {free} free, cancel {cancel}, expire {expire}");
            }
        }
    }
}
