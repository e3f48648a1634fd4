//! The mix is what it says it is.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use semel_contracts::decode_telemetry;

use super::*;
use crate::telemetry::{Reference, Rules};

const NOW_MS: u64 = 1_795_366_200_000;
const PARTITIONS: u64 = 12;

fn mix() -> Mix {
    Mix::new(Uuid::from_u64_pair(0x0123_4567_89ab_4cde, 0x8fed_cba9_8765_4321), NOW_MS, 20_000)
}

#[test]
fn the_fold_over_it_finds_what_it_says_it_is_made_of() {
    let mix = mix();
    let mut reference =
        Reference::new("telemetry", Rules { allowed_lateness_ms: 300_000, future_max_ms: 300_000, epoch: 1 });
    let mut lengths = BTreeMap::<i32, i64>::new();
    let hash = BuildHasherDefault::<DefaultHasher>::default();
    for (key, value) in mix.records() {
        let partition = i32::try_from(hash.hash_one(&key) % PARTITIONS).expect("small");
        let offset = lengths.entry(partition).or_default();
        reference.take(partition, *offset, NOW_MS, Some(&value.into()));
        *offset += 1;
    }

    let makeup = mix.makeup();
    assert_eq!(lengths.len(), 12);
    let total = reference.total();
    assert_eq!((total.applied, total.duplicate, total.late), (makeup.applied, makeup.duplicate, makeup.late));
    assert_eq!((total.reused, total.unreadable), (makeup.reused, makeup.unreadable));
    assert_eq!((makeup.duplicate, makeup.reused, makeup.unreadable), (1_000, 20, 50));
    assert!(makeup.late > 100, "{makeup:?}");
}

#[test]
fn its_clicks_are_of_a_kilobyte_and_its_keys_are_the_aggregates() {
    let (mut clicks, mut bytes) = (0, 0);
    for (key, value) in mix().records().take(2_000) {
        let Ok(event) = decode_telemetry(&value) else { continue };
        assert_eq!(event.metadata.aggregate_id.to_string(), key);
        if key.starts_with('s') {
            (clicks, bytes) = (clicks + 1, bytes + value.len());
        }
    }
    let average = bytes / clicks;
    assert!((800..1_300).contains(&average), "{average} bytes");
}
