//! Every request fails once before and once after it took effect, and the process dies at every point.

use std::sync::Mutex;

use semel_testkit::{
    Faulty, MemoryFences, Run, Stepped, block_on, crash_after, interleave, with_every_fault,
};

use crate::reference::Reference;
use crate::world::{Logged, Value, World, apply, deliver, event, tight};

/// A log in which everything happens: enough ids for segments, and for more than one chunk in a batch.
fn eventful_log() -> Vec<Logged> {
    let mut log: Vec<Logged> = Vec::new();
    let mut add = |at_ms: u64, value: Value| {
        let offset = i64::try_from(log.len()).unwrap_or_default();
        log.push(Logged { offset, at_ms, value });
    };
    let text = |id: u64, at_ms: u64, changes: &str| Value::Text(event(id, at_ms, changes));
    for n in 0..6 {
        add(20_000 + n, text(n, 20_000 + n, "a=1 b=2 @level=5"));
    }
    add(20_010, text(2, 20_002, "a=1 b=2 @level=5"));
    add(20_011, text(3, 20_011, "a=100"));
    add(20_012, Value::Absent);
    add(20_013, Value::Text("x".repeat(40_000)));
    add(20_014, Value::Undecodable("%%%"));
    for n in 6..12 {
        add(21_000, text(n, 21_000 - n * 100, &format!("k{n}=1 @level={n}")));
    }
    add(40_000, text(12, 40_000, "a=1"));
    add(40_001, text(13, 29_000, "a=1"));
    add(40_002, text(12, 40_000, "a=1"));
    for n in 14..20 {
        add(40_100 + n, text(n, 40_000, "a=1 c=1 d=1"));
    }
    log
}

/// Cuts that overlap, so that parts come again.
const BATCHES: [std::ops::Range<usize>; 5] = [0..4, 2..9, 9..18, 15..23, 23..26];

#[test]
fn every_fault_at_every_request_leaves_each_event_applied_once() {
    let log = eventful_log();
    let reference = Reference::of(&log, &tight());
    for warm in [true, false] {
        let runs = with_every_fault(|faults| {
            let world = World::default();
            let new = || {
                let fences = Faulty::new(world.fences.clone(), faults.clone());
                let objects = Faulty::new(world.objects.clone(), faults.clone());
                world.container_on(fences, objects, tight())
            };
            let mut container = new();
            for batch in BATCHES {
                let answer = block_on(deliver(&container, &log[batch]));
                answer.expect("a single fault is overcome inside the invocation");
                if !warm {
                    container = new();
                }
            }
            reference.assert_reached_by(&world, &log);
            let again = apply(&world.container(tight()), &log);
            assert_eq!((again.redelivered, again.chunks), (log.len() as u64, 0));
        });
        assert!(runs > 60, "only {runs} runs: no faults were injected");
    }
}

