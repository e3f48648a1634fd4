//! What every store has to keep to, whatever it is made of. The in-memory stores and DynamoDB run the same suite.

use std::time::Duration;

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::{
    Adjustment, AggregateStore, Claimed, Clock, CommitError, Index, IndexValue, Record, RecordStore, Seen,
    SeenEntry, Stored, Write,
};
use uuid::Uuid;

use crate::SimulatedClock;

fn stored(version: u64, state: &str) -> Stored {
    let mut seen = Seen::default();
    seen.insert(EventId::from_bytes([7; 16]), Timestamp::from_millis(1_000), 300);
    Stored { version, state: state.to_owned(), seen, spilled_until_s: None }
}

/// A write with nothing special about it.
struct Plain {
    key: &'static str,
    stored: Stored,
    index: Index,
    adjust: Vec<Adjustment>,
    spill: Vec<SeenEntry>,
    token: Uuid,
}

impl Plain {
    fn new(key: &'static str, version: u64, state: &str) -> Self {
        let (index, adjust, spill) = (Index::new(), Vec::new(), Vec::new());
        Self { key, stored: stored(version, state), index, adjust, spill, token: Uuid::new_v4() }
    }

    fn expecting(&self, expected: Option<u64>) -> Write<'_> {
        Write {
            key: self.key,
            expected,
            stored: &self.stored,
            outbox: Some(r#"{"at":1,"events":[]}"#),
            index: &self.index,
            adjust: &self.adjust,
            spill: &self.spill,
            token: self.token,
        }
    }
}

