//! What every store of the batch protocol has to keep to, whatever it is made of. Memory, `DynamoDB` and S3 run the
//! same suite.

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::batch::{
    Advance, AdvanceError, Attributes, Delta, Fence, FenceKey, FenceStore, ITEMS_MAX, ItemKey, LedgerEntry,
    ObjectStore, Parked, ParkedPayload, Scalar, SegmentRef, Totals,
};
use uuid::Uuid;

fn fence_key(topic: &str) -> FenceKey {
    FenceKey {
        consumer: "contract".to_owned(),
        cluster: "main".to_owned(),
        topic: topic.to_owned(),
        partition: 3,
        epoch: 1,
    }
}

fn fence(next_offset: i64) -> Fence {
    Fence {
        next_offset,
        watermark: None,
        late_before: Timestamp::EPOCH,
        segment: None,
        tail: Vec::new(),
        totals: Totals::default(),
    }
}

fn item(name: &str) -> ItemKey {
    ItemKey { pk: format!("contract#{name}"), sk: "2026-11-22T16:50#telemetry-3@1".to_owned() }
}

fn count(name: &str, by: i64) -> Delta {
    Delta { key: item(name), add: vec![("events", by)], set: Vec::new(), expires_at: None }
}

fn parked(offset: i64, payload: ParkedPayload) -> Parked {
    Parked {
        offset,
        timestamp: Timestamp::from_millis(1_000 + offset.unsigned_abs()),
        code: "json",
        detail: "expected `,` at column 7".to_owned(),
        event_id: None,
        payload,
    }
}

/// A transaction from the place that the fence before it left.
struct Step<'a> {
    key: &'a FenceKey,
    from: Option<i64>,
    fence: Fence,
    deltas: Vec<Delta>,
    parked: Vec<Parked>,
    token: Uuid,
}

impl<'a> Step<'a> {
    fn new(key: &'a FenceKey, from: Option<i64>, to: i64) -> Self {
        // Different for every step of the suite, the same for a repetition.
        let name = format!("{key} {from:?} {to}");
        let token = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
        Self { key, from, fence: fence(to), deltas: Vec::new(), parked: Vec::new(), token }
    }

    async fn run(&self, store: &impl FenceStore) -> Result<(), AdvanceError> {
        let Self { key, from, fence, deltas, parked, token } = self;
        store.advance(&Advance { key, from: *from, fence, deltas, parked, token: *token }).await
    }
}

/// Runs the suite of [`FenceStore`] on an empty store.
pub async fn fence_store_contract(store: &impl FenceStore) {
    a_fence_is_read_as_it_was_written(store).await;
    a_fence_moves_only_from_where_it_stands(store).await;
    a_moved_fence_changes_nothing_else(store).await;
    a_repeated_token_adds_once(store).await;
    aggregates_add_up_and_are_recalled_in_order(store).await;
    parked_records_are_told_by_offset_and_epoch(store).await;
    a_full_transaction_is_taken(store).await;
}

async fn a_fence_is_read_as_it_was_written(store: &impl FenceStore) {
    let key = fence_key("fields");
    assert_eq!(store.load(&key).await.expect("loads"), None);
    let mut step = Step::new(&key, None, 7);
    step.run(store).await.expect("creates");
    assert_eq!(store.load(&key).await.expect("loads"), Some(step.fence.clone()), "nothing but the offset");
    let entry =
        |n: u8| LedgerEntry { id: EventId::from_bytes([n; 16]), content: u32::MAX, time_s: u32::from(n) };
    step = Step::new(&key, Some(7), i64::MAX);
    step.fence.watermark = Some(Timestamp::from_millis(1_795_366_200_123));
    step.fence.late_before = Timestamp::from_millis(1_795_365_900_123);
    step.fence.tail = (0..64).map(entry).collect();
    step.fence.segment = Some(SegmentRef { first: 0, next: 7, newest_s: u32::MAX, ids: 9, hash: u64::MAX });
    step.fence.totals = Totals { applied: 1, duplicate: 2, late: 3, parked: u64::from(u32::MAX) };
    step.run(store).await.expect("moves");
    assert_eq!(store.load(&key).await.expect("loads"), Some(step.fence.clone()), "everything");
    for other in [
        FenceKey { epoch: 2, ..key.clone() },
        FenceKey { partition: 4, ..key.clone() },
        FenceKey { topic: "field".to_owned(), ..key.clone() },
        FenceKey { cluster: "other".to_owned(), ..key.clone() },
        FenceKey { consumer: "other".to_owned(), ..key.clone() },
    ] {
        assert_eq!(store.load(&other).await.expect("loads"), None, "{other} is another log");
    }
}