#[test]
fn a_crash_at_every_point_leaves_each_event_applied_once() {
    let log = eventful_log();
    let reference = Reference::of(&log, &tight());
    let mut crashes = 0;
    for (warm_successor, crashing) in [(true, 0), (false, 0), (true, 2), (false, 2), (false, 3), (true, 4)] {
        for polls in 0.. {
            let world = World::default();
            let new = || {
                let (fences, objects) = (Stepped(world.fences.clone()), Stepped(world.objects.clone()));
                world.container_on(fences, objects, tight())
            };
            let (other, mut container) = (new(), new());
            for batch in &BATCHES[..crashing] {
                // The other one is warm, and behind by the time it is needed.
                if batch.start == 0 {
                    apply(&other, &log[batch.clone()]);
                }
                apply(&container, &log[batch.clone()]);
            }
            let done = crash_after(polls, deliver(&container, &log[BATCHES[crashing].clone()]));
            container = if warm_successor { other } else { new() };
            for batch in &BATCHES[crashing..] {
                apply(&container, &log[batch.clone()]);
            }
            reference.assert_reached_by(&world, &log);
            if done.is_some() {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes > 40, "only {crashes} crashes");
}

#[test]
fn an_invocation_that_stalls_at_any_point_and_wakes_up_is_fenced() {
    let log = eventful_log();
    let mut stalled = 0;
    for polls in 0.. {
        let world = World::default();
        let fences = Stepped(world.fences.clone());
        let slow = world.container_on(fences, Stepped(world.objects.clone()), tight());
        apply(&slow, &log[..5]);
        let (successor, mut turns, mut took_over) = (world.container(tight()), 0, false);
        let runs: Vec<Run<'_, _>> = vec![Box::pin(deliver(&slow, &log[5..14]))];
        let answers = interleave(runs, |_| {
            if turns == polls {
                apply(&successor, &log[3..12]);
                apply(&successor, &log[12..20]);
                took_over = true;
            }
            turns += 1;
            Some(0)
        });
        let counts = answers.into_iter().flatten().next().unwrap().unwrap();
        assert_eq!(counts.judged.records() + counts.redelivered, 9, "stalled after {polls}");
        apply(&slow, &log[10..]);
        Reference::of(&log, &tight()).assert_reached_by(&world, &log);
        if !took_over {
            break;
        }
        stalled += 1;
    }
    assert!(stalled > 10, "only {stalled} points");
}

#[test]
fn a_lost_answer_is_resolved_even_if_the_store_has_forgotten_the_token() {
    let log = eventful_log();
    for polls in 0.. {
        let world = World::default();
        let container = world.container_on(Stepped(world.fences.clone()), world.objects.clone(), tight());
        apply(&container, &log[..9]);
        let done = crash_after(polls, deliver(&container, &log[9..20]));
        world.fences.forget_tokens();
        apply(&container, &log[9..]);
        Reference::of(&log, &tight()).assert_reached_by(&world, &log);
        if done.is_some() {
            break;
        }
    }
}

#[test]
fn a_store_that_stays_away_stops_the_batch_and_loses_nothing() {
    let log = eventful_log();
    let world = World::default();
    let down = Down(world.fences.clone(), Mutex::new(4));
    let container = world.container_on(down, world.objects.clone(), tight());
    let stopped = block_on(deliver(&container, &log)).expect_err("the table went away");
    assert!(stopped.resume_at > 0, "chunks before it are committed: {stopped:?}");
    assert_eq!(stopped.resume_at, world.fence().next_offset);
    assert_eq!(stopped.counts.judged, world.fence().totals);
    apply(&world.container(tight()), &log);
    Reference::of(&log, &tight()).assert_reached_by(&world, &log);
}

/// Commits so many transactions, then answers none any more.
struct Down(MemoryFences, Mutex<u32>);

mod down {
    use semel_contracts::Timestamp;
    use semel_exactly_once::batch::{
        Advance, AdvanceError, Attributes, Fence, FenceKey, FenceStore, ItemKey,
    };
    use semel_exactly_once::{Class, StoreError};

    use super::Down;

    impl FenceStore for Down {
        async fn load(&self, key: &FenceKey) -> Result<Option<Fence>, StoreError> {
            self.0.load(key).await
        }

        async fn parked(
            &self,
            key: &FenceKey,
            offsets: &[i64],
        ) -> Result<Vec<Option<Timestamp>>, StoreError> {
            self.0.parked(key, offsets).await
        }

        async fn recall(&self, keys: &[ItemKey]) -> Result<Vec<Option<Attributes>>, StoreError> {
            self.0.recall(keys).await
        }

        async fn advance(&self, advance: &Advance<'_>) -> Result<(), AdvanceError> {
            let left = {
                let mut left = self.1.lock().unwrap();
                *left = left.saturating_sub(1);
                *left
            };
            if left == 0 {
                let (operation, key, source) = ("advance", advance.key.pk(), "the table is away".into());
                return Err(StoreError { class: Class::Transient, operation, key, source }.into());
            }
            self.0.advance(advance).await
        }
    }
}
