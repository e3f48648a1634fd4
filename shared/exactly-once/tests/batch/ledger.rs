//! The ledger in memory: against a model, and by its size.

use std::collections::BTreeMap;

use proptest::prelude::*;
use semel_contracts::EventId;
use semel_exactly_once::batch::{Ledger, LedgerEntry};

fn entry(n: u64, content: u32, time_s: u32) -> LedgerEntry {
    // Spread like random ids, and different for different numbers.
    let spread = u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_0C5A_0F1B_2D41);
    LedgerEntry { id: EventId::from_bytes(spread.to_be_bytes()), content, time_s }
}

#[derive(Debug, Clone)]
enum Step {
    /// Adds ids from this number on, so many, with times around the floor.
    Add {
        from: u64,
        count: u64,
        ahead_s: u32,
    },
    Settle {
        raise_s: u32,
    },
    Rollback,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u64..20_000, 1_u64..4_000, 0_u32..40)
            .prop_map(|(from, count, ahead_s)| Step::Add { from, count, ahead_s }),
        3 => (0_u32..25).prop_map(|raise_s| Step::Settle { raise_s }),
        2 => Just(Step::Rollback),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn it_knows_what_a_plain_map_knows(steps in proptest::collection::vec(step(), 1..30)) {
        let (mut ledger, mut model) = (Ledger::default(), BTreeMap::<u64, LedgerEntry>::new());
        let (mut floor_s, mut settled, mut settled_model) = (100, 0, model.clone());
        let mut content = 0;
        for step in steps {
            match step {
                Step::Add { from, count, ahead_s } => for n in from..from + count {
                    if model.get(&n).is_some_and(|e| e.time_s >= floor_s) {
                        continue;
                    }
                    content += 1;
                    let entry = entry(n, content, floor_s + (ahead_s + content % 7) % 40);
                    ledger.push(entry);
                    model.insert(n, entry);
                },
                Step::Settle { raise_s } => {
                    floor_s += raise_s;
                    ledger.settle(floor_s);
                    (settled, settled_model) = (ledger.next(), model.clone());
                }
                Step::Rollback => {
                    ledger.rollback(settled);
                    model = settled_model.clone();
                }
            }
            for n in (0..24_000).step_by(37) {
                let known = model.get(&n).filter(|e| e.time_s >= floor_s).map(|e| e.content);
                prop_assert_eq!(ledger.content_of(entry(n, 0, 0).id, floor_s), known, "id {}", n);
            }
            let known = model.values().filter(|e| e.time_s >= floor_s).count();
            prop_assert_eq!(ledger.known(0..ledger.next(), floor_s).count(), known);
        }
    }
}

#[test]
fn an_id_that_is_used_again_after_it_was_forgotten_can_be_taken_back() {
    let mut ledger = Ledger::default();
    ledger.push(entry(1, 10, 100));
    ledger.settle(100);
    let settled = ledger.next();
    // Within the next chunk the floor rises past it, and the id comes with another content.
    assert_eq!(ledger.content_of(entry(1, 0, 0).id, 150), None);
    ledger.push(entry(1, 20, 160));
    assert_eq!(ledger.content_of(entry(1, 0, 0).id, 150), Some(20));
    // The chunk was not committed: the floor is what it was, and so is the id.
    ledger.rollback(settled);
    assert_eq!(ledger.content_of(entry(1, 0, 0).id, 100), Some(10));
}

#[test]
fn forgotten_ids_give_their_memory_back() {
    let mut ledger = Ledger::default();
    for second in 0..300_u32 {
        for n in 0..1_000 {
            ledger.push(entry(u64::from(second) * 1_000 + n, 0, second));
        }
        ledger.settle(second.saturating_sub(30));
        let expected = 1_000 * (second.min(30) as usize + 1);
        assert!(ledger.len() < expected + 2 * 4_096, "{} entries at second {second}", ledger.len());
    }
    assert!(ledger.bytes() < 31_000 * 60, "{} bytes", ledger.bytes());
    ledger.settle(u32::MAX);
    assert!(ledger.bytes() < 4_096 * 60, "{} bytes when all is forgotten", ledger.bytes());
}

/// What it takes: 24 bytes of the entry, 4 of its position and 1 of the hash table, over the table's load.
#[test]
fn three_million_ids_take_less_than_40_bytes_each() {
    const IDS: u64 = 3_000_000;
    let mut ledger = Ledger::default();
    for n in 0..IDS {
        ledger.push(entry(n, 0, 1_000));
    }
    let filled = ledger.bytes() as f64 / IDS as f64;
    // And in the long run: as many again come and go, a batch at a time.
    for batch in 0..750 {
        for n in 0..4_000 {
            ledger.push(entry(IDS + batch * 4_000 + n, 0, 1_001 + (batch / 10) as u32));
        }
        ledger.settle(if batch < 10 { 1_000 } else { 1_001 });
    }
    let long_run = ledger.bytes() as f64 / ledger.len() as f64;
    println!(
        "ledger: {filled:.1} bytes an id when filled, {long_run:.1} with {} ids after a change",
        ledger.len()
    );
    assert!(filled < 40.0, "{filled:.1} bytes an id");
    assert!(long_run < 40.0, "{long_run:.1} bytes an id");
}
