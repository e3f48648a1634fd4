//! P1 under every fault: each event moves the account once and is published once, whatever fails and when.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::Duration;

use semel_contracts::EventId;
use semel_exactly_once::{AggregateStore, Class, Clock, Committer, HandleError, Known, Verdict, outbox};
use semel_testkit::{
    Account, AccountInput, Fault, Faults, Faulty, MemoryAggregates, SimulatedClock, Transfer, block_on,
    with_every_fault,
};

const WINDOW: Duration = Duration::from_mins(5);

fn id(n: u8) -> EventId {
    EventId::from_bytes([n; 16])
}

fn add(n: u8, by: i64) -> Transfer {
    Transfer::new(id(n), AccountInput::Add(by))
}

fn committer<S: AggregateStore>(store: S, clock: &SimulatedClock) -> Committer<S, SimulatedClock> {
    Committer::new(store, clock.clone(), WINDOW)
}

async fn apply<S: AggregateStore>(
    committer: &Committer<S, SimulatedClock>,
    deliveries: &[Transfer],
) -> Result<Vec<&'static str>, HandleError> {
    let handled = committer.handle::<Account>("a", Known::Unknown, deliveries).await?;
    Ok(handled.verdicts.iter().map(name).collect())
}

fn name<R>(verdict: &Verdict<R>) -> &'static str {
    match verdict {
        Verdict::Applied => "applied",
        Verdict::Duplicate => "duplicate",
        Verdict::NoEffect => "no effect",
        Verdict::Rejected(_) => "rejected",
        Verdict::Short(_) => "short",
    }
}

async fn balance(store: &MemoryAggregates) -> i64 {
    let clock = SimulatedClock::default();
    let current = committer(store.clone(), &clock).load::<Account>("a").await.unwrap();
    current.map_or(0, |c| c.state.balance)
}

/// Ids of everything published; panics if one was published twice.
fn published(store: &MemoryAggregates) -> BTreeSet<EventId> {
    let mut ids = BTreeSet::new();
    for (key, version, text) in store.published() {
        for event in outbox::decode(&text).unwrap().events {
            assert!(ids.insert(event.id), "{key} version {version} published {} again", event.id);
        }
    }
    ids
}

#[test]
fn every_fault_at_every_request_leaves_each_event_applied_and_published_once() {
    let runs = with_every_fault(|faults| {
        block_on(async {
            let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
            memory.set_counter("pool#main", "left", 10);
            let flaky = committer(Faulty::new(memory.clone(), faults), &clock);
            let draw = Transfer::new(id(3), AccountInput::Draw(4));
            let batches = [vec![add(1, 5), add(2, 7)], vec![draw], vec![add(4, 1), add(1, 5)]];
            for batch in &batches {
                // What a queue does: deliver until it is acknowledged, and once more for good measure.
                let mut deliveries = 0;
                while apply(&flaky, batch).await.is_err() {
                    deliveries += 1;
                    assert!(deliveries < 5, "one fault must not block a batch for good");
                }
                apply(&flaky, batch).await.unwrap_or_default();
            }
            assert_eq!(balance(&memory).await, 5 + 7 + 4 + 1);
            assert_eq!(memory.counter("pool#main", "left"), Some(6));
            let expected: BTreeSet<EventId> =
                (1..=4).map(|n| EventId::derive("accounts", id(n), 0)).collect();
            assert_eq!(published(&memory), expected);
        });
    });
    assert!(runs > 20, "only {runs} runs: no faults were injected");
}

#[test]
fn a_batch_for_one_aggregate_is_one_read_and_one_write() {
    block_on(async {
        let (memory, clock, faults) =
            (MemoryAggregates::default(), SimulatedClock::default(), Faults::none());
        let counted = committer(Faulty::new(memory.clone(), faults.clone()), &clock);
        let batch: Vec<Transfer> = (1..=5).map(|n| add(n, 1)).collect();
        assert_eq!(apply(&counted, &batch).await.unwrap(), ["applied"; 5]);
        assert_eq!(faults.requests(), 2);
        assert_eq!(memory.published().len(), 1);
        assert_eq!(published(&memory).len(), 5);
    });
}

