//! What events waited for on their way, and what the invocations did that they were in, in figures.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::figures::Percentiles;
use crate::split::{Invocation, Split, Way};

/// An event that counts.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// When its batch was due.
    pub due: Instant,
    /// When the broker's answer to it was there.
    pub published: Instant,
    /// How it came to its effect.
    pub way: Way,
}

impl Event {
    /// From due to committed, in milliseconds.
    pub fn committed_ms(&self) -> f64 {
        millis(self.due, self.way.committed)
    }
}

/// The parts of events' ways, in milliseconds. Those of one event follow each other without a gap: they add up to the
/// time from due to committed.
#[derive(Debug, PartialEq, Serialize)]
pub struct Parts {
    /// Until the broker's answer to the publisher.
    pub due_to_published: Part,
    /// Until the invocation that its poller had under way then was over.
    pub published_to_poller_free: Part,
    /// Until its own invocation's first request: broker, bridge, runtime API, and the function before it asks for
    /// anything.
    pub poller_free_to_first_request: Part,
    /// Until the answer to its transaction.
    pub first_request_to_committed: Part,
}

/// One part, over all events.
#[derive(Debug, PartialEq, Serialize)]
pub struct Part {
    /// How it is spread.
    #[serde(flatten)]
    pub percentiles: Percentiles,
    /// Means add up, percentiles do not.
    pub mean: f64,
    /// Of the hundredth of events that took longest in all.
    pub mean_of_slowest: f64,
}

/// The invocations that events were in, times in milliseconds.
#[derive(Debug, PartialEq, Serialize)]
pub struct Invocations {
    /// How many.
    pub count: usize,
    /// Events of each, those included that are of the warm-up.
    pub events: Percentiles,
    /// Transactions of each: one for each of its partitions, more where one cannot hold all.
    pub transactions: Percentiles,
    /// From the first request to the answer to the last transaction.
    pub first_request_to_last_transaction_ms: Percentiles,
    /// Of that, while at least one request waited for DynamoDB.
    pub in_dynamodb_ms: Percentiles,
    /// Of that, while none did.
    pub between_requests_ms: Percentiles,
    /// Each `TransactWriteItems`.
    pub transact_write_items_ms: Percentiles,
    /// Each `BatchGetItem`; none if no event needs what is stored.
    pub batch_get_item_ms: Option<Percentiles>,
    /// From a partition's `BatchGetItem` to its transaction with nothing in between,
    pub batch_get_item_to_transaction_ms: Option<Percentiles>,
    /// and with an object that was put to S3, which does not pass the proxy.
    pub batch_get_item_to_transaction_with_put_ms: Option<Percentiles>,
}

impl Parts {
    /// `None` without events.
    pub fn of(events: &[Event], split: &Split) -> Option<Self> {
        let all: Vec<[f64; 4]> = events.iter().map(|event| parts(event, split)).collect();
        let slow = Percentiles::of(events.iter().map(Event::committed_ms).collect())?.p99;
        let slowest: Vec<[f64; 4]> = events
            .iter()
            .zip(&all)
            .filter(|(event, _)| event.committed_ms() >= slow)
            .map(|(_, parts)| *parts)
            .collect();
        let part = |at: usize| {
            Some(Part {
                percentiles: Percentiles::of(all.iter().map(|parts| parts[at]).collect())?,
                mean: mean(&all, at),
                mean_of_slowest: mean(&slowest, at),
            })
        };
        Some(Self {
            due_to_published: part(0)?,
            published_to_poller_free: part(1)?,
            poller_free_to_first_request: part(2)?,
            first_request_to_committed: part(3)?,
        })
    }
}

/// What can overlap is counted to what comes first: a record is handed out before its publisher is told of it.
fn parts(event: &Event, split: &Split) -> [f64; 4] {
    let Event { due, published, way } = *event;
    let Invocation { began, poller_free, .. } = split.invocations[way.invocation];
    let began = began.clamp(due, way.committed);
    let published = published.clamp(due, began);
    let free = poller_free.unwrap_or(published).clamp(published, began);
    [millis(due, published), millis(published, free), millis(free, began), millis(began, way.committed)]
}

impl Invocations {
    /// Of the invocations that `events` were in; `ways` are those of all events, warm-up included. `None` without any.
    pub fn of(events: &[Event], ways: &[Way], split: &Split) -> Option<Self> {
        let mut counts = vec![0_u32; split.invocations.len()];
        for way in ways {
            counts[way.invocation] += 1;
        }
        let mut numbers: Vec<usize> = events.iter().map(|event| event.way.invocation).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let of = |figure: &dyn Fn(&Invocation) -> Vec<f64>| {
            Percentiles::of(numbers.iter().flat_map(|number| figure(&split.invocations[*number])).collect())
        };
        let times =
            |times: &[Duration]| -> Vec<f64> { times.iter().map(|time| time.as_secs_f64() * 1e3).collect() };
        let span = |each: &Invocation| millis(each.began, each.committed);
        let in_dynamodb = |each: &Invocation| each.in_dynamodb.as_secs_f64() * 1e3;
        Some(Self {
            count: numbers.len(),
            events: Percentiles::of(numbers.iter().map(|number| f64::from(counts[*number])).collect())?,
            transactions: of(&|each| vec![f64::from(u32::try_from(each.transactions.len()).unwrap_or(0))])?,
            first_request_to_last_transaction_ms: of(&|each| vec![span(each)])?,
            in_dynamodb_ms: of(&|each| vec![in_dynamodb(each)])?,
            between_requests_ms: of(&|each| vec![span(each) - in_dynamodb(each)])?,
            transact_write_items_ms: of(&|each| times(&each.transactions))?,
            batch_get_item_ms: of(&|each| times(&each.recalls)),
            batch_get_item_to_transaction_ms: of(&|each| times(&each.gaps)),
            batch_get_item_to_transaction_with_put_ms: of(&|each| times(&each.gaps_with_put)),
        })
    }
}