async fn a_fence_moves_only_from_where_it_stands(store: &impl FenceStore) {
    let key = fence_key("moves");
    let moved = |outcome| matches!(outcome, Err(AdvanceError::Moved));
    assert!(moved(Step::new(&key, Some(0), 5).run(store).await), "there is none to move");
    Step::new(&key, None, 5).run(store).await.expect("creates");
    assert!(moved(Step::new(&key, None, 6).run(store).await), "there is one already");
    assert!(moved(Step::new(&key, Some(4), 6).run(store).await), "it stands further on");
    assert!(moved(Step::new(&key, Some(6), 7).run(store).await), "it does not stand there yet");
    Step::new(&key, Some(5), 7).run(store).await.expect("moves");
    assert_eq!(store.load(&key).await.expect("loads").map(|f| f.next_offset), Some(7));
}

async fn a_moved_fence_changes_nothing_else(store: &impl FenceStore) {
    let key = fence_key("loses");
    Step::new(&key, None, 5).run(store).await.expect("creates");
    let mut loser = Step::new(&key, Some(3), 6);
    loser.deltas = vec![count("loser", 1)];
    loser.parked = vec![parked(4, ParkedPayload::Object("parked/4.json".to_owned()))];
    assert!(matches!(loser.run(store).await, Err(AdvanceError::Moved)));
    assert_eq!(store.recall(&[item("loser")]).await.expect("recalls"), [None]);
    assert_eq!(store.parked(&key, &[4]).await.expect("asks"), [None]);
}

async fn a_repeated_token_adds_once(store: &impl FenceStore) {
    let key = fence_key("repeats");
    let mut step = Step::new(&key, None, 5);
    step.deltas = vec![count("repeated", 2)];
    step.run(store).await.expect("creates");
    match step.run(store).await {
        Ok(()) | Err(AdvanceError::Moved) => {}
        other => panic!("a repetition is answered like the first time, or with Moved: {other:?}"),
    }
    assert_eq!(events(store, "repeated").await, Some(2));
}

async fn events(store: &impl FenceStore, name: &str) -> Option<i64> {
    let mut items = store.recall(&[item(name)]).await.expect("recalls");
    match items.pop().flatten()?.get("events")? {
        Scalar::Number(number) => Some(*number),
        Scalar::Text(_) => None,
    }
}

async fn aggregates_add_up_and_are_recalled_in_order(store: &impl FenceStore) {
    let key = fence_key("adds");
    let mut step = Step::new(&key, None, 1);
    let level = |level| ("level", Scalar::Number(level));
    step.deltas = vec![count("a", 5), Delta { set: vec![level(3)], ..count("b", -2) }];
    step.run(store).await.expect("creates");
    let mut step = Step::new(&key, Some(1), 2);
    let unit = ("unit", Scalar::Text("pièces".to_owned()));
    let expires_at = Some(Timestamp::from_secs(4_000_000_000));
    step.deltas = vec![
        count("a", i64::from(u32::MAX)),
        Delta { set: vec![level(4), unit], expires_at, ..count("b", 0) },
    ];
    step.run(store).await.expect("moves");
    let recalled = store.recall(&[item("b"), item("absent"), item("a")]).await.expect("recalls");
    let [Some(b), None, Some(a)] = recalled.as_slice() else {
        panic!("not in the order asked for: {recalled:?}")
    };
    let has =
        |item: &Attributes, name: &str, value: Scalar| assert_eq!(item.get(name), Some(&value), "{name}");
    has(a, "events", Scalar::Number(5 + i64::from(u32::MAX)));
    has(b, "events", Scalar::Number(-2));
    has(b, "level", Scalar::Number(4));
    has(b, "unit", Scalar::Text("pièces".to_owned()));
}

