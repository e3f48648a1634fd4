//! One verdict at a time.

use semel_contracts::Timestamp;
use semel_exactly_once::batch::Totals;

use crate::world::{Logged, START_MS, Value, World, apply, event, plain_log, tight};

/// Applies the texts as records at these times; answers the totals.
fn totals(records: &[(u64, String)]) -> (Totals, World) {
    let world = World::default();
    let log = |(offset, (at_ms, text)): (i64, &(u64, String))| Logged::new(offset, *at_ms, text.clone());
    let log: Vec<Logged> = (0..).zip(records).map(log).collect();
    let counts = apply(&world.container(tight()), &log);
    assert_eq!(counts.judged, world.fence().totals);
    (counts.judged, world)
}

#[test]
fn a_device_whose_clock_is_ahead_makes_nobody_else_late() {
    let mut records = vec![(20_000, event(0, 29_999, "a=1"))];
    records.extend((1..50).map(|n| (20_000 + n, event(n, 19_000 + n, "a=1"))));
    let (totals, world) = totals(&records);
    assert_eq!((totals.applied, totals.late), (50, 0));
    assert_eq!(world.fence().watermark, Some(Timestamp::from_millis(START_MS + 20_000)), "as far as Kafka's");
}

#[test]
fn an_event_is_late_from_the_first_millisecond_past_the_allowed_lateness() {
    let records = [
        (20_000, event(0, 20_000, "a=1")),
        (20_000, event(1, 10_000, "a=1")),
        (20_000, event(2, 9_999, "a=1")),
    ];
    let (totals, _) = totals(&records);
    assert_eq!((totals.applied, totals.late), (2, 1));
}

#[test]
fn an_event_may_be_ahead_of_its_record_by_the_allowed_span_and_no_more() {
    let records = [(5_000, event(0, 15_000, "a=1")), (5_000, event(1, 15_001, "a=1"))];
    let (totals, world) = totals(&records);
    assert_eq!((totals.applied, totals.parked), (1, 1));
    assert_eq!(world.parked(), [(1, "future_timestamp")].into());
}

#[test]
fn a_duplicate_is_recognised_as_long_as_it_is_not_late_and_is_late_after() {
    let first = event(0, 20_000, "a=1");
    let records = [
        (20_000, first.clone()),
        (30_000, event(1, 30_000, "b=1")),
        (30_001, first.clone()),
        (30_002, event(2, 30_001, "b=1")),
        (30_003, first),
    ];
    let (totals, world) = totals(&records);
    assert_eq!(totals, Totals { applied: 3, duplicate: 1, late: 1, parked: 0 });
    assert_eq!(world.numbers()["a"], 1);
}

#[test]
fn a_reused_id_is_parked_with_its_value_and_the_first_content_stays_known() {
    let records = [
        (20_000, event(0, 20_000, "a=1")),
        (20_001, event(0, 20_000, "a=2")),
        (20_002, event(0, 20_000, "a=1")),
    ];
    let (totals, world) = totals(&records);
    assert_eq!(totals, Totals { applied: 1, duplicate: 1, late: 0, parked: 1 });
    assert_eq!(world.parked(), [(1, "id_reused")].into());
    let parked = world.fences.all_parked();
    let record = parked.values().next().expect("one is parked");
    assert_eq!(record.event_id, Some(crate::world::id(0)));
}

#[test]
fn what_cannot_be_read_is_parked_with_its_code_and_its_neighbours_are_applied() {
    let world = World::default();
    let log = [
        Logged::new(0, 1_000, event(0, 1_000, "a=1")),
        Logged::new(5, 1_000, "garbage"),
        Logged { offset: 6, at_ms: 1_000, value: Value::Absent },
        Logged { offset: 9, at_ms: 1_000, value: Value::Undecodable("%") },
        Logged::new(10, 1_000, event(1, 1_000, "a=1")),
    ];
    let counts = apply(&world.container(tight()), &log);
    assert_eq!((counts.judged.applied, counts.judged.parked), (2, 3));
    assert_eq!(world.parked(), [(5, "text"), (6, "no_value"), (9, "undecodable")].into());
}

#[test]
fn a_batch_of_nothing_new_moves_the_fence_and_counts() {
    let world = World::default();
    let container = world.container(tight());
    apply(&container, &plain_log(0..5));
    let again: Vec<Logged> =
        plain_log(0..5).into_iter().map(|r| Logged { offset: r.offset + 5, ..r }).collect();
    let counts = apply(&container, &again);
    assert_eq!((counts.judged.duplicate, counts.items), (5, 1));
    assert_eq!(world.fence().next_offset, 10);
}

#[test]
fn an_empty_batch_asks_for_nothing() {
    assert_eq!(apply(&World::default().container(tight()), &[]).loads, 0);
}
