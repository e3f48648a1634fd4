//! Batch calls whose entries fail one by one: filled to the service's limits, with only failed entries repeated.
//!
//! Services answer 200 with failed entries inside. This file owns how calls are filled, ordered, bounded and
//! repeated; an adapter says how one call is made.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use semel_exactly_once::{Class, Clock};

use crate::AwsError;

/// Calls under way at once. A few keep the connection busy; more would only meet the service's throttle sooner.
const CALLS_MAX: usize = 4;
/// Attempts of an entry. The SDK repeats calls that fail whole by itself, so this counts answers with failed entries.
const ATTEMPTS_MAX: u32 = 5;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// What one call carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The request, for error messages.
    pub operation: &'static str,
    /// Entries of a call.
    pub entries: usize,
    /// Bytes of all entries of a call together, and so of any entry.
    pub bytes: usize,
}

/// An entry to send, as far as filling and ordering calls needs to know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// Its size by the service's own count.
    pub bytes: usize,
    /// Entries of one lane are sent in order; without a lane there is no order to keep.
    pub lane: Option<&'a str>,
}

/// The answer to one call: an outcome per entry, or the failure of the call as a whole.
pub(crate) type Answer = Result<Vec<Result<(), AwsError>>, AwsError>;

/// Sends `entries`, answering one outcome per entry in their order. `call` is given positions in `entries`.
pub(crate) async fn send_all<F, Fut>(
    limits: Limits,
    clock: &impl Clock,
    entries: &[Entry<'_>],
    call: F,
) -> Vec<Result<(), AwsError>>
where
    F: Fn(Vec<usize>) -> Fut,
    Fut: Future<Output = Answer>,
{
    let mut outcomes: Vec<Option<Result<(), AwsError>>> = vec![None; entries.len()];
    let mut waiting = fill(limits, entries, &mut outcomes);
    let mut stuck: HashSet<&str> = HashSet::new();
    let mut moving: Vec<Vec<usize>> = Vec::new();
    let mut calls = FuturesUnordered::new();
    loop {
        while calls.len() < CALLS_MAX {
            let Some(batch) = next_ready(&mut waiting, &moving, entries) else { break };
            let (held, batch): (Vec<usize>, Vec<usize>) =
                batch.into_iter().partition(|&at| entries[at].lane.is_some_and(|lane| stuck.contains(lane)));
            for at in held {
                outcomes[at] = Some(Err(held_back(limits)));
            }
            if !batch.is_empty() {
                moving.push(batch.clone());
                calls.push(send_one(limits, clock, batch, &call));
            }
        }
        let Some(ended) = calls.next().await else { break };
        moving.retain(|batch| batch.first() != ended.first().map(|(at, _)| at));
        for (at, outcome) in ended {
            if let (Err(error), Some(lane)) = (&outcome, entries[at].lane)
                && error.class == Class::Transient
            {
                stuck.insert(lane);
            }
            outcomes[at] = Some(outcome);
        }
    }
    // Every position was filled, held back, or refused for its size.
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(held_back(limits)))).collect()
}