async fn parked_records_are_told_by_offset_and_epoch(store: &impl FenceStore) {
    let key = fence_key("parks");
    let mut step = Step::new(&key, None, 10);
    let headers = vec![("traceparent".to_owned(), b"00-1".to_vec()), (String::new(), Vec::new())];
    let inline = |key: Option<&[u8]>, value: Option<&[u8]>| ParkedPayload::Inline {
        key: key.map(<[u8]>::to_vec),
        value: value.map(<[u8]>::to_vec),
        headers: headers.clone(),
    };
    step.parked = vec![
        parked(2, inline(Some(b"k"), Some(b"\xff\x00"))),
        parked(3, inline(None, None)),
        parked(4, inline(Some(b""), Some(b""))),
        Parked {
            event_id: Some(EventId::from_bytes([7; 16])),
            ..parked(9, ParkedPayload::Object("o".to_owned()))
        },
    ];
    step.run(store).await.expect("parks");
    let at = |offset: u64| Some(Timestamp::from_millis(1_000 + offset));
    let found = store.parked(&key, &[9, 5, 2, 3, 4]).await.expect("asks");
    assert_eq!(found, [at(9), None, at(2), at(3), at(4)]);
    let epoch = FenceKey { epoch: 2, ..key };
    assert_eq!(store.parked(&epoch, &[2, 9]).await.expect("asks"), [None, None]);
}

async fn a_full_transaction_is_taken(store: &impl FenceStore) {
    let key = fence_key("full");
    let mut step = Step::new(&key, None, 100);
    let value = ParkedPayload::Inline { key: None, value: Some(vec![b'x'; 32 * 1024]), headers: Vec::new() };
    step.parked = (0..49).map(|offset| parked(offset, value.clone())).collect();
    step.deltas = (step.parked.len()..ITEMS_MAX).map(|n| count(&format!("full-{n}"), 1)).collect();
    step.run(store).await.expect("a hundred items");
    let items: Vec<ItemKey> = step.deltas.iter().map(|d| d.key.clone()).collect();
    assert!(store.recall(&items).await.expect("recalls").iter().all(Option::is_some));
    let offsets: Vec<i64> = (0..).take(ITEMS_MAX).collect();
    assert_eq!(store.parked(&key, &offsets).await.expect("asks").iter().flatten().count(), 49);
}

/// Runs the suite of [`ObjectStore`] on an empty store.
pub async fn object_store_contract(store: &impl ObjectStore) {
    let key = "ledger/contract/main/telemetry/3/1/00000000000000000000-1";
    assert_eq!(store.get(key).await.expect("asks"), None);
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    store.put(key, &bytes).await.expect("writes");
    store.put(key, &bytes).await.expect("a repetition changes nothing");
    assert_eq!(store.get(key).await.expect("reads"), Some(bytes));
    store.put("parked/empty.json", b"").await.expect("writes");
    assert_eq!(store.get("parked/empty.json").await.expect("reads"), Some(Vec::new()));
    store.delete(&[]).await.expect("nothing to delete");
    store.delete(&[key.to_owned(), "ledger/absent".to_owned()]).await.expect("an absent one is no error");
    assert_eq!(store.get(key).await.expect("asks"), None);
    assert_eq!(store.get("parked/empty.json").await.expect("reads"), Some(Vec::new()), "the neighbour stays");
}
