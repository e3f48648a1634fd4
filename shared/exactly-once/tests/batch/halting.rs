//! Another log under the same name is halted; what was judged before is never judged anew.

use std::time::Duration;

use semel_exactly_once::Class;
use semel_exactly_once::batch::{
    Attributes, BatchError, Batches, Delta, FenceKey, Interrupted, Observed, Reducer, Settings, Stream,
    Unreadable,
};
use semel_testkit::block_on;

use crate::world::{
    Change, Logged, PARTITION, Parsed, Sums, World, apply, deliver, event, plain_log, stream, tight,
};

#[track_caller]
fn halted(world: &World, records: &[Logged]) -> Interrupted {
    let stopped = block_on(deliver(&world.container(tight()), records)).expect_err("halts");
    assert!(matches!(stopped.error, BatchError::Halted { .. }), "{stopped:?}");
    assert_eq!(stopped.error.class(), Class::Fatal);
    stopped
}

#[test]
fn a_recreated_topic_is_halted_with_an_error_that_says_what_to_do() {
    let world = World::default();
    apply(&world.container(tight()), &plain_log(0..20));
    let before = (world.fence(), world.numbers());
    let recreated: Vec<Logged> =
        (0..5).map(|n| Logged::new(n, 30_000, event(100 + n as u64, 30_000, "a=1"))).collect();
    let stopped = halted(&world, &recreated);
    assert_eq!(stopped.resume_at, 0);
    let text = stopped.error.to_string();
    for part in ["offset 0", "telemetry-3", "the fence at 20", "recreated", "new epoch"] {
        assert!(text.contains(part), "{text} does not say {part}");
    }
    assert_eq!((world.fence(), world.numbers()), before, "nothing was written");
}

#[test]
fn a_warm_container_halts_as_well_and_again_at_the_next_delivery() {
    let world = World::default();
    let container = world.container(tight());
    apply(&container, &plain_log(0..20));
    let other = [
        Logged::new(19, 20_000, event(500, 20_000, "a=1")),
        Logged::new(20, 20_000, event(501, 20_000, "a=1")),
    ];
    for _ in 0..2 {
        let stopped = block_on(deliver(&container, &other)).expect_err("halts");
        assert!(
            matches!(stopped.error, BatchError::Halted { offset: 19, next_offset: 20, .. }),
            "{stopped:?}"
        );
    }
    assert_eq!(world.numbers()["a"], 20);
}

#[test]
fn a_new_epoch_starts_afresh_beside_the_old() {
    let world = World::default();
    apply(&world.container(tight()), &plain_log(0..20));
    let stream = Stream { epoch: 2, ..stream() };
    let container =
        Batches::new(Sums, world.fences.clone(), world.objects.clone(), world.clock.clone(), stream, tight());
    apply(
        &container,
        &plain_log(100..103).into_iter().map(|r| Logged { offset: r.offset - 100, ..r }).collect::<Vec<_>>(),
    );
    let items = world.fences.items();
    let writers: Vec<&str> = items.keys().map(|key| key.sk.as_str()).collect();
    assert_eq!(writers, ["telemetry-3@1", "telemetry-3@2"], "each item has one writer");
}

#[test]
fn a_record_that_was_parked_comes_again_without_halting_even_if_it_can_be_read_by_now() {
    let world = World::default();
    let strict = Batches::new(
        Strict,
        world.fences.clone(),
        world.objects.clone(),
        world.clock.clone(),
        stream(),
        tight(),
    );
    let mut log = plain_log(0..10);
    log[4] = Logged::new(4, 4_000, event(4, 4_000, "new=1"));
    let records: Vec<_> = log.iter().map(Logged::record).collect();
    let counts = block_on(strict.handle(PARTITION, &records)).unwrap();
    assert_eq!((counts.judged.applied, counts.judged.parked), (9, 1));
    // The next version of the program knows `new`.
    let again = apply(&world.container(tight()), &log);
    assert_eq!(again.redelivered, 10);
    assert_eq!(world.numbers().get("new"), None, "it stays parked until somebody decides");
}

#[test]
fn another_record_at_a_parked_offset_is_no_excuse() {
    let world = World::default();
    let mut log = plain_log(0..10);
    log[4] = Logged::new(4, 4_000, "garbage");
    apply(&world.container(tight()), &log);
    let recreated = Logged::new(4, 4_001, event(900, 4_001, "a=1"));
    assert_eq!(halted(&world, &[recreated]).resume_at, 4);
}

#[test]
fn a_longer_allowed_lateness_never_revives_a_forgotten_id() {
    let world = World::default();
    let log = plain_log(0..40);
    apply(&world.container(tight()), &log);
    let floor = world.fence().late_before;
    let generous = Settings { allowed_lateness: Duration::from_hours(1), ..tight() };
    // Redelivered, and sent again by its producer: late both times, not new.
    assert_eq!(apply(&world.container(generous), &log).redelivered, 40);
    let resent = Logged::new(40, 40_000, event(2, 2_000, "a=1"));
    assert_eq!(apply(&world.container(generous), &[resent]).judged.late, 1);
    apply(&world.container(generous), &[Logged::new(41, 41_000, event(41, 41_000, "a=1"))]);
    assert_eq!(world.fence().late_before, floor, "the floor never falls");
    assert_eq!(world.numbers()["a"], 41);
}

#[test]
fn records_out_of_order_are_refused_before_anything_happens() {
    let world = World::default();
    let log = plain_log(0..3);
    for wrong in [
        vec![log[1].clone(), log[0].clone()],
        vec![log[0].clone(), log[0].clone()],
        vec![Logged::new(-1, 0, "x")],
    ] {
        let stopped = block_on(deliver(&world.container(tight()), &wrong)).expect_err("refused");
        assert!(matches!(stopped.error, BatchError::Disordered { .. }), "{stopped:?}");
    }
    assert!(world.numbers().is_empty());
}

/// An older version of the program: does not know the key `new`.
#[derive(Debug)]
struct Strict;

impl Reducer for Strict {
    type Event<'a> = Parsed<'a>;
    type Key<'a> = &'a str;
    type Value = Change;

    fn observe<'a>(&self, topic: &str, value: &'a [u8]) -> Result<Observed<Parsed<'a>>, Unreadable> {
        if value.windows(3).any(|w| w == b"new") {
            return Err(Unreadable::new("unknown_type", "new"));
        }
        Sums.observe(topic, value)
    }

    fn reduce<'a>(&self, event: &Observed<Parsed<'a>>, out: &mut Vec<(&'a str, Change)>) {
        Sums.reduce(event, out);
    }

    fn delta(&self, fence: &FenceKey, key: &&str, value: &Change) -> Delta {
        Sums.delta(fence, key, value)
    }

    fn recall(&self, key: &&str, item: &Attributes) -> Result<Change, Unreadable> {
        Sums.recall(key, item)
    }
}
