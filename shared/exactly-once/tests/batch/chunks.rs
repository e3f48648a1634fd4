//! How batches are cut into transactions, and what one transaction holds.

use std::sync::{Arc, Mutex};

use semel_contracts::Timestamp;
use semel_exactly_once::StoreError;
use semel_exactly_once::batch::{
    Advance, AdvanceError, Attributes, BatchError, Fence, FenceKey, FenceStore, INLINE_BYTES_MAX, ItemKey,
    ParkedPayload, PartitionState, Scalar, Settings,
};
use semel_testkit::{Faults, Faulty, MemoryFences, block_on};

use crate::world::{Logged, PARTITION, Sums, Value, World, apply, deliver, event, plain_log, tight};

fn roomy() -> Settings {
    Settings { items_max: 99, tail_max: 64, ..tight() }
}

#[test]
fn a_batch_of_few_aggregates_is_one_transaction_and_a_warm_one_reads_nothing() {
    let (world, faults) = (World::default(), Faults::none());
    let fences = Faulty::new(world.fences.clone(), faults.clone());
    let objects = Faulty::new(world.objects.clone(), faults.clone());
    let container = world.container_on(fences, objects, roomy());
    let log = plain_log(0..60);
    let first = apply(&container, &log[..30]);
    assert_eq!((first.loads, first.chunks, first.items, first.objects), (1, 1, 2, 0));
    assert_eq!(faults.requests(), 2, "the fence is read, and moved");
    let second = apply(&container, &log[30..]);
    assert_eq!((second.loads, second.chunks), (0, 1));
    assert_eq!(faults.requests(), 3, "the fence is moved");
    assert_eq!(world.numbers()["a"], 60);
}

#[test]
fn a_batch_of_more_than_99_aggregates_is_cut() {
    let world = World::default();
    let log: Vec<Logged> =
        (0..250).map(|n| Logged::new(n, 1_000, event(n as u64, 1_000, &format!("k{n}=1")))).collect();
    let counts = apply(&world.container(Settings::default()), &log);
    assert_eq!((counts.judged.applied, counts.chunks), (250, 3));
    assert_eq!(counts.items, 250 + 3);
    assert_eq!(world.numbers().len(), 250);
}

#[test]
fn parked_records_take_their_place_among_the_99() {
    let world = World::default();
    let garbage = |n: i64| Logged::new(n, 1_000, "garbage");
    let counts = apply(&world.container(Settings::default()), &(0..100).map(garbage).collect::<Vec<_>>());
    assert_eq!((counts.judged.parked, counts.chunks), (100, 2));
}

#[test]
fn a_record_of_more_than_99_aggregates_is_parked_and_its_neighbours_are_applied() {
    let world = World::default();
    let many = |n: usize| (0..n).map(|k| format!("k{k}=1 k{k}=1")).collect::<Vec<_>>().join(" ");
    let log = [
        Logged::new(0, 1_000, event(0, 1_000, "a=1")),
        Logged::new(1, 1_000, event(1, 1_000, &many(100))),
        Logged::new(2, 1_000, event(2, 1_000, &many(99))),
        Logged::new(3, 1_000, event(1, 1_000, "a=1")),
    ];
    let counts = apply(&world.container(Settings::default()), &log);
    assert_eq!((counts.judged.applied, counts.judged.parked), (3, 1), "a parked event's id stays free");
    assert_eq!(world.parked(), [(1, "too_many_aggregates")].into());
    assert_eq!(world.numbers()["k0"], 2, "198 changes of 99 aggregates are not too many");
}

#[test]
fn a_parked_record_holds_its_bytes_or_says_where_they_are() {
    let world = World::default();
    let log = [
        Logged::new(0, 1_000, "x".repeat(INLINE_BYTES_MAX - 5)),
        Logged::new(1, 1_000, "y".repeat(INLINE_BYTES_MAX - 4)),
        Logged { offset: 2, at_ms: 1_000, value: Value::Undecodable("%%%") },
        Logged { offset: 3, at_ms: 1_000, value: Value::Absent },
    ];
    let counts = apply(&world.container(roomy()), &log);
    assert_eq!(counts.objects, 1);
    let parked = world.fences.all_parked();
    let payload = |offset: i64| &parked[&(world.key(), offset)].payload;
    let value = |offset: i64| match payload(offset) {
        ParkedPayload::Inline { key, value, headers } => {
            assert_eq!((key.as_deref(), headers.len()), (Some(b"key".as_slice()), 1));
            value.clone()
        }
        ParkedPayload::Object(object) => panic!("{offset} is in {object}"),
    };
    // Key and header count as well: "key", "h", "1".
    assert_eq!(value(0).map(|v| v.len()), Some(INLINE_BYTES_MAX - 5));
    assert_eq!(value(2), Some(b"%%%".to_vec()));
    assert_eq!(value(3), None);
    let ParkedPayload::Object(object) = payload(1) else { panic!("it fits nowhere else") };
    let text = String::from_utf8(world.objects.all()[object].clone()).unwrap();
    assert!(text.contains("\"value\":\"eXl5") && text.contains("\"key\":\"a2V5\""), "{}", &text[..80]);
    assert!(parked[&(world.key(), 0)].detail.len() <= 1_000);
}

