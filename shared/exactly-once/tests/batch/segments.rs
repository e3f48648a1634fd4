//! Segments of the ledger: what is read, what must not be read, what is deleted.

use std::time::Duration;

use semel_exactly_once::Class;
use semel_exactly_once::batch::{BatchError, Fence, Partition, Settings};
use semel_testkit::{Stepped, block_on, crash_after};

use crate::world::{Logged, World, apply, deliver, event, plain_log, tight};

/// Nothing is forgotten, and no segment takes in another.
fn apart() -> Settings {
    Settings { allowed_lateness: Duration::from_hours(1), segment_ids_max: 0, ..tight() }
}

fn segment_of(fence: &Fence) -> String {
    fence.segment.expect("the fence names a segment").to_string()
}

#[test]
fn an_orphan_of_a_losing_attempt_loses_nothing() {
    // The loser judges a long slice, writes its segment, and dies before its transaction. The winner, cold, takes a
    // shorter one: its fence stays below ids that the loser's segment holds.
    let world = World::default();
    let log = plain_log(0..20);
    let loser = world.container_on(Stepped(world.fences.clone()), Stepped(world.objects.clone()), apart());
    let mut polls = 0;
    while world.objects.keys().is_empty() {
        polls += 1;
        assert!(crash_after(polls, deliver(&loser, &log)).is_none(), "it must die before the fence moves");
    }
    let orphan = world.objects.keys();
    apply(&world.container(apart()), &log[..6]);
    assert!(!orphan[0].ends_with(&segment_of(&world.fence())), "the fence names the winner's");
    assert!(world.objects.keys().contains(&orphan[0]), "the orphan is still there");
    let counts = apply(&world.container(apart()), &log[6..]);
    assert_eq!(counts.judged.applied, 14, "ids that only the orphan holds were never applied");
    assert_eq!(world.numbers()["a"], 20);
}

#[test]
fn a_cold_container_knows_every_id_of_the_window() {
    for settings in
        [apart(), Settings { segment_ids_max: 8, ..apart() }, Settings { segment_ids_max: 1_000, ..apart() }]
    {
        let world = World::default();
        let log = plain_log(0..50);
        for batch in log.chunks(5) {
            apply(&world.container(settings), batch);
        }
        let again: Vec<Logged> =
            log.iter().map(|r| Logged { offset: r.offset + 50, at_ms: 50_000, ..r.clone() }).collect();
        for batch in again.chunks(7) {
            let counts = apply(&world.container(settings), batch);
            assert_eq!(counts.judged.duplicate, batch.len() as u64);
        }
        assert_eq!(world.numbers()["a"], 50);
    }
}

#[test]
fn small_segments_are_taken_in_and_what_no_fence_names_is_deleted() {
    let world = World::default();
    let settings = Settings { segment_ids_max: 40, ..apart() };
    let container = world.container(settings);
    for batch in plain_log(0..200).chunks(4) {
        apply(&container, batch);
    }
    // 50 segments were written. Named: 5 of 40 ids. One more may wait for the next put to be deleted with.
    let left = world.objects.keys().len();
    assert!(left <= 6, "{left} objects are left");
    let counts = apply(&world.container(settings), &plain_log(0..200));
    assert_eq!(counts.redelivered, 200, "and none that was needed is gone");
}

#[test]
fn forgotten_segments_are_deleted_and_a_quiet_ledger_needs_none() {
    let world = World::default();
    let container = world.container(Settings { segment_ids_max: 0, ..tight() });
    for batch in plain_log(0..400).chunks(5) {
        apply(&container, batch);
        // 10 seconds at one event a second are 10 ids, in segments of 5 and more.
        assert!(world.objects.keys().len() <= 6, "{:?}", world.objects.keys());
    }
    apply(&container, &[Logged::new(400, 900_000, event(400, 900_000, "a=1"))]);
    assert_eq!(world.fence().segment, None, "one id is left, in the tail");
    assert_eq!(world.fence().tail.len(), 1);
    assert_eq!(world.numbers()["a"], 401);
}