/// Runs the suite of [`AggregateStore`] on an empty store; `set_counter` creates a counter behind its back.
pub async fn aggregate_store_contract<S, F>(store: &S, mut set_counter: impl FnMut(&'static str, i64) -> F)
where
    S: AggregateStore,
    F: Future<Output = ()>,
{
    what_is_written_is_read(store).await;
    a_write_needs_the_version_it_read(store).await;
    set_counter("pool#contract", 5).await;
    counters_move_with_the_item_or_not_at_all(store).await;
    a_conflict_outranks_a_short_counter(store).await;
    spilled_ids_are_found_until_they_expire(store).await;
}

async fn what_is_written_is_read(store: &impl AggregateStore) {
    assert_eq!(store.load("account#absent").await.expect("loads"), None);
    let mut first = Plain::new("account#read", 1, r#"{"balance":1}"#);
    first.stored.spilled_until_s = Some(77);
    first.index.insert("holder", IndexValue::Text("ada".to_owned()));
    first.index.insert("due_at", IndexValue::Number(9));
    store.commit(&first.expecting(None)).await.expect("creates");
    assert_eq!(store.load("account#read").await.expect("loads").as_ref(), Some(&first.stored));
}

async fn a_write_needs_the_version_it_read(store: &impl AggregateStore) {
    let key = "account#versions";
    let first = Plain::new(key, 1, "1");
    let second = Plain::new(key, 2, "2");
    let absent = store.commit(&second.expecting(Some(1))).await;
    assert!(matches!(absent, Err(CommitError::Conflict(None))), "an absent item has no version: {absent:?}");
    store.commit(&first.expecting(None)).await.expect("creates");
    conflict_shows(store.commit(&first.expecting(None)).await, &first.stored);
    store.commit(&second.expecting(Some(1))).await.expect("moves on");
    conflict_shows(store.commit(&second.expecting(Some(1))).await, &second.stored);
    assert_eq!(store.load(key).await.expect("loads"), Some(second.stored));
}

fn conflict_shows(outcome: Result<(), CommitError>, found: &Stored) {
    match outcome {
        Err(CommitError::Conflict(Some(shown))) => assert_eq!(shown.as_ref(), found),
        other => panic!("expected a conflict that shows what is there, got {other:?}"),
    }
}

fn draw(key: &'static str, amount: i64) -> Adjustment {
    Adjustment { key: key.to_owned(), attribute: "left", delta: -amount }
}

async fn counters_move_with_the_item_or_not_at_all(store: &impl AggregateStore) {
    let mut write = Plain::new("account#draws", 1, "1");
    write.adjust = vec![draw("pool#contract", 4)];
    store.commit(&write.expecting(None)).await.expect("4 of 5 are there");

    let mut short = Plain::new("account#short", 1, "1");
    short.adjust = vec![draw("pool#contract", 1), draw("pool#unknown", 1)];
    let outcome = store.commit(&short.expecting(None)).await;
    assert!(matches!(&outcome, Err(CommitError::Short(at)) if at == &[1]), "unknown counter: {outcome:?}");

    let mut short = Plain::new("account#short", 1, "1");
    short.adjust = vec![draw("pool#contract", 2)];
    let outcome = store.commit(&short.expecting(None)).await;
    assert!(matches!(&outcome, Err(CommitError::Short(at)) if at == &[0]), "only 1 is left: {outcome:?}");
    assert_eq!(store.load("account#short").await.expect("loads"), None, "nothing was half-written");

    let mut last = Plain::new("account#short", 1, "1");
    last.adjust = vec![draw("pool#contract", 1)];
    store.commit(&last.expecting(None)).await.expect("the 1 that is left");
    let mut back = Plain::new("account#short", 2, "2");
    back.adjust = vec![draw("pool#contract", -3)];
    store.commit(&back.expecting(Some(1))).await.expect("gives back");
    a_repeated_transaction_moves_nothing_twice(store, &back).await;
}

/// The outcome of the first may have been lost: the same token and arguments may be sent again.
async fn a_repeated_transaction_moves_nothing_twice(store: &impl AggregateStore, done: &Plain) {
    match store.commit(&done.expecting(Some(1))).await {
        Ok(()) => {}
        Err(CommitError::Conflict(Some(shown))) => assert_eq!(*shown, done.stored),
        other => panic!("a repetition is done already, or shows what it did: {other:?}"),
    }
    let mut rest = Plain::new("account#rest", 1, "1");
    rest.adjust = vec![draw("pool#contract", 4)];
    let outcome = store.commit(&rest.expecting(None)).await;
    assert!(matches!(outcome, Err(CommitError::Short(_))), "3 were given back, not 6: {outcome:?}");
}

async fn a_conflict_outranks_a_short_counter(store: &impl AggregateStore) {
    let mut write = Plain::new("account#draws", 1, "1");
    write.adjust = vec![draw("pool#contract", 1_000)];
    match store.commit(&write.expecting(None)).await {
        Err(CommitError::Conflict(Some(shown))) => assert_eq!(shown.version, 1),
        other => panic!("a lost race must be decided again, not be taken for a shortage: {other:?}"),
    }
}

async fn spilled_ids_are_found_until_they_expire(store: &impl AggregateStore) {
    let key = "account#spills";
    let (old, young) = (EventId::from_bytes([1; 16]), EventId::from_bytes([2; 16]));
    let mut write = Plain::new(key, 1, "1");
    write.spill = vec![SeenEntry { id: old, expires_s: 100 }, SeenEntry { id: young, expires_s: 200 }];
    store.commit(&write.expecting(None)).await.expect("spills");
    let unknown = EventId::from_bytes([3; 16]);
    let at = |seconds: u64| Timestamp::from_millis(seconds * 1_000);
    let mut found = store.spilled(key, &[old, unknown, young], at(50)).await.expect("asks");
    found.sort();
    assert_eq!(found, [old, young]);
    assert_eq!(store.spilled(key, &[old, young], at(150)).await.expect("asks"), [young]);
    assert!(store.spilled("account#other", &[old], at(50)).await.expect("asks").is_empty());
}

/// Runs the suite of [`RecordStore`] on an empty store.
pub async fn record_store_contract(store: &impl RecordStore) {
    let clock = SimulatedClock::default();
    a_claim_is_exclusive_until_its_lease_ends(store, &clock).await;
    a_loser_can_neither_complete_nor_release(store, &clock).await;
    an_expired_record_is_as_good_as_none(store, &clock).await;
}

fn record(clock: &SimulatedClock, owner: u64, fingerprint: &str) -> Record {
    let now = clock.now();
    Record {
        owner,
        fingerprint: fingerprint.to_owned(),
        lease_until: Some(now.saturating_add(Duration::from_secs(10))),
        expires_at: now.saturating_add(Duration::from_mins(5)),
        response: None,
    }
}

async fn claim(store: &impl RecordStore, clock: &SimulatedClock, key: &str, record: &Record) -> Claimed {
    store.claim(key, record, clock.now()).await.expect("claims")
}

async fn a_claim_is_exclusive_until_its_lease_ends(store: &impl RecordStore, clock: &SimulatedClock) {
    let first = record(clock, 1, "a");
    assert_eq!(claim(store, clock, "k#lease", &first).await, Claimed::Won);
    let rival = record(clock, 2, "a");
    assert_eq!(claim(store, clock, "k#lease", &rival).await, Claimed::Held(first.clone()));
    clock.advance(Duration::from_secs(11));
    let stranger = record(clock, 3, "b");
    assert_eq!(claim(store, clock, "k#lease", &stranger).await, Claimed::Held(first), "another payload");
    let heir = record(clock, 2, "a");
    assert_eq!(claim(store, clock, "k#lease", &heir).await, Claimed::Won);
}

async fn a_loser_can_neither_complete_nor_release(store: &impl RecordStore, clock: &SimulatedClock) {
    let (key, end) = ("k#fence", clock.now().saturating_add(Duration::from_mins(5)));
    let owner = record(clock, u64::MAX, "a");
    assert_eq!(claim(store, clock, key, &owner).await, Claimed::Won);
    assert!(!store.complete(key, 1, "\"stale\"", end).await.expect("asks"));
    assert!(!store.release(key, 1).await.expect("asks"));
    assert!(store.complete(key, owner.owner, "\"done\"", end).await.expect("completes"));
    assert!(!store.release(key, owner.owner).await.expect("asks"), "done is done");
    match claim(store, clock, key, &record(clock, 3, "a")).await {
        Claimed::Held(held) => assert_eq!(held.response.as_deref(), Some("\"done\"")),
        Claimed::Won => panic!("a completed record was claimed again inside its window"),
    }
    let given_up = record(clock, 4, "a");
    assert_eq!(claim(store, clock, "k#given-up", &given_up).await, Claimed::Won);
    assert!(store.release("k#given-up", 4).await.expect("releases"));
    assert_eq!(claim(store, clock, "k#given-up", &record(clock, 5, "a")).await, Claimed::Won);
}

async fn an_expired_record_is_as_good_as_none(store: &impl RecordStore, clock: &SimulatedClock) {
    let end = clock.now().saturating_add(Duration::from_secs(1));
    assert_eq!(claim(store, clock, "k#expiry", &record(clock, 1, "a")).await, Claimed::Won);
    assert!(store.complete("k#expiry", 1, "1", end).await.expect("completes"));
    clock.advance(Duration::from_secs(2));
    // The table's own deletion has not come yet, and another payload may use the key again.
    assert_eq!(claim(store, clock, "k#expiry", &record(clock, 2, "b")).await, Claimed::Won);
}
