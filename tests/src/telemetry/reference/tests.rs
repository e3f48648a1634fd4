//! The rules, one by one, on logs of a few records.

use super::*;

const NOW_MS: u64 = 1_795_366_200_000;

fn count(id: u64, at_ms: u64, quantity: u32) -> Bytes {
    let (id, at) = (uuid::Uuid::from_u64_pair(1, id), Timestamp::from_millis(at_ms));
    let text = format!(
        r#"{{"event_id":"{id}","event_type":"ShelfCounted","timestamp":"{at}","data":{{"device_id":"d","warehouse":"w","shelf":"S","sku":"M","quantity":{quantity}}},"metadata":{{"producer_id":"p","version":"1.0","aggregate_id":"d","sequence":1,"correlation_id":"d"}}}}"#
    );
    text.into()
}

/// The end of a log whose records all have Kafka's time `NOW_MS`.
fn of(log: &[Bytes]) -> Reference {
    let rules = Rules { allowed_lateness_ms: 300_000, future_max_ms: 300_000, epoch: 1 };
    let mut reference = Reference::new("telemetry", rules);
    for (offset, value) in (0..).zip(log) {
        reference.take(0, offset, NOW_MS, Some(value));
    }
    reference
}

fn shelf(reference: &Reference) -> [&str; 3] {
    let item = &reference.figures()[&("shelf#w#S".to_owned(), "M#telemetry-0@1".to_owned())];
    ["reports", "quantity", "at"].map(|name| item[name].as_str())
}

#[test]
fn the_latest_reading_counts_and_of_the_same_moment_the_later_one() {
    let log = [count(1, NOW_MS, 5), count(2, NOW_MS - 1, 6), count(3, NOW_MS, 7)];
    assert_eq!(shelf(&of(&log)), ["3", "7", "2026-11-22T16:50:00.000Z"]);
}

#[test]
fn the_same_bytes_count_once_and_others_under_their_id_are_parked() {
    let reference = of(&[count(1, NOW_MS, 5), count(1, NOW_MS, 5), count(1, NOW_MS, 6)]);
    let total = reference.total();
    assert_eq!((total.applied, total.duplicate, total.reused), (1, 1, 1));
    assert_eq!(reference.parked(), &BTreeMap::from([((0, 2), Reason::IdReused)]));
    assert_eq!(shelf(&reference)[..2], ["1", "5"]);
}

#[test]
fn an_event_is_late_before_the_watermark_less_the_lateness() {
    let reference = of(&[count(1, NOW_MS, 5), count(2, NOW_MS - 300_000, 6), count(3, NOW_MS - 300_001, 7)]);
    assert_eq!((reference.total().applied, reference.total().late), (2, 1));
    assert_eq!(reference.partition(0).map(|(_, next, late_ms)| (next, late_ms)), Some((3, NOW_MS - 300_000)));
}

#[test]
fn a_clock_that_is_ahead_is_believed_up_to_kafkas() {
    let reference =
        of(&[count(1, NOW_MS + 300_000, 5), count(2, NOW_MS - 300_000, 6), count(3, NOW_MS + 300_001, 7)]);
    assert_eq!((reference.total().applied, reference.total().future), (2, 1));
}

#[test]
fn what_is_no_event_is_parked() {
    let mut reference = of(&[Bytes::new(), Bytes::from_static(b"\xff"), Bytes::from_static(b"{}")]);
    reference.take(0, 7, NOW_MS, None);
    assert_eq!((reference.total().unreadable, reference.parked().len()), (4, 4));
    assert!(reference.figures().is_empty());
}