#[test]
fn few_ids_stay_in_the_fence_and_cost_no_object() {
    let world = World::default();
    let container = world.container(Settings { tail_max: 64, ..tight() });
    for record in plain_log(0..1_000) {
        let counts = apply(&container, &[record]);
        assert_eq!(counts.objects, 0);
    }
    assert_eq!(world.fence().tail.len(), 11, "ids of ten seconds, and of the second in which they begin");
}

#[test]
fn a_missing_or_damaged_segment_stops_the_partition() {
    for damage in ["missing", "empty", "flipped", "swapped"] {
        let world = World::default();
        let log = plain_log(0..30);
        for batch in log[..20].chunks(5) {
            apply(&world.container(apart()), batch);
        }
        let keys = world.objects.keys();
        let (oldest, another) = (&keys[0], &keys[1]);
        let mut bytes = world.objects.all()[oldest].clone();
        match damage {
            "missing" => world.objects.remove(oldest),
            "empty" => world.objects.overwrite(oldest, Vec::new()),
            "flipped" => {
                bytes[40] ^= 1;
                world.objects.overwrite(oldest, bytes);
            }
            _ => world.objects.overwrite(oldest, world.objects.all()[another].clone()),
        }
        let stopped = block_on(deliver(&world.container(apart()), &log[20..])).expect_err(damage);
        let BatchError::Ledger { object, .. } = &stopped.error else { panic!("{damage}: {stopped:?}") };
        assert_eq!((object, stopped.resume_at), (oldest, 20), "{damage}");
        assert_eq!(stopped.error.class(), Class::Fatal);
        assert_eq!(world.numbers()["a"], 20, "{damage}: nothing is guessed");
    }
}

#[test]
fn a_loader_that_is_overtaken_reads_the_fence_again() {
    // A cold container has read the fence; before it reads the segment, the holder moves on and deletes it.
    let settings = Settings { segment_ids_max: 1_000, ..apart() };
    let log = plain_log(0..40);
    for polls in 1..12 {
        let world = World::default();
        let holder = world.container(settings);
        apply(&holder, &log[..5]);
        let slow =
            world.container_on(Stepped(world.fences.clone()), Stepped(world.objects.clone()), settings);
        let answers = {
            let mut turns = 0;
            let runs: Vec<semel_testkit::Run<'_, _>> = vec![Box::pin(deliver(&slow, &log[5..20]))];
            semel_testkit::interleave(runs, |_| {
                turns += 1;
                if turns == polls {
                    apply(&holder, &log[5..10]);
                    apply(&holder, &log[10..15]);
                    apply(&holder, &log[15..20]);
                }
                Some(0)
            })
        };
        let counts = answers.into_iter().flatten().next().expect("it ends").expect("it works");
        assert_eq!(counts.judged.applied + counts.redelivered, 15, "polls {polls}");
        assert_eq!(world.numbers()["a"], 20, "polls {polls}");
    }
}

#[test]
fn partitions_past_the_bound_are_dropped_and_loaded_again_when_needed() {
    let world = World::default();
    let settings = Settings { ids_max: 25, ..apart() };
    let container = world.container(settings);
    let log = plain_log(0..40);
    let topic = |partition| Partition { topic: "telemetry", partition };
    let handle = |partition, range: std::ops::Range<usize>| {
        let records: Vec<_> = log[range].iter().map(Logged::record).collect();
        block_on(container.handle(topic(partition), &records)).unwrap()
    };
    for partition in [0, 1] {
        assert_eq!(handle(partition, 0..10).loads, 1);
    }
    assert_eq!(container.warm(), (2, 20));
    assert_eq!(handle(0, 10..14).loads, 0, "still warm");
    assert_eq!(handle(2, 0..10).loads, 1);
    assert_eq!(container.warm(), (2, 24), "partition 1 was used least recently");
    assert_eq!(handle(1, 10..14).loads, 1, "it is loaded again");
    let again = handle(1, 0..14);
    assert_eq!((again.redelivered, again.judged.records()), (14, 0), "and knows its ids");
    assert_eq!(handle(2, 0..40).judged.applied, 30, "one partition alone may pass the bound");
    assert_eq!(container.warm(), (1, 40));
}
