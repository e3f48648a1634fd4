//! Where the time of an event's way went, from what passed the proxy. Pure: knows neither sockets nor processes.
//!
//! Requests of one trace are one invocation's. Partitions that were in an invocation together have the same poller,
//! which has one invocation under way at a time: what comes while it is busy waits for it. What passes a proxy before
//! DynamoDB is all that is seen: an invocation begins with its first request there and ends with its last answer, and
//! an object that was put shows in the name of the segment that the fence has after it.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crate::exchange::{Exchange, Purpose};

/// What the requests of one invocation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Its first request.
    pub began: Instant,
    /// The answer to its last transaction.
    pub committed: Instant,
    /// How long until then at least one request waited for DynamoDB.
    pub in_dynamodb: Duration,
    /// How long each `BatchGetItem` took.
    pub recalls: Vec<Duration>,
    /// How long each `TransactWriteItems` took.
    pub transactions: Vec<Duration>,
    /// From a partition's `BatchGetItem` to its transaction, where no object was put in between,
    pub gaps: Vec<Duration>,
    /// and where one was.
    pub gaps_with_put: Vec<Duration>,
    /// When its poller's invocation before it was over, if there was one.
    pub poller_free: Option<Instant>,
    ended: Instant,
    partitions: BTreeSet<i32>,
}

/// How one event came to its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The invocation that it was in, as a place in [`Split::invocations`].
    pub invocation: usize,
    /// The answer to the transaction that has it.
    pub committed: Instant,
}

/// Everything that passed, by invocation and by fence.
#[derive(Debug, Default)]
pub struct Split {
    /// Those that moved a fence, in the order of their first requests.
    pub invocations: Vec<Invocation>,
    moves: HashMap<i32, Vec<(i64, Way)>>,
}

impl Split {
    /// Of all that passed. What belongs to no trace is left out.
    pub fn of(exchanges: Vec<Exchange>) -> Self {
        let mut traces: HashMap<String, Vec<Exchange>> = HashMap::new();
        for exchange in exchanges.into_iter().filter(|exchange| !exchange.trace.is_empty()) {
            traces.entry(exchange.trace.clone()).or_default().push(exchange);
        }
        let mut traces: Vec<Vec<Exchange>> = traces.into_values().collect();
        for exchanges in &mut traces {
            exchanges.sort_by_key(|exchange| exchange.asked);
        }
        traces.sort_by_key(|exchanges| exchanges[0].asked);
        let mut split = Self::default();
        let mut segments = HashMap::new();
        for exchanges in &traces {
            let Some(invocation) = Invocation::of(exchanges, &mut segments) else { continue };
            let number = split.invocations.len();
            for exchange in exchanges {
                if let Purpose::Advance { partition, next, .. } = exchange.purpose {
                    let way = Way { invocation: number, committed: exchange.answered };
                    split.moves.entry(partition).or_default().push((next, way));
                }
            }
            split.invocations.push(invocation);
        }
        split.note_pollers();
        split
    }

    /// How the record at `offset` came to its effect, if it has: by the first answer from which its fence stood behind
    /// it. A fence only rises, but answers may overtake each other.
    pub fn way(&self, partition: i32, offset: i64) -> Option<Way> {
        let moves = self.moves.get(&partition)?;
        let behind = moves.iter().filter(|(next, _)| *next > offset).map(|(_, way)| *way);
        behind.min_by_key(|way| way.committed)
    }

    fn note_pollers(&mut self) {
        let mut pollers: HashMap<i32, i32> = HashMap::new();
        for invocation in &self.invocations {
            let of = |partition: &i32| pollers.get(partition).copied().unwrap_or(*partition);
            let joined: BTreeSet<i32> = invocation.partitions.iter().map(of).collect();
            let Some(&poller) = joined.first() else { continue };
            pollers.extend(invocation.partitions.iter().map(|partition| (*partition, poller)));
            pollers.values_mut().filter(|each| joined.contains(each)).for_each(|each| *each = poller);
        }
        let mut free: HashMap<i32, Instant> = HashMap::new();
        for invocation in &mut self.invocations {
            let poller = invocation.partitions.first().and_then(|partition| pollers.get(partition));
            let Some(&poller) = poller else { continue };
            invocation.poller_free = free.insert(poller, invocation.ended);
        }
    }
}