/// Cuts the entries into calls, in order, each as full as the limits allow; refuses what fits into none.
fn fill(
    limits: Limits,
    entries: &[Entry<'_>],
    outcomes: &mut [Option<Result<(), AwsError>>],
) -> VecDeque<Vec<usize>> {
    let mut batches = VecDeque::new();
    let mut batch = Vec::new();
    let mut bytes = 0;
    for (at, entry) in entries.iter().enumerate() {
        if entry.bytes > limits.bytes {
            let message = format!("the entry has {} bytes, the limit is {}", entry.bytes, limits.bytes);
            outcomes[at] =
                Some(Err(AwsError::new(Class::Fatal, limits.operation, "EntryTooLarge", &message)));
            continue;
        }
        if batch.len() == limits.entries || bytes + entry.bytes > limits.bytes {
            batches.push_back(std::mem::take(&mut batch));
            bytes = 0;
        }
        batch.push(at);
        bytes += entry.bytes;
    }
    if !batch.is_empty() {
        batches.push_back(batch);
    }
    batches
}

/// The first waiting call that shares no lane with one under way or waiting before it.
fn next_ready(
    waiting: &mut VecDeque<Vec<usize>>,
    moving: &[Vec<usize>],
    entries: &[Entry<'_>],
) -> Option<Vec<usize>> {
    let lanes = |batch: &Vec<usize>| batch.iter().filter_map(|&at| entries[at].lane).collect::<Vec<_>>();
    let mut taken: HashSet<&str> = moving.iter().flat_map(lanes).collect();
    let ready = waiting.iter().position(|batch| {
        let lanes = lanes(batch);
        let free = lanes.iter().all(|lane| !taken.contains(lane));
        taken.extend(lanes);
        free
    })?;
    waiting.remove(ready)
}

/// Makes one call, and again for its failed entries, until they are accepted, refused for good, or out of attempts.
async fn send_one<F, Fut>(
    limits: Limits,
    clock: &impl Clock,
    batch: Vec<usize>,
    call: &F,
) -> Vec<(usize, Result<(), AwsError>)>
where
    F: Fn(Vec<usize>) -> Fut,
    Fut: Future<Output = Answer>,
{
    let mut ended = Vec::with_capacity(batch.len());
    // The first entry names the batch to the caller, so its place is kept whatever ends first.
    let order = batch.clone();
    let mut open = batch;
    for attempt in 1.. {
        let mut again = Vec::new();
        match call(open.clone()).await {
            Ok(answers) if answers.len() == open.len() => {
                for (at, answer) in open.into_iter().zip(answers) {
                    match answer {
                        Err(error) if error.class == Class::Transient && attempt < ATTEMPTS_MAX => {
                            again.push(at)
                        }
                        answer => ended.push((at, answer)),
                    }
                }
            }
            Ok(answers) => {
                // Nothing says which entry an answer belongs to. All are sent again later, under the same ids.
                let message = format!("{} answers to {} entries", answers.len(), open.len());
                let error = AwsError::new(Class::Transient, limits.operation, "ResponseError", &message);
                ended.extend(open.into_iter().map(|at| (at, Err(error.clone()))));
            }
            Err(error) if error.class == Class::Fatal && open.len() > 1 => {
                // One bad entry can make a service refuse the whole call: alone, only that one is refused.
                for at in open {
                    ended.extend(Box::pin(send_one(limits, clock, vec![at], call)).await);
                }
            }
            Err(error) => ended.extend(open.into_iter().map(|at| (at, Err(error.clone())))),
        }
        if again.is_empty() {
            break;
        }
        open = again;
        clock.sleep(backoff(attempt, clock.random())).await;
    }
    ended.sort_unstable_by_key(|(at, _)| order.iter().position(|place| place == at));
    ended
}

/// Full jitter: anything up to a bound that doubles with each attempt.
fn backoff(attempt: u32, random: u64) -> Duration {
    let bound =
        BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(BACKOFF_MAX);
    let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % bound_ms.saturating_add(1))
}

fn held_back(limits: Limits) -> AwsError {
    let message = "an earlier entry of the same aggregate could not be sent yet";
    AwsError::new(Class::Transient, limits.operation, "HeldBack", message)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use semel_contracts::Timestamp;

    use super::*;

    const LIMITS: Limits = Limits { operation: "Test Batch", entries: 3, bytes: 100 };

    /// Waits for nothing; remembers how long it was asked to.
    #[derive(Default)]
    struct Waits(Mutex<Vec<Duration>>);

    impl Clock for Waits {
        fn now(&self) -> Timestamp {
            Timestamp::EPOCH
        }

        async fn sleep(&self, time: Duration) {
            self.0.lock().expect("no panic").push(time);
        }

        fn random(&self) -> u64 {
            u64::MAX
        }
    }

    fn failed(class: Class) -> AwsError {
        AwsError::new(class, LIMITS.operation, "Test", "test")
    }

    fn plain(count: usize) -> Vec<Entry<'static>> {
        vec![Entry { bytes: 1, lane: None }; count]
    }

    /// Runs `entries` against `answer`, which sees the number of the call (from 0) and its entries.
    async fn check(
        entries: &[Entry<'_>],
        answer: impl Fn(usize, &[usize]) -> Answer,
    ) -> (Vec<Result<(), AwsError>>, Vec<Vec<usize>>, Vec<Duration>) {
        let calls = Mutex::new(Vec::new());
        let clock = Waits::default();
        let outcomes = send_all(LIMITS, &clock, entries, |batch| {
            let number = {
                let mut calls = calls.lock().expect("no panic");
                calls.push(batch.clone());
                calls.len() - 1
            };
            let answer = answer(number, &batch);
            async move {
                tokio::task::yield_now().await;
                answer
            }
        })
        .await;
        (outcomes, calls.into_inner().expect("no panic"), clock.0.into_inner().expect("no panic"))
    }

    fn all_ok(_: usize, batch: &[usize]) -> Answer {
        Ok(vec![Ok(()); batch.len()])
    }

    #[tokio::test]
    async fn nothing_to_send_makes_no_call() {
        let (outcomes, calls, _) = check(&[], all_ok).await;
        assert!(outcomes.is_empty() && calls.is_empty());
    }

    #[tokio::test]
    async fn calls_are_filled_to_the_entry_limit() {
        let (outcomes, calls, waits) = check(&plain(7), all_ok).await;
        assert_eq!(outcomes, vec![Ok(()); 7]);
        assert_eq!(calls, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
        assert!(waits.is_empty());
    }

    #[tokio::test]
    async fn calls_are_filled_to_the_last_byte() {
        let entries = [60, 40, 60, 41, 100].map(|bytes| Entry { bytes, lane: None });
        let (_, calls, _) = check(&entries, all_ok).await;
        assert_eq!(calls, [vec![0, 1], vec![2], vec![3], vec![4]]);
    }

    #[tokio::test]
    async fn an_entry_over_the_limit_is_refused_alone_with_its_size() {
        let entries = [1, 101, 1].map(|bytes| Entry { bytes, lane: None });
        let (outcomes, calls, _) = check(&entries, all_ok).await;
        assert_eq!(calls, [vec![0, 2]]);
        assert_eq!((&outcomes[0], &outcomes[2]), (&Ok(()), &Ok(())));
        let error = outcomes[1].as_ref().expect_err("too large");
        assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "EntryTooLarge"));
        assert!(error.message.contains("101 bytes"), "{error}");
    }

    #[tokio::test]
    async fn only_failed_entries_are_repeated_after_a_growing_wait() {
        let (outcomes, calls, waits) = check(&plain(3), |number, batch| {
            let fails =
                |&at: &usize| if number < 2 && at == 1 { Err(failed(Class::Transient)) } else { Ok(()) };
            Ok(batch.iter().map(fails).collect())
        })
        .await;
        assert_eq!(outcomes, vec![Ok(()); 3]);
        assert_eq!(calls, [vec![0, 1, 2], vec![1], vec![1]]);
        // The clock's random bits are all ones: wherever they fall, within the doubling bounds.
        assert_eq!(waits.len(), 2);
        assert!(waits[0] <= BACKOFF_FIRST && waits[1] <= BACKOFF_FIRST * 2);
    }

    #[tokio::test]
    async fn a_refused_entry_is_not_repeated() {
        let (outcomes, calls, _) = check(&plain(2), |_, _| Ok(vec![Err(failed(Class::Fatal)), Ok(())])).await;
        assert_eq!(calls.len(), 1);
        assert_eq!(outcomes, [Err(failed(Class::Fatal)), Ok(())]);
    }

    #[tokio::test]
    async fn attempts_are_bounded() {
        let (outcomes, calls, _) = check(&plain(1), |_, _| Ok(vec![Err(failed(Class::Transient))])).await;
        assert_eq!(calls.len(), ATTEMPTS_MAX as usize);
        assert_eq!(outcomes, [Err(failed(Class::Transient))]);
    }

    #[tokio::test]
    async fn a_call_refused_whole_is_tried_entry_by_entry() {
        let (outcomes, calls, _) =
            check(
                &plain(3),
                |_, batch| {
                    if batch.contains(&1) { Err(failed(Class::Fatal)) } else { all_ok(0, batch) }
                },
            )
            .await;
        assert_eq!(calls, [vec![0, 1, 2], vec![0], vec![1], vec![2]]);
        assert_eq!(outcomes, [Ok(()), Err(failed(Class::Fatal)), Ok(())]);
    }

    #[tokio::test]
    async fn a_call_lost_whole_is_left_to_the_callers_next_attempt() {
        let (outcomes, calls, _) = check(&plain(2), |_, _| Err(failed(Class::Transient))).await;
        assert_eq!(calls.len(), 1, "the SDK has repeated it already");
        assert_eq!(outcomes, [Err(failed(Class::Transient)), Err(failed(Class::Transient))]);
    }

    #[tokio::test]
    async fn an_answer_of_another_length_counts_as_lost() {
        let (outcomes, _, _) = check(&plain(2), |_, _| Ok(vec![Ok(())])).await;
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(|e| e.class == Class::Transient)));
    }

    #[tokio::test]
    async fn a_lane_keeps_its_order_and_others_pass_it() {
        // Given three calls, of which the first two share a lane.
        let lanes = ["a", "b", "c", "a", "d", "e", "f", "g", "h"];
        let entries = lanes.map(|lane| Entry { bytes: 1, lane: Some(lane) });
        // When the first call has to be repeated.
        let (outcomes, calls, _) = check(&entries, |number, batch| {
            if number == 0 { Ok(vec![Err(failed(Class::Transient)); batch.len()]) } else { all_ok(0, batch) }
        })
        .await;
        // Then the third goes out meanwhile, the second only after the first.
        assert_eq!(outcomes, vec![Ok(()); 9]);
        assert_eq!(calls, [vec![0, 1, 2], vec![6, 7, 8], vec![0, 1, 2], vec![3, 4, 5]]);
    }

    #[tokio::test]
    async fn nothing_overtakes_an_entry_of_its_lane_that_stays_unsent() {
        let lanes = ["a", "b", "c", "a", "d", "e"];
        let entries = lanes.map(|lane| Entry { bytes: 1, lane: Some(lane) });
        let (outcomes, calls, _) = check(&entries, |_, batch| {
            Ok(batch.iter().map(|&at| if at == 0 { Err(failed(Class::Transient)) } else { Ok(()) }).collect())
        })
        .await;
        assert!(calls.iter().all(|batch| !batch.contains(&3)), "{calls:?}");
        assert_eq!(outcomes[3].as_ref().map_err(|e| e.code.as_str()), Err("HeldBack"));
        assert_eq!((&outcomes[4], &outcomes[5]), (&Ok(()), &Ok(())));
    }

    #[tokio::test]
    async fn a_refused_entry_does_not_hold_its_lane_back() {
        let entries = ["a", "b", "c", "a"].map(|lane| Entry { bytes: 1, lane: Some(lane) });
        let (outcomes, _, _) = check(&entries, |_, batch| {
            Ok(batch.iter().map(|&at| if at == 0 { Err(failed(Class::Fatal)) } else { Ok(()) }).collect())
        })
        .await;
        assert_eq!(outcomes[3], Ok(()));
    }

    #[tokio::test]
    async fn calls_under_way_are_bounded() {
        let (now, most) = (Mutex::new(0_usize), Mutex::new(0_usize));
        let outcomes = send_all(LIMITS, &Waits::default(), &plain(60), |batch| {
            let (now, most) = (&now, &most);
            async move {
                let under_way = {
                    let mut now = now.lock().expect("no panic");
                    *now += 1;
                    *now
                };
                {
                    let mut most = most.lock().expect("no panic");
                    *most = under_way.max(*most);
                }
                tokio::task::yield_now().await;
                *now.lock().expect("no panic") -= 1;
                Ok(vec![Ok(()); batch.len()])
            }
        })
        .await;
        assert_eq!(outcomes.len(), 60);
        assert_eq!(*most.lock().expect("no panic"), CALLS_MAX);
    }

    #[test]
    fn waits_are_jittered_and_bounded() {
        assert_eq!(backoff(1, 0), Duration::ZERO);
        assert_eq!(backoff(1, 50), BACKOFF_FIRST);
        assert_eq!(backoff(u32::MAX, 1000), BACKOFF_MAX);
        assert!((0..2000).all(|random| backoff(3, random) <= BACKOFF_FIRST * 4));
    }
}
