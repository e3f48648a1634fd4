//! What DynamoDB may answer and a local one never does: conflicts, throttling, unprocessed keys. And sizes.

use semel_contracts::EventId;
use semel_exactly_once::batch::{LedgerEntry, Parked, ParkedPayload, Scalar, SegmentRef, Totals};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::wire::{Response, Wire, refusal};

const TABLE: &str = "AnalyticsTable";

fn at() -> FenceKey {
    FenceKey {
        consumer: "analytics".to_owned(),
        cluster: "semel".to_owned(),
        topic: "telemetry".to_owned(),
        partition: 117,
        epoch: 1,
    }
}

/// A fence that has seen much, with `ids` in its tail.
fn fence(ids: u8) -> Fence {
    let entry = |n| LedgerEntry { id: EventId::from_bytes([n; 16]), content: u32::MAX, time_s: u32::MAX };
    let many = 123_456_789_012;
    Fence {
        next_offset: many,
        watermark: Some(Timestamp::from_millis(1_795_366_200_123)),
        late_before: Timestamp::from_millis(1_795_365_900_123),
        segment: Some(SegmentRef {
            first: many - 5_000,
            next: many,
            newest_s: 1_795_366_200,
            ids: 4_096,
            hash: u64::MAX,
        }),
        tail: (0..ids).map(entry).collect(),
        totals: Totals { applied: u64::MAX, duplicate: 123_456, late: 123_456, parked: 123_456 },
    }
}

fn delta(sk: &str) -> Delta {
    Delta {
        key: ItemKey { pk: "revenue#EUR".to_owned(), sk: sk.to_owned() },
        add: vec![("amount", 990), ("orders", 1)],
        set: vec![("last", Scalar::Text("order".to_owned()))],
        expires_at: Some(Timestamp::from_millis(1_795_366_200_123)),
    }
}

fn parked(offset: i64) -> Parked {
    Parked {
        offset,
        timestamp: Timestamp::from_millis(9),
        code: "json",
        detail: "not JSON".to_owned(),
        event_id: None,
        payload: ParkedPayload::Inline { key: None, value: Some(b"{".to_vec()), headers: Vec::new() },
    }
}

/// Advances with a delta that says nothing, two that do and a parked record, through a DynamoDB that answers so.
async fn advance(wire: &Wire) -> Result<(), AdvanceError> {
    let empty = Delta { add: Vec::new(), set: Vec::new(), expires_at: None, ..delta("empty") };
    let (key, fence, parked) = (at(), fence(1), [parked(7)]);
    let deltas = [empty, delta("first"), delta("second")];
    let token = Uuid::from_bytes([7; 16]);
    let advance =
        Advance { key: &key, from: Some(41), fence: &fence, deltas: &deltas, parked: &parked, token };
    wire.aws().fences(TABLE).advance(&advance).await
}

/// A cancelled transaction with one reason for each item.
fn cancelled(codes: &[&str]) -> Response {
    let reason = |code: &&str| match *code {
        "None" => json!({ "Code": "None" }),
        code => json!({ "Code": code, "Message": format!("{code} said so") }),
    };
    let reasons: Vec<Value> = codes.iter().map(reason).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled", "CancellationReasons": reasons,
    });
    crate::wire::json(400, &body)
}

async fn advance_cancelled_for(codes: &'static [&'static str]) -> AdvanceError {
    advance(&Wire::answering(move |_| cancelled(codes))).await.expect_err("it was cancelled")
}

fn store_error(error: AdvanceError) -> StoreError {
    match error {
        AdvanceError::Store(error) => error,
        AdvanceError::Moved | AdvanceError::Busy => panic!("expected an error of the store, got {error:?}"),
    }
}