#[test]
fn neighbours_of_a_duplicate_a_refusal_and_a_no_op_go_ahead() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let committer = committer(memory.clone(), &clock);
        let ignored = Transfer::new(id(9), AccountInput::Ignore);
        let batch = [add(1, 5), add(1, 5), add(2, -100), ignored, add(3, 1)];
        let verdicts = apply(&committer, &batch).await.unwrap();
        assert_eq!(verdicts, ["applied", "duplicate", "rejected", "no effect", "applied"]);
        assert_eq!(balance(&memory).await, 6);
    });
}

#[test]
fn what_changes_nothing_writes_nothing() {
    block_on(async {
        let (memory, clock, faults) =
            (MemoryAggregates::default(), SimulatedClock::default(), Faults::none());
        let counted = committer(Faulty::new(memory, faults.clone()), &clock);
        let batch = [Transfer::new(id(1), AccountInput::Ignore), add(2, -1)];
        assert_eq!(apply(&counted, &batch).await.unwrap(), ["no effect", "rejected"]);
        assert_eq!(faults.requests(), 1, "one read, no write");
    });
}

#[test]
fn a_stale_view_loses_the_race_and_decides_on_what_the_winner_wrote() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let committer = committer(memory.clone(), &clock);
        apply(&committer, &[add(1, 5)]).await.unwrap();
        let stale = committer.load::<Account>("a").await.unwrap().unwrap();
        apply(&committer, &[add(2, 7)]).await.unwrap();
        let both = [add(2, 7), add(3, 1)];
        let handled = committer.handle::<Account>("a", Known::Current(stale), &both).await.unwrap();
        let verdicts: Vec<_> = handled.verdicts.iter().map(name).collect();
        assert_eq!(verdicts, ["duplicate", "applied"], "the stalled writer's view of 2 was wrong");
        assert_eq!(balance(&memory).await, 13);
        assert_eq!(published(&memory).len(), 3);
    });
}

#[test]
fn an_aggregate_thought_absent_is_created_without_a_read_or_found() {
    block_on(async {
        let (memory, clock, faults) =
            (MemoryAggregates::default(), SimulatedClock::default(), Faults::none());
        let counted = committer(Faulty::new(memory.clone(), faults.clone()), &clock);
        counted.handle::<Account>("a", Known::Absent, &[add(1, 5)]).await.unwrap();
        assert_eq!(faults.requests(), 1, "one write, no read");
        let again = counted.handle::<Account>("a", Known::Absent, &[add(1, 5)]).await.unwrap();
        assert_eq!(again.verdicts.iter().map(name).collect::<Vec<_>>(), ["duplicate"]);
        assert_eq!(faults.requests(), 2, "the refused write shows what is there");
        assert_eq!(balance(&memory).await, 5);
    });
}

#[test]
fn a_shortage_undoes_only_itself() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        memory.set_counter("pool#main", "left", 3);
        let committer = committer(memory.clone(), &clock);
        let draw = |n, by| Transfer::new(id(n), AccountInput::Draw(by));
        let verdicts = apply(&committer, &[add(1, 1), draw(2, 4), draw(3, 3), add(4, 1)]).await.unwrap();
        assert_eq!(verdicts, ["applied", "short", "applied", "applied"]);
        assert_eq!(memory.counter("pool#main", "left"), Some(0));
        assert_eq!(balance(&memory).await, 5);
        // The caller decides again under the same id, with an input that says what happened.
        assert_eq!(apply(&committer, &[add(2, 0)]).await.unwrap(), ["applied"]);
        assert_eq!(apply(&committer, &[draw(2, 4)]).await.unwrap(), ["duplicate"]);
    });
}

