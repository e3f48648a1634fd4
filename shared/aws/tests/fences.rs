//! The fences in DynamoDB keep the same contract as those in memory, through the real SDK, and at the price intended.
#![allow(clippy::unwrap_used)]

use semel_aws::Aws;
use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::Class;
use semel_exactly_once::batch::{
    Advance, AdvanceError, Delta, Fence, FenceKey, FenceStore, ItemKey, LedgerEntry, Parked, ParkedPayload,
    Scalar, Totals,
};
use semel_testkit::{LocalDynamo, fence_store_contract};
use uuid::Uuid;

const TABLE: &str = "AnalyticsTable";

fn key() -> FenceKey {
    FenceKey {
        consumer: "analytics".to_owned(),
        cluster: "semel".to_owned(),
        topic: "telemetry".to_owned(),
        partition: 0,
        epoch: 1,
    }
}

fn fence(ids: u8) -> Fence {
    let entry = |n| LedgerEntry { id: EventId::from_bytes([n; 16]), content: 1, time_s: 2 };
    Fence {
        next_offset: i64::from(ids) + 1,
        watermark: Some(Timestamp::from_millis(1_795_366_200_123)),
        late_before: Timestamp::from_millis(1_795_365_900_123),
        segment: None,
        tail: (0..ids).map(entry).collect(),
        totals: Totals { applied: u64::from(ids) + 1, ..Totals::default() },
    }
}

fn sum(sk: &str) -> Delta {
    Delta {
        key: ItemKey { pk: "orders#EUR".to_owned(), sk: sk.to_owned() },
        add: vec![("amount", 5_900), ("orders", 2)],
        set: vec![("currency", Scalar::Text("EUR".to_owned()))],
        expires_at: Some(Timestamp::from_secs(1_795_366_200)),
    }
}

async fn advance(
    store: &impl FenceStore,
    fence: &Fence,
    deltas: &[Delta],
    parked: &[Parked],
) -> Result<(), AdvanceError> {
    let (key, token) = (key(), Uuid::new_v4());
    store.advance(&Advance { key: &key, from: None, fence, deltas, parked, token }).await
}

#[tokio::test]
async fn fences_keep_the_contract() {
    let dynamo = LocalDynamo::start().await;
    fence_store_contract(&Aws::local(dynamo.endpoint()).await.fences(TABLE)).await;
}

#[tokio::test]
async fn a_chunk_is_one_transaction_at_two_units_an_item() {
    let dynamo = LocalDynamo::start().await;
    let aws = Aws::local(dynamo.endpoint()).await;
    let store = aws.fences(TABLE);
    let deltas: Vec<Delta> = (0..9).map(|n| sum(&n.to_string())).collect();
    advance(&store, &fence(30), &deltas, &[]).await.unwrap();
    let usage = aws.requests().take();
    println!("a fence with 30 ids and 9 aggregates: {usage:?}");
    assert_eq!(
        usage.requests.into_iter().collect::<Vec<_>>(),
        [("DynamoDB.TransactWriteItems".to_owned(), 1)]
    );
    assert!(
        (usage.write_units - 20.0).abs() < 0.1,
        "ten items under 1 KB, each at twice the price of a write"
    );

    store.load(&key()).await.unwrap().expect("a fence");
    store.recall(&deltas.iter().map(|delta| delta.key.clone()).collect::<Vec<_>>()).await.unwrap();
    let usage = aws.requests().take();
    assert_eq!((usage.requests["DynamoDB.GetItem"], usage.requests["DynamoDB.BatchGetItem"]), (1, 1));
    assert!((usage.read_units - 10.0).abs() < 0.1, "{usage:?}");
}

#[tokio::test]
async fn more_keys_than_a_request_takes_are_asked_for_in_several() {
    let dynamo = LocalDynamo::start().await;
    let aws = Aws::local(dynamo.endpoint()).await;
    let store = aws.fences(TABLE);
    let payload = ParkedPayload::Inline { key: None, value: None, headers: Vec::new() };
    let timestamp = Timestamp::from_millis(9);
    let parked =
        Parked { offset: 149, timestamp, code: "json", detail: String::new(), event_id: None, payload };
    advance(&store, &fence(0), &[], &[parked]).await.unwrap();
    aws.requests().take();
    let offsets: Vec<i64> = (0..150).chain([149]).collect();
    let found = store.parked(&key(), &offsets).await.unwrap();
    assert_eq!(found.len(), 151);
    let places: Vec<usize> = (0..151).filter(|&at| found[at] == Some(timestamp)).collect();
    assert_eq!(places, [149, 150], "an offset asked for twice is answered twice");
    assert_eq!(aws.requests().take().requests["DynamoDB.BatchGetItem"], 2);
}

#[tokio::test]
async fn an_item_that_is_too_large_is_refused_for_good_and_writes_nothing() {
    let dynamo = LocalDynamo::start().await;
    let store = Aws::local(dynamo.endpoint()).await.fences(TABLE);
    let large = ("note", Scalar::Text("x".repeat(400 * 1024)));
    let deltas = [sum("small"), Delta { set: vec![large], ..sum("large") }];
    match advance(&store, &fence(0), &deltas, &[]).await {
        Err(AdvanceError::Store(error)) => {
            assert_eq!(error.class, Class::Fatal, "{error:?}");
            let said = format!("{} {:?}", error.key, error.source);
            assert!(said.contains("size") || said.contains("large"), "{said}");
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
    assert_eq!(dynamo.items(TABLE).len(), 0);
}

#[tokio::test]
async fn a_token_with_another_content_is_refused_for_good() {
    let dynamo = LocalDynamo::start().await;
    let store = Aws::local(dynamo.endpoint()).await.fences(TABLE);
    let (key, token) = (key(), Uuid::new_v4());
    let (one, other) = ([sum("one")], [sum("other")]);
    let (fence, parked) = (fence(0), []);
    let first = Advance { key: &key, from: None, fence: &fence, deltas: &one, parked: &parked, token };
    store.advance(&first).await.unwrap();
    match store.advance(&Advance { deltas: &other, ..first }).await {
        Err(AdvanceError::Store(error)) => assert_eq!(error.class, Class::Fatal, "{error:?}"),
        answer => panic!("expected a refusal, got {answer:?}"),
    }
}

#[tokio::test]
async fn an_item_that_is_no_fence_is_refused_for_good() {
    let dynamo = LocalDynamo::start().await;
    let store = Aws::local(dynamo.endpoint()).await.fences(TABLE);
    let odd =
        serde_json::json!({ "pk": { "S": key().pk() }, "sk": { "S": key().sk() }, "next": { "S": "5" } });
    dynamo.put(TABLE, &odd);
    let error = store.load(&key()).await.unwrap_err();
    assert_eq!((error.class, error.key), (Class::Fatal, key().to_string()));
}
