//! Stand-alone records under faults: work runs again only when its owner died, and a stalled owner is fenced off.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::time::Duration;

use semel_exactly_once::{Class, Idempotency, Once, OnceError, RecordStore};
use semel_testkit::{
    Faulty, MemoryRecords, SimulatedClock, block_on, record_store_contract, with_every_fault,
};

const LEASE: Duration = Duration::from_secs(30);
const WINDOW: Duration = Duration::from_mins(5);

fn idempotency<R: RecordStore>(records: R, clock: &SimulatedClock) -> Idempotency<R, SimulatedClock> {
    Idempotency::new(records, clock.clone(), "mails", LEASE, WINDOW)
}

async fn send<R: RecordStore>(
    idempotency: &Idempotency<R, SimulatedClock>,
    payload: &str,
    sent: &Cell<u32>,
) -> Result<Once<u32>, OnceError<std::io::Error>> {
    let work = || async {
        sent.set(sent.get() + 1);
        Ok(sent.get())
    };
    idempotency.run("1", payload.as_bytes(), work).await
}

#[test]
fn memory_keeps_the_contract() {
    block_on(record_store_contract(&MemoryRecords::default()));
}

#[test]
fn a_fault_before_or_after_any_request_never_blocks_for_good_and_repeats_the_work_at_most_once() {
    let runs = with_every_fault(|faults| {
        block_on(async {
            let (records, clock) = (MemoryRecords::default(), SimulatedClock::default());
            let flaky = idempotency(Faulty::new(records, faults), &clock);
            let sent = Cell::new(0);
            let mut attempts = 0;
            while let Err(error) = send(&flaky, "a", &sent).await {
                assert_eq!(error.class(|_| Class::Fatal), Class::Transient, "{error:?}");
                clock.advance(LEASE + Duration::from_secs(1));
                attempts += 1;
                assert!(attempts < 5);
            }
            assert!((1..=2).contains(&sent.get()), "sent {} times", sent.get());
            let before = sent.get();
            let mut again = send(&flaky, "a", &sent).await;
            if matches!(again, Err(OnceError::Store(_))) {
                again = send(&flaky, "a", &sent).await;
            }
            assert!(matches!(again, Ok(Once::Replayed(_))), "{again:?}");
            assert_eq!(sent.get(), before, "a completed record replays");
        });
    });
    assert!(runs > 4, "only {runs} runs: no faults were injected");
}

#[test]
fn a_rival_waits_for_the_lease_and_a_stalled_owner_is_fenced() {
    block_on(async {
        let (records, clock) = (MemoryRecords::default(), SimulatedClock::default());
        let idempotency = idempotency(records, &clock);
        let sent = Cell::new(0);
        let outcome: Result<Once<u32>, OnceError<std::io::Error>> = idempotency
            .run("1", b"a", || async {
                let rival = send(&idempotency, "a", &sent).await;
                assert!(matches!(rival, Err(OnceError::InProgress { .. })), "{rival:?}");
                clock.advance(LEASE + Duration::from_secs(1));
                // The lease is over: a successor takes over and completes while this one is still stalled.
                assert!(matches!(send(&idempotency, "a", &sent).await, Ok(Once::Fresh(1))));
                Ok(99)
            })
            .await;
        assert!(matches!(outcome, Err(OnceError::Fenced { lease_s: 30 })), "{outcome:?}");
        let replayed = send(&idempotency, "a", &sent).await;
        assert!(matches!(replayed, Ok(Once::Replayed(1))), "the successor's response stands: {replayed:?}");
    });
}

#[test]
fn failed_work_gives_its_record_up() {
    block_on(async {
        let (records, clock) = (MemoryRecords::default(), SimulatedClock::default());
        let idempotency = idempotency(records, &clock);
        let failed: Result<Once<u32>, _> =
            idempotency.run("1", b"a", || async { Err(std::io::Error::other("mailbox full")) }).await;
        assert!(matches!(failed, Err(OnceError::Work(_))), "{failed:?}");
        assert!(matches!(send(&idempotency, "a", &Cell::new(0)).await, Ok(Once::Fresh(1))));
    });
}

#[test]
fn another_payload_under_the_same_key_is_refused_for_the_whole_window() {
    block_on(async {
        let (records, clock) = (MemoryRecords::default(), SimulatedClock::default());
        let idempotency = idempotency(records, &clock);
        let sent = Cell::new(0);
        send(&idempotency, "a", &sent).await.unwrap();
        assert!(matches!(send(&idempotency, "b", &sent).await, Err(OnceError::KeyReused)));
        clock.advance(WINDOW + Duration::from_secs(1));
        assert!(matches!(send(&idempotency, "b", &sent).await, Ok(Once::Fresh(2))));
    });
}