#[tokio::test]
async fn an_advance_is_one_transaction_with_its_token_and_the_fence_in_front() {
    let capacity = json!({ "ConsumedCapacity": [{ "TableName": TABLE, "CapacityUnits": 8.0 }] });
    let wire = Wire::answering(move |_| crate::wire::json(200, &capacity));
    let aws = wire.aws();
    let (key, fence) = (at(), fence(0));
    let token = Uuid::from_bytes([7; 16]);
    let first = Advance { key: &key, from: None, fence: &fence, deltas: &[], parked: &[], token };
    aws.fences(TABLE).advance(&first).await.expect("it is written");
    advance(&wire).await.expect("it is written");

    let [first, second] = &wire.requests()[..] else { panic!("two requests") };
    assert_eq!(first.json()["ClientRequestToken"], token.to_string());
    let put = &first.json()["TransactItems"][0]["Put"];
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(#pk)");
    let items = second.json()["TransactItems"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(4), "an empty change is none");
    assert_eq!(items[0]["Put"]["ConditionExpression"], "#next = :from");
    assert_eq!(items[0]["Put"]["ExpressionAttributeValues"], json!({ ":from": { "N": "41" } }));
    assert_eq!(items[1]["Update"]["UpdateExpression"], "SET #0 = :0, #1 = :1 ADD #2 :2, #3 :3 ");
    assert_eq!(items[1]["Update"]["ExpressionAttributeValues"][":1"], json!({ "N": "1795366201" }));
    assert_eq!(items[2]["Update"]["Key"]["sk"], json!({ "S": "second" }));
    assert_eq!(items[3]["Put"]["Item"]["sk"], json!({ "S": at().parked_sk(7) }));
    let usage = aws.requests().take();
    assert_eq!((usage.requests["DynamoDB.TransactWriteItems"], usage.write_units), (1, 8.0));
}

#[tokio::test]
async fn a_fence_that_moved_outranks_everything_else() {
    let error =
        advance_cancelled_for(&["ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "None"]);
    assert!(matches!(error.await, AdvanceError::Moved));
}

#[tokio::test]
async fn an_item_held_by_another_transaction_makes_it_busy() {
    for codes in [
        &["TransactionConflict", "None", "None", "None"],
        &["None", "ThrottlingError", "TransactionConflict", "None"],
    ] {
        assert!(matches!(advance_cancelled_for(codes).await, AdvanceError::Busy), "{codes:?}");
    }
    let wire = Wire::answering(|_| refusal(400, "TransactionInProgressException"));
    assert!(matches!(advance(&wire).await, Err(AdvanceError::Busy)), "the same token is still at work");
}

#[tokio::test]
async fn an_item_that_is_throttled_may_be_written_later() {
    for code in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
        let wire = Wire::answering(move |_| cancelled(&["None", "None", code, "None"]));
        let error = store_error(advance(&wire).await.expect_err("throttled"));
        assert_eq!((error.class, error.key.as_str()), (Class::Transient, "revenue#EUR / second"));
        assert!(error.source.to_string().contains(code), "{}", error.source);
    }
}

#[tokio::test]
async fn an_item_that_cannot_be_written_is_named() {
    let names = [
        at().to_string(),
        "revenue#EUR / first".to_owned(),
        "revenue#EUR / second".to_owned(),
        format!("{} / {}", at().parked_pk(), at().parked_sk(7)),
    ];
    for (place, name) in names.into_iter().enumerate() {
        let mut codes = ["None"; 4];
        codes[place] = "ValidationError";
        let wire = Wire::answering(move |_| cancelled(&codes));
        let error = store_error(advance(&wire).await.expect_err("refused"));
        assert_eq!((error.class, error.key), (Class::Fatal, name));
        assert!(error.source.to_string().contains("ValidationError said so"), "{}", error.source);
    }
    let error = store_error(advance_cancelled_for(&[]).await);
    assert_eq!((error.class, error.key), (Class::Fatal, at().to_string()), "no reason, no item");
}

#[tokio::test]
async fn a_request_that_is_refused_whole_is_classed_by_its_code() {
    for (status, code, class) in [
        (400, "ThrottlingException", Class::Transient),
        (400, "ProvisionedThroughputExceededException", Class::Transient),
        (500, "InternalServerError", Class::Transient),
        (400, "IdempotentParameterMismatchException", Class::Fatal),
        (400, "ValidationException", Class::Fatal),
    ] {
        let wire = Wire::answering(move |_| refusal(status, code));
        let error = store_error(advance(&wire).await.expect_err("refused"));
        assert_eq!((error.class, error.operation), (class, TRANSACT), "{code}");
    }
}

#[tokio::test]
async fn keys_that_stay_unprocessed_are_asked_for_again_and_then_given_up() {
    let keys: Vec<ItemKey> = ["a", "b", "c"].map(|sk| delta(sk).key).to_vec();
    // One key an answer, the last one first.
    let wire = Wire::answering(|sent| {
        let mut keys = sent.json()["RequestItems"][TABLE]["Keys"].clone();
        let keys = keys.as_array_mut().expect("keys");
        let mut item = keys.pop().expect("a key");
        item["amount"] = json!({ "N": "5" });
        let mut answer = json!({
            "Responses": { TABLE: [item] },
            "ConsumedCapacity": [{ "TableName": TABLE, "CapacityUnits": 1.0 }],
        });
        if !keys.is_empty() {
            answer["UnprocessedKeys"] = json!({ TABLE: { "ConsistentRead": true, "Keys": keys } });
        }
        crate::wire::json(200, &answer)
    });
    let aws = wire.aws();
    let found = aws.fences(TABLE).recall(&keys).await.expect("an answer");
    let five = Attributes::from([("amount".to_owned(), Scalar::Number(5))]);
    assert_eq!(found, vec![Some(five); 3]);
    let usage = aws.requests().take();
    assert_eq!((usage.requests["DynamoDB.BatchGetItem"], usage.read_units), (3, 3.0));
    assert!(wire.requests().iter().all(|sent| sent.json()["RequestItems"][TABLE]["ConsistentRead"] == true));

    let wire = Wire::answering(|sent| {
        crate::wire::json(200, &json!({ "UnprocessedKeys": sent.json()["RequestItems"] }))
    });
    let error = wire.aws().fences(TABLE).recall(&keys).await.expect_err("never processed");
    assert_eq!((error.class, error.operation), (Class::Transient, BATCH_GET));
}

/// An item's size as DynamoDB counts it: names and values, a number taking half a byte a digit and one more.
fn size(item: &Item) -> usize {
    let value = |value: &AttributeValue| match (value.as_s(), value.as_n(), value.as_b()) {
        (Ok(text), ..) => text.len(),
        (_, Ok(digits), _) => digits.len().div_ceil(2) + 1,
        (.., Ok(bytes)) => bytes.as_ref().len(),
        other => panic!("a fence has no {other:?}"),
    };
    item.iter().map(|(name, of)| name.len() + value(of)).sum()
}

#[test]
fn a_fence_with_a_short_tail_is_one_write_unit() {
    let sizes = [0, 30, 64].map(|ids| size(&item::of_fence(&at(), &fence(ids))));
    println!("a fence with 0, 30 and 64 ids in its tail has {sizes:?} bytes");
    assert!(sizes[0] < 300 && sizes[1] <= 1_024 && sizes[2] <= 2_048, "{sizes:?}");
}

#[test]
fn a_fence_is_read_as_it_was_written_and_a_damaged_one_is_refused() {
    let whole = item::of_fence(&at(), &fence(3));
    assert_eq!(item::fence(whole.clone()).expect("a fence"), fence(3));
    let bare = Fence { watermark: None, segment: None, tail: Vec::new(), ..fence(0) };
    assert_eq!(item::fence(item::of_fence(&at(), &bare)).expect("a fence"), bare);
    for name in whole.keys().filter(|name| !["pk", "sk"].contains(&name.as_str())) {
        let mut damaged = whole.clone();
        damaged.insert(name.clone(), AttributeValue::S("?".to_owned()));
        assert!(item::fence(damaged).is_err(), "{name}");
    }
    let mut cut = whole;
    cut.insert("tail".to_owned(), AttributeValue::B(vec![0; 25].into()));
    assert!(item::fence(cut).is_err(), "a tail of no whole number of entries");
}
