//! How calls are filled, ordered, bounded and repeated, with a call that answers as the test says.

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

#[allow(clippy::unnecessary_wraps)] // one of the answers a call can have
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
        let fails = |&at: &usize| if number < 2 && at == 1 { Err(failed(Class::Transient)) } else { Ok(()) };
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
