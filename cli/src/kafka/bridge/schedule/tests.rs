//! The decisions, played through with a clock of our own: each test drives the schedule as the bridge does.

use bytes::Bytes;

use super::*;
use crate::kafka::bridge::record::TimestampType;

const START: u64 = 1_000_000;

fn mapping() -> Mapping {
    Mapping { batch_size: 4, ..Mapping::for_tests("analytics") }
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new("telemetry", number)
}

fn record(offset: i64) -> Record {
    Record {
        offset,
        timestamp: i64::try_from(START).expect("small"),
        timestamp_type: TimestampType::LogAppendTime,
        key: None,
        value: Some(Bytes::from_static(b"value")),
        headers: Vec::new(),
    }
}

fn schedule(mapping: &Mapping, pollers: usize, counts: &[i64]) -> Schedule {
    let mut schedule = Schedule::new(Settings::of(mapping, pollers));
    for (number, count) in (0..).zip(counts) {
        schedule.assign(partition(number));
        schedule.add(&partition(number), (0..*count).map(record).collect(), *count, START);
    }
    schedule
}

/// `partition:first-last` of each part.
fn describe(batch: &Batch) -> String {
    let parts = batch.parts.iter().map(|part| {
        let offsets = |record: Option<&Record>| record.map_or(-1, |record| record.offset);
        format!(
            "{}:{}-{}",
            part.source.partition,
            offsets(part.records.first()),
            offsets(part.records.last())
        )
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn invoked(step: Step) -> Batch {
    match step {
        Step::Invoke(batch) => batch,
        Step::GiveUp(..) | Step::Wait(_) => panic!("expected an invocation, found {step:?}"),
    }
}

fn failure() -> Outcome {
    Outcome::FunctionError("Unhandled".to_owned())
}

fn partial(failed: &[(&str, i64)]) -> Outcome {
    Outcome::Partial(
        failed
            .iter()
            .map(|(partition, offset)| Failed { partition: (*partition).to_owned(), offset: *offset })
            .collect(),
    )
}

/// Runs everything with `answer` until nothing is left to do, and tells what was run and what was given up, in order.
fn play(schedule: &mut Schedule, mut answer: impl FnMut(&Batch) -> Outcome) -> Vec<String> {
    let (mut told, mut now) = (Vec::new(), START);
    loop {
        assert!(told.len() < 200, "no end: {told:?}");
        match schedule.next(now) {
            Step::Invoke(batch) => {
                told.push(describe(&batch));
                let outcome = answer(&batch);
                schedule.settle(&batch, &outcome, now);
            }
            Step::GiveUp(batch, condition) => {
                told.push(format!("{} {}", condition.name(), describe(&batch)));
                schedule.given_up(&batch, true, now);
            }
            Step::Wait(Some(at)) => {
                assert!(at > now, "a wait that is over");
                now = at;
            }
            Step::Wait(None) => return told,
        }
    }
}

fn committed(schedule: &mut Schedule) -> Vec<(i32, i64)> {
    schedule.commits().into_iter().map(|(source, offset)| (source.partition, offset)).collect()
}

#[test]
fn batches_hold_several_partitions_up_to_their_size() {
    let mut schedule = schedule(&mapping(), 1, &[3, 3, 1]);
    let told = play(&mut schedule, |_| Outcome::Done);
    assert_eq!(told, ["0:0-2 1:0-0", "1:1-2 2:0-0"]);
    assert_eq!(committed(&mut schedule), [(0, 3), (1, 3), (2, 1)]);
    assert_eq!(committed(&mut schedule), [], "an offset is committed once");
}

#[test]
fn a_batch_waits_for_its_window_unless_it_is_full() {
    let mapping = Mapping { window_millis: 500, ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[3]);
    assert!(matches!(schedule.next(START), Step::Wait(Some(at)) if at == START + 500));
    schedule.add(&partition(0), vec![record(3)], 4, START + 10);
    assert_eq!(describe(&invoked(schedule.next(START + 10))), "0:0-3");

    let mut schedule = self::schedule(&mapping, 1, &[3]);
    assert_eq!(describe(&invoked(schedule.next(START + 500))), "0:0-2");
}

#[test]
fn a_batch_fits_into_an_invocation() {
    let mapping = Mapping { batch_size: 10_000, ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[]);
    schedule.assign(partition(0));
    let large = |offset| Record { value: Some(Bytes::from(vec![b'x'; 1_000_000])), ..record(offset) };
    schedule.add(&partition(0), (0..9).map(large).collect(), 9, START);
    let mut sizes = Vec::new();
    let told = play(&mut schedule, |batch| {
        let slices: Vec<_> = batch
            .parts
            .iter()
            .map(|part| payload::Slice { source: &part.source, records: &part.records })
            .collect();
        sizes.push(payload::encode(&mapping, &slices, batch.bytes).len());
        Outcome::Done
    });
    assert_eq!(told, ["0:0-3", "0:4-7", "0:8-8"]);
    assert!(sizes.iter().all(|size| *size <= payload::PAYLOAD_BYTES_MAX), "{sizes:?}");
}

#[test]
fn a_record_that_fits_into_no_invocation_is_given_up_and_its_neighbours_are_not() {
    let mut schedule = schedule(&mapping(), 1, &[1]);
    let huge = Record { value: Some(Bytes::from(vec![b'x'; 5_000_000])), ..record(1) };
    schedule.add(&partition(0), vec![huge, record(2)], 3, START);
    let told = play(&mut schedule, |_| Outcome::Done);
    assert_eq!(told, ["0:0-0", "MaximumPayloadSizeExceeded 0:1-1", "0:2-2"]);
    assert_eq!(committed(&mut schedule), [(0, 3)]);
}

#[test]
fn everything_before_the_lowest_failed_offset_of_each_partition_is_done() {
    let mapping = Mapping { batch_size: 8, ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[4, 4]);
    let batch = invoked(schedule.next(START));
    assert_eq!(describe(&batch), "0:0-3 1:0-3");
    schedule.settle(&batch, &partial(&[("telemetry-1", 3), ("telemetry-1", 2)]), START);
    assert_eq!(committed(&mut schedule), [(0, 4), (1, 2)]);
    assert_eq!(play(&mut schedule, |_| Outcome::Done), ["1:2-3"]);
    assert_eq!(committed(&mut schedule), [(1, 4)]);
}

#[test]
fn a_failure_that_is_not_of_the_batch_fails_it_whole() {
    for failed in [("telemetry-7", 0), ("telemetry-0", 9), ("orders-0", 0)] {
        let mut schedule = schedule(&mapping(), 1, &[2]);
        let batch = invoked(schedule.next(START));
        schedule.settle(&batch, &partial(&[failed]), START);
        assert_eq!(committed(&mut schedule), [], "{failed:?}");
        assert_eq!(play(&mut schedule, |_| Outcome::Done), ["0:0-1"]);
    }
}

#[test]
fn retries_are_counted_and_what_is_out_of_them_is_given_up() {
    for (retries_max, attempts) in [(0, 1), (1, 2), (3, 4)] {
        let mapping = Mapping { retries_max: Some(retries_max), ..mapping() };
        let mut schedule = schedule(&mapping, 1, &[2]);
        let told = play(&mut schedule, |_| failure());
        assert_eq!(told.len(), attempts + 1, "{told:?}");
        assert_eq!(told[attempts], "RetryAttemptsExhausted 0:0-1");
        assert_eq!(committed(&mut schedule), [(0, 2)]);
    }
}

#[test]
fn attempts_are_apart_in_time_and_a_partition_that_waits_holds_up_no_other() {
    let mut schedule = schedule(&mapping(), 1, &[1]);
    let batch = invoked(schedule.next(START));
    schedule.settle(&batch, &failure(), START);
    assert!(matches!(schedule.next(START), Step::Wait(Some(at)) if at == START + 100));
    schedule.assign(partition(1));
    schedule.add(&partition(1), vec![record(0)], 1, START);
    assert_eq!(describe(&invoked(schedule.next(START))), "1:0-0");
}

#[test]
fn bisecting_finds_the_poison_record_and_gives_up_only_it() {
    let mapping = Mapping { batch_size: 8, retries_max: Some(1), bisects: true, ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[8]);
    let has_poison =
        |batch: &Batch| batch.parts.iter().any(|part| part.records.iter().any(|record| record.offset == 5));
    let told = play(&mut schedule, |batch| if has_poison(batch) { failure() } else { Outcome::Done });
    let expected = [
        "0:0-7",
        "0:0-3",
        "0:4-7",
        "0:4-5",
        "0:4-4",
        "0:5-5",
        "0:5-5",
        "RetryAttemptsExhausted 0:5-5",
        "0:6-7",
    ];
    assert_eq!(told, expected);
    assert_eq!(committed(&mut schedule), [(0, 8)]);
}

#[test]
fn a_batch_of_several_partitions_is_split_by_partition_first() {
    let mapping = Mapping { retries_max: Some(0), bisects: true, ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[2, 2]);
    let has_poison = |batch: &Batch| {
        batch
            .parts
            .iter()
            .any(|part| part.source.partition == 1 && part.records.iter().any(|record| record.offset == 0))
    };
    let told = play(&mut schedule, |batch| if has_poison(batch) { failure() } else { Outcome::Done });
    assert_eq!(told, ["0:0-1 1:0-1", "0:0-1", "1:0-1", "1:0-0", "RetryAttemptsExhausted 1:0-0", "1:1-1"]);
}

#[test]
fn partial_failures_that_move_on_start_counting_anew() {
    let mapping = Mapping { retries_max: Some(1), ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[4]);
    let mut lowest = [0, 1, 2, 3].into_iter();
    let told = play(&mut schedule, |_| {
        lowest.next().map_or(Outcome::Done, |offset| partial(&[("telemetry-0", offset)]))
    });
    assert_eq!(told, ["0:0-3", "0:0-3", "0:1-3", "0:2-3", "0:3-3"]);
    assert_eq!(committed(&mut schedule), [(0, 4)]);
}

#[test]
fn an_invocation_that_did_not_happen_is_no_attempt() {
    let mapping = Mapping { retries_max: Some(0), ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[1]);
    let mut refusals = 0;
    let told = play(&mut schedule, |_| {
        refusals += 1;
        if refusals < 6 { Outcome::NotInvoked("429".to_owned()) } else { Outcome::Done }
    });
    assert_eq!(told, ["0:0-0"; 6]);
    assert_eq!(committed(&mut schedule), [(0, 1)]);
}

#[test]
fn records_too_old_are_given_up_unsent_also_between_retries() {
    let mapping = Mapping { age_max_millis: Some(60_000), ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[]);
    schedule.assign(partition(0));
    let aged = |offset, age: i64| Record { timestamp: record(0).timestamp - age, ..record(offset) };
    let undated = Record { timestamp: -1, ..record(3) };
    let records = vec![aged(0, 60_001), aged(1, 60_001), aged(2, 59_900), undated];
    schedule.add(&partition(0), records, 4, START);
    let told =
        play(
            &mut schedule,
            |batch| {
                if batch.parts[0].records[0].offset == 2 { failure() } else { Outcome::Done }
            },
        );
    // The third record turns too old while it waits for its second retry.
    assert_eq!(
        told,
        ["MaximumRecordAgeExceeded 0:0-1", "0:2-3", "0:2-3", "MaximumRecordAgeExceeded 0:2-2", "0:3-3"]
    );
}

#[test]
fn what_is_given_up_is_not_committed_before_it_is_handed_over() {
    let mapping = Mapping { retries_max: Some(0), ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[1]);
    let batch = invoked(schedule.next(START));
    schedule.settle(&batch, &failure(), START);
    let Step::GiveUp(batch, _) = schedule.next(START) else { panic!("expected to give up") };
    schedule.given_up(&batch, false, START);
    assert_eq!(committed(&mut schedule), []);
    assert!(matches!(schedule.next(START), Step::Wait(Some(at)) if at == START + 100));
    assert!(matches!(schedule.next(START + 100), Step::GiveUp(..)));
}

#[test]
fn pollers_run_at_once_but_a_partition_only_once() {
    let mut schedule = schedule(&mapping(), 2, &[9, 9]);
    let first = invoked(schedule.next(START));
    let second = invoked(schedule.next(START));
    assert_ne!(first.parts[0].source, second.parts[0].source);
    assert!(matches!(schedule.next(START), Step::Wait(None)), "both are busy");
    schedule.settle(&second, &Outcome::Done, START);
    let third = invoked(schedule.next(START));
    assert_eq!(third.parts[0].source, second.parts[0].source);
}

#[test]
fn a_failing_partition_takes_at_most_every_second_turn() {
    let mapping = Mapping { batch_size: 2, bisects: true, ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[2, 6]);
    let batch = invoked(schedule.next(START));
    assert_eq!(describe(&batch), "0:0-1");
    schedule.settle(&batch, &failure(), START);
    let mut turns = Vec::new();
    for _ in 0..4 {
        let batch = invoked(schedule.next(START));
        turns.push(describe(&batch));
        let outcome =
            if batch.parts[0].source.partition == 0 { partial(&[("telemetry-0", 1)]) } else { Outcome::Done };
        schedule.settle(&batch, &outcome, START);
    }
    assert_eq!(turns[1], "1:0-1", "{turns:?}");
    assert!(turns.iter().filter(|turn| turn.starts_with("1:")).count() >= 2, "{turns:?}");
}

#[test]
fn a_revoked_partition_commits_nothing_even_when_it_comes_back() {
    let mut schedule = schedule(&mapping(), 1, &[2]);
    let batch = invoked(schedule.next(START));
    schedule.revoke(&partition(0));
    schedule.add(&partition(0), vec![record(2)], 3, START);
    schedule.assign(partition(0));
    schedule.settle(&batch, &Outcome::Done, START);
    assert_eq!(committed(&mut schedule), []);
    assert!(matches!(schedule.next(START), Step::Wait(None)));
}

#[test]
fn what_no_consumer_ever_sees_is_committed_as_well() {
    let mut schedule = schedule(&mapping(), 1, &[1]);
    // Behind the record lies the marker of a committed transaction.
    schedule.add(&partition(0), Vec::new(), 2, START);
    assert_eq!(committed(&mut schedule), [], "the record comes first");
    play(&mut schedule, |_| Outcome::Done);
    assert_eq!(committed(&mut schedule), [(0, 2)]);
    schedule.add(&partition(0), Vec::new(), 5, START);
    assert_eq!(committed(&mut schedule), [(0, 5)]);
}

#[test]
fn a_failed_commit_is_repeated_unless_a_later_one_is_due() {
    let mut schedule = schedule(&mapping(), 1, &[1]);
    play(&mut schedule, |_| Outcome::Done);
    let positions = schedule.commits();
    schedule.commit_again(positions.clone());
    assert_eq!(committed(&mut schedule), [(0, 1)]);
    schedule.add(&partition(0), vec![record(1)], 2, START);
    play(&mut schedule, |_| Outcome::Done);
    schedule.commit_again(positions);
    assert_eq!(committed(&mut schedule), [(0, 2)]);
}

#[test]
fn a_lane_that_is_full_is_paused_until_half_of_it_is_done() {
    let mapping = Mapping { batch_size: 10_000, ..mapping() };
    let mut schedule = schedule(&mapping, 1, &[]);
    schedule.assign(partition(0));
    let large = |offset| Record { value: Some(Bytes::from(vec![b'x'; 4_000_000])), ..record(offset) };
    schedule.add(&partition(0), (0..3).map(large).collect(), 3, START);
    assert_eq!(schedule.flow(), (vec![partition(0)], vec![]));
    assert_eq!(schedule.flow(), (vec![], vec![]));
    let batch = invoked(schedule.next(START));
    schedule.settle(&batch, &Outcome::Done, START);
    let batch = invoked(schedule.next(START));
    schedule.settle(&batch, &Outcome::Done, START);
    assert_eq!(schedule.flow(), (vec![], vec![partition(0)]));
}