#[test]
fn ids_past_the_bound_are_still_recognised() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let committer = committer(memory.clone(), &clock).with_seen_max(4);
        for n in 1..=40 {
            assert_eq!(apply(&committer, &[add(n, 1)]).await.unwrap(), ["applied"]);
        }
        let stored = memory.load("account#a").await.unwrap().unwrap();
        assert!(stored.seen.len() <= 5, "the item carries {} ids", stored.seen.len());
        let again: Vec<Transfer> = (1..=40).map(|n| add(n, 1)).collect();
        assert_eq!(apply(&committer, &again).await.unwrap(), ["duplicate"; 40]);
        assert_eq!(balance(&memory).await, 40);
    });
}

#[test]
fn an_id_is_forgotten_when_its_window_has_closed_and_not_before() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let committer = committer(memory.clone(), &clock);
        apply(&committer, &[add(1, 1)]).await.unwrap();
        clock.advance(WINDOW);
        assert_eq!(apply(&committer, &[add(1, 1)]).await.unwrap(), ["duplicate"]);
        clock.advance(Duration::from_secs(2));
        // Past the window it is the state machine's turn, and an account is unguarded on purpose.
        assert_eq!(apply(&committer, &[add(1, 1)]).await.unwrap(), ["applied"]);
    });
}

#[test]
fn losing_every_race_is_an_error_to_be_tried_again() {
    #[derive(Debug)]
    struct AlwaysLost(MemoryAggregates);
    impl AggregateStore for AlwaysLost {
        async fn load(
            &self,
            key: &str,
        ) -> Result<Option<semel_exactly_once::Stored>, semel_exactly_once::StoreError> {
            self.0.load(key).await
        }
        async fn commit(
            &self,
            _: &semel_exactly_once::Write<'_>,
        ) -> Result<(), semel_exactly_once::CommitError> {
            Err(semel_exactly_once::CommitError::Conflict(None))
        }
        async fn spilled(
            &self,
            _: &str,
            _: &[EventId],
            _: semel_contracts::Timestamp,
        ) -> Result<Vec<EventId>, semel_exactly_once::StoreError> {
            Ok(Vec::new())
        }
    }
    block_on(async {
        let clock = SimulatedClock::default();
        let before = clock.now();
        let committer = committer(AlwaysLost(MemoryAggregates::default()), &clock);
        let error = apply(&committer, &[add(1, 1)]).await.unwrap_err();
        assert!(matches!(error, HandleError::Contended { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Transient);
        assert!(clock.now() > before, "rivals wait before they try again");
    });
}

#[test]
fn a_corrupt_state_is_named_and_left_alone() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let corrupt = semel_exactly_once::Stored {
            version: 1,
            state: r#"{"balance":"much"}"#.to_owned(),
            seen: semel_exactly_once::Seen::default(),
            spilled_until_s: None,
        };
        let write = semel_exactly_once::Write {
            key: "account#a",
            expected: None,
            stored: &corrupt,
            outbox: None,
            index: &semel_exactly_once::Index::new(),
            adjust: &[],
            spill: &[],
            token: uuid::Uuid::nil(),
        };
        memory.commit(&write).await.unwrap();
        let error = apply(&committer(memory.clone(), &clock), &[add(1, 1)]).await.unwrap_err();
        assert_eq!(error.class(), Class::Fatal);
        assert!(error.to_string().contains("account#a"), "{error}");
        assert_eq!(memory.load("account#a").await.unwrap(), Some(corrupt));
    });
}

#[test]
fn a_conflict_without_a_rival_is_decided_again_with_the_same_ids() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let faults = Faults::one(1, Fault::Conflict);
        let committer = committer(Faulty::new(memory.clone(), faults), &clock);
        assert_eq!(apply(&committer, &[add(1, 1)]).await.unwrap(), ["applied"]);
        assert_eq!(published(&memory), BTreeSet::from([EventId::derive("accounts", id(1), 0)]));
    });
}