#[test]
fn the_last_reading_by_event_time_counts_across_batches_and_containers() {
    let world = World::default();
    let reading = |offset: i64, at_ms: u64, level: i64| {
        Logged::new(offset, 9_000, event(offset as u64, at_ms, &format!("@level={level}")))
    };
    let container = world.container(roomy());
    apply(&container, &[reading(0, 5_000, 5), reading(1, 4_000, 4)]);
    apply(&container, &[reading(2, 3_000, 3)]);
    assert_eq!(world.numbers()["@level"], 5, "older readings came later");
    apply(&world.container(roomy()), &[reading(3, 6_000, 6), reading(4, 2_000, 2)]);
    assert_eq!(world.numbers()["@level"], 6);
}

#[test]
fn an_aggregate_that_cannot_be_read_stops_the_partition_and_names_the_item() {
    let world = World::default();
    let key = ItemKey { pk: "@level".to_owned(), sk: world.key().writer() };
    world.fences.set_item(key, Attributes::from([("last".to_owned(), Scalar::Text("seven".to_owned()))]));
    let record = Logged::new(0, 1_000, event(0, 1_000, "@level=1"));
    let stopped = block_on(deliver(&world.container(roomy()), &[record])).expect_err("stops");
    assert!(matches!(stopped.error, BatchError::Aggregate { .. }), "{stopped:?}");
    assert!(stopped.error.to_string().contains("@level / telemetry-3@1"), "{}", stopped.error);
}

#[test]
fn a_busy_transaction_is_tried_again_with_the_same_token_and_bytes() {
    let world = World::default();
    let recorder = Recorder { store: world.fences.clone(), busy: 3, seen: Arc::default() };
    let container = world.container_on(recorder.clone(), world.objects.clone(), roomy());
    let counts = apply(&container, &plain_log(0..5));
    assert_eq!((counts.chunks, counts.loads), (1, 1));
    let seen = recorder.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 4);
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    assert_eq!(world.numbers()["a"], 5);
}

#[test]
fn a_transaction_that_stays_busy_is_left_to_a_later_delivery() {
    let world = World::default();
    let recorder = Recorder { store: world.fences.clone(), busy: usize::MAX, seen: Arc::default() };
    let container = world.container_on(recorder.clone(), world.objects.clone(), roomy());
    let stopped = block_on(deliver(&container, &plain_log(7..9))).expect_err("gives up");
    assert!(matches!(stopped.error, BatchError::Contended { attempts: 8, .. }), "{stopped:?}");
    assert_eq!(stopped.resume_at, 7);
    assert_eq!(recorder.seen.lock().unwrap().len(), 8);
}

#[test]
fn judging_without_io_comes_to_the_same_fence() {
    let world = World::default();
    let (container, log) = (world.container(tight()), plain_log(0..50));
    let mut state = PartitionState::new(world.key(), tight());
    for batch in log.chunks(7) {
        let counts = apply(&container, batch);
        let records: Vec<_> = batch.iter().map(Logged::record).collect();
        let chunks = state.judge_all(&Sums, &records);
        assert_eq!(chunks.len() as u64, counts.chunks);
        assert_eq!(chunks.last().unwrap().fence, world.fence());
        assert!(state.judge_all(&Sums, &records).is_empty(), "they are below the fence by now");
    }
}

#[test]
fn the_future_can_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let world = World::default();
    let container = world.container(roomy());
    let log = plain_log(0..1);
    let records: Vec<_> = log.iter().map(Logged::record).collect();
    let future = container.handle(PARTITION, &records);
    assert_send(&future);
    block_on(future).unwrap();
}

/// Answers `Busy` so many times, and writes down what it was asked.
#[derive(Debug, Clone)]
struct Recorder {
    store: MemoryFences,
    busy: usize,
    seen: Arc<Mutex<Vec<String>>>,
}

impl FenceStore for Recorder {
    async fn load(&self, key: &FenceKey) -> Result<Option<Fence>, StoreError> {
        self.store.load(key).await
    }

    async fn parked(&self, key: &FenceKey, offsets: &[i64]) -> Result<Vec<Option<Timestamp>>, StoreError> {
        self.store.parked(key, offsets).await
    }

    async fn recall(&self, keys: &[ItemKey]) -> Result<Vec<Option<Attributes>>, StoreError> {
        self.store.recall(keys).await
    }

    async fn advance(&self, advance: &Advance<'_>) -> Result<(), AdvanceError> {
        let attempt = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(format!("{advance:?}"));
            seen.len()
        };
        if attempt <= self.busy { Err(AdvanceError::Busy) } else { self.store.advance(advance).await }
    }
}