/// How long it is from one moment to a later one; nothing if it is not later.
pub fn millis(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1e3
}

#[allow(clippy::cast_precision_loss, reason = "there are fewer events than 2^52")]
fn mean(all: &[[f64; 4]], at: usize) -> f64 {
    all.iter().map(|parts| parts[at]).sum::<f64>() / all.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Exchange, Purpose};

    /// Two invocations of one poller: from 10 to 20 ms, and from 30 to 50 ms, of which 15 are in the engine.
    fn split(start: Instant) -> Split {
        let at = |millis| start + Duration::from_millis(millis);
        let moved = |trace: &str, next, asked, answered| Exchange {
            trace: trace.to_owned(),
            purpose: Purpose::Advance { partition: 1, next, segment: None },
            asked: at(asked),
            answered: at(answered),
        };
        let recall = Exchange { purpose: Purpose::Recall { partition: 1 }, ..moved("b", 0, 30, 35) };
        Split::of(vec![moved("a", 5, 10, 20), recall, moved("b", 9, 40, 50)])
    }

    fn event(start: Instant, split: &Split, due: u64, published: u64, offset: i64) -> Event {
        let at = |millis| start + Duration::from_millis(millis);
        Event { due: at(due), published: at(published), way: split.way(1, offset).expect("committed") }
    }

    #[track_caller]
    fn assert_near<const N: usize>(figures: [f64; N], expected: [f64; N]) {
        let near = figures.iter().zip(&expected).all(|(one, other)| (one - other).abs() < 1e-6);
        assert!(near, "{figures:?}, not {expected:?}");
    }

    #[test]
    fn parts_follow_each_other_from_due_to_committed() {
        let start = Instant::now();
        let split = split(start);
        let of = |due, published, offset| parts(&event(start, &split, due, published, offset), &split);
        // Nothing was before it; it waited for the first invocation; the poller was free; its publisher was told late.
        assert_near(of(0, 3, 4), [3.0, 0.0, 7.0, 10.0]);
        assert_near(of(4, 8, 7), [4.0, 12.0, 10.0, 20.0]);
        assert_near(of(21, 25, 7), [4.0, 0.0, 5.0, 20.0]);
        assert_near(of(21, 33, 7), [9.0, 0.0, 0.0, 20.0]);
    }

    #[test]
    fn the_slowest_hundredth_is_told_apart() {
        let start = Instant::now();
        let split = split(start);
        let (quick, slow) = (event(start, &split, 29, 30, 7), event(start, &split, 0, 1, 7));
        let mut events = vec![quick; 99];
        events.push(slow);
        let waited = Parts::of(&events, &split).expect("there are events").published_to_poller_free;
        let Percentiles { p99, max, .. } = waited.percentiles;
        assert_near([p99, max, waited.mean], [0.0, 19.0, 0.19]);
        // By the nearest rank the hundredth begins at the second.
        events.push(slow);
        let waited = Parts::of(&events, &split).expect("there are events").published_to_poller_free;
        assert_near([waited.percentiles.p50, waited.mean_of_slowest], [0.0, 19.0]);
        assert_eq!(Parts::of(&[], &split), None);
    }

    #[test]
    fn invocations_count_once_and_only_where_events_count() {
        let start = Instant::now();
        let split = split(start);
        let way = |offset| split.way(1, offset).expect("committed");
        let ways = [way(1), way(5), way(6), way(7)];
        let late = [event(start, &split, 20, 25, 6), event(start, &split, 20, 25, 7)];
        let measured = Invocations::of(&late, &ways, &split).expect("there are events");
        assert_eq!(measured.count, 1);
        assert_near([measured.events.p50, measured.transactions.max], [3.0, 1.0]);
        let spans = [
            measured.first_request_to_last_transaction_ms,
            measured.in_dynamodb_ms,
            measured.between_requests_ms,
            measured.transact_write_items_ms,
        ];
        assert_near(spans.map(|each| each.p50), [20.0, 15.0, 5.0, 10.0]);
        let recalls = [measured.batch_get_item_ms, measured.batch_get_item_to_transaction_ms];
        assert_near(recalls.map(|each| each.expect("one").p50), [5.0, 5.0]);
        assert_eq!(measured.batch_get_item_to_transaction_with_put_ms, None);
        assert_eq!(Invocations::of(&[], &ways, &split), None);
    }
}