impl Invocation {
    /// `None` of requests that moved no fence. `segments` has the segment that each fence named last.
    fn of(exchanges: &[Exchange], segments: &mut HashMap<i32, Option<String>>) -> Option<Self> {
        let took = |exchange: &Exchange| exchange.answered.saturating_duration_since(exchange.asked);
        let advances = exchanges.iter().filter(|each| matches!(each.purpose, Purpose::Advance { .. }));
        let committed = advances.map(|advance| advance.answered).max()?;
        let began = exchanges.first()?.asked;
        let mut invocation = Self {
            began,
            committed,
            in_dynamodb: Duration::ZERO,
            recalls: Vec::new(),
            transactions: Vec::new(),
            gaps: Vec::new(),
            gaps_with_put: Vec::new(),
            poller_free: None,
            ended: exchanges.iter().map(|exchange| exchange.answered).max()?,
            partitions: BTreeSet::new(),
        };
        let mut recalled: HashMap<i32, Instant> = HashMap::new();
        let mut until = began;
        for exchange in exchanges {
            let end = exchange.answered.min(committed);
            invocation.in_dynamodb += end.saturating_duration_since(exchange.asked.max(until));
            until = until.max(end);
            match &exchange.purpose {
                Purpose::Recall { partition } => {
                    invocation.recalls.push(took(exchange));
                    recalled.insert(*partition, exchange.answered);
                }
                Purpose::Advance { partition, segment, .. } => {
                    invocation.partitions.insert(*partition);
                    invocation.transactions.push(took(exchange));
                    // What a fence named before the first that was seen is not known.
                    let before = segments.insert(*partition, segment.clone());
                    if let Some((recalled, before)) = recalled.remove(partition).zip(before) {
                        let has_put = segment.is_some() && *segment != before;
                        let gaps = if has_put { &mut invocation.gaps_with_put } else { &mut invocation.gaps };
                        gaps.push(exchange.asked.saturating_duration_since(recalled));
                    }
                }
                Purpose::Other => {}
            }
        }
        Some(invocation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times are milliseconds after some moment.
    struct Clock(Instant);

    impl Clock {
        fn at(&self, millis: u64) -> Instant {
            self.0 + Duration::from_millis(millis)
        }

        fn exchange(&self, trace: &str, purpose: Purpose, asked: u64, answered: u64) -> Exchange {
            let (asked, answered) = (self.at(asked), self.at(answered));
            Exchange { trace: trace.to_owned(), purpose, asked, answered }
        }

        fn moved(&self, trace: &str, partition: i32, next: i64, asked: u64, answered: u64) -> Exchange {
            self.exchange(trace, Purpose::Advance { partition, next, segment: None }, asked, answered)
        }
    }

    fn millis(times: &[Duration]) -> Vec<u128> {
        times.iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn the_first_answer_behind_a_record_counts() {
        let clock = Clock(Instant::now());
        let moves =
            [(5, 1), (20, 9), (10, 10)].map(|(next, at)| clock.moved(&next.to_string(), 3, next, at, at));
        let split = Split::of(moves.to_vec());
        let committed = |offset| split.way(3, offset).map(|way| way.committed);
        assert_eq!(committed(4), Some(clock.at(1)));
        assert_eq!(committed(5), Some(clock.at(9)), "answers may overtake each other");
        assert_eq!(committed(19), Some(clock.at(9)));
        assert_eq!((committed(20), split.way(4, 0)), (None, None));
    }

    #[test]
    fn time_in_dynamodb_counts_once_and_until_the_last_transaction() {
        let clock = Clock(Instant::now());
        let recall = |partition| Purpose::Recall { partition };
        let split = Split::of(vec![
            clock.exchange("a", recall(1), 10, 14),
            clock.exchange("a", recall(2), 12, 16),
            clock.moved("a", 1, 7, 20, 30),
            clock.moved("a", 2, 9, 22, 25),
            clock.exchange("a", Purpose::Other, 28, 50),
            // Of other topics, or of nobody's invocation.
            clock.exchange("b", Purpose::Other, 0, 90),
            clock.moved("", 1, 99, 1, 2),
        ]);
        let [only] = &split.invocations[..] else { panic!("one invocation: {split:?}") };
        assert_eq!((only.began, only.committed, only.poller_free), (clock.at(10), clock.at(30), None));
        assert_eq!(only.in_dynamodb.as_millis(), 6 + 10);
        assert_eq!((millis(&only.recalls), millis(&only.transactions)), (vec![4, 4], vec![10, 3]));
        assert_eq!(split.way(1, 6), Some(Way { invocation: 0, committed: clock.at(30) }));
    }

    #[test]
    fn a_new_segment_was_put_before_its_transaction() {
        let clock = Clock(Instant::now());
        let step = |trace: &str, start: u64, gap: u64, segment: Option<&str>| {
            let segment = segment.map(str::to_owned);
            let advance = Purpose::Advance { partition: 1, next: 1, segment };
            let (answered, asked) = (start + 1, start + 1 + gap);
            [
                clock.exchange(trace, Purpose::Recall { partition: 1 }, start, answered),
                clock.exchange(trace, advance, asked, asked + 1),
            ]
        };
        let steps = [
            step("a", 0, 30, Some("x")),
            step("b", 100, 20, Some("x")),
            step("c", 200, 40, Some("y")),
            step("d", 300, 10, None),
        ];
        let split = Split::of(steps.concat());
        let gaps: Vec<_> =
            split.invocations.iter().map(|each| (millis(&each.gaps), millis(&each.gaps_with_put))).collect();
        let expected = [(vec![], vec![]), (vec![20], vec![]), (vec![], vec![40]), (vec![10], vec![])];
        assert_eq!(gaps, expected, "of the first nobody knows");
    }

    #[test]
    fn partitions_that_met_have_one_poller_which_does_one_thing_at_a_time() {
        let clock = Clock(Instant::now());
        let split = Split::of(vec![
            clock.moved("a", 0, 1, 0, 10),
            clock.moved("b", 1, 1, 5, 25),
            // The last answer ends an invocation, whatever it was to.
            clock.exchange("a", Purpose::Other, 11, 12),
            clock.moved("c", 2, 1, 20, 30),
            // Only here it shows that 0 and 2 go together, by way of 4.
            clock.moved("d", 4, 1, 40, 41),
            clock.moved("d", 2, 2, 42, 45),
            clock.moved("e", 0, 2, 50, 51),
            clock.moved("e", 4, 2, 50, 52),
            clock.moved("f", 1, 2, 60, 61),
        ]);
        let free: Vec<_> = split.invocations.iter().map(|each| each.poller_free).collect();
        let at = |millis| Some(clock.at(millis));
        assert_eq!(free, [None, None, at(12), at(30), at(45), at(25)]);
    }
}
