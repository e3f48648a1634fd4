//! The DynamoDB stores keep the same contracts as the in-memory ones, through the real SDK.
#![allow(clippy::unwrap_used)]

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use semel_aws::Requests;
use semel_aws::dynamodb::{DynamoAggregates, DynamoReads, DynamoRecords, IndexQuery};
use semel_contracts::EventId;
use semel_exactly_once::{Committer, Known, Verdict};
use semel_testkit::{
    Account, AccountInput, LocalDynamo, SimulatedClock, Transfer, aggregate_store_contract,
    record_store_contract,
};
use serde_json::json;

const TABLE: &str = "OrdersTable";

fn client(dynamo: &LocalDynamo, requests: &Requests) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(dynamo.endpoint())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .interceptor(requests.clone())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

fn put_counter(dynamo: &LocalDynamo, key: &str, value: i64) {
    dynamo.put(TABLE, &json!({ "pk": { "S": key }, "left": { "N": value.to_string() } }));
}

#[tokio::test]
async fn aggregates_keep_the_contract() {
    let dynamo = LocalDynamo::start().await;
    let requests = Requests::default();
    let store = DynamoAggregates::new(client(&dynamo, &requests), TABLE, requests);
    aggregate_store_contract(&store, |key, value| {
        put_counter(&dynamo, key, value);
        std::future::ready(())
    })
    .await;
}

#[tokio::test]
async fn records_keep_the_contract() {
    let dynamo = LocalDynamo::start().await;
    let requests = Requests::default();
    let store = DynamoRecords::new(client(&dynamo, &requests), "IdempotencyTable", requests);
    record_store_contract(&store).await;
}

#[tokio::test]
async fn an_event_costs_one_read_and_one_conditional_write() {
    let dynamo = LocalDynamo::start().await;
    let requests = Requests::default();
    let store = DynamoAggregates::new(client(&dynamo, &requests), TABLE, requests.clone());
    let committer = Committer::new(store, SimulatedClock::default(), std::time::Duration::from_mins(5));
    for n in 1..=10 {
        let delivery = Transfer::new(EventId::from_bytes([n; 16]), AccountInput::Add(1));
        let handled = committer.handle::<Account>("a", Known::Unknown, &[delivery]).await.unwrap();
        assert!(matches!(handled.verdicts[..], [Verdict::Applied]));
    }
    let usage = requests.take();
    assert_eq!(usage.requests["DynamoDB.GetItem"], 10);
    assert_eq!(usage.requests["DynamoDB.PutItem"], 10);
    assert_eq!(usage.requests.len(), 2, "no other request: {usage:?}");
    assert!(usage.write_units >= 10.0, "{usage:?}");
}

#[tokio::test]
async fn an_index_is_read_page_by_page() {
    let dynamo = LocalDynamo::start().await;
    let requests = Requests::default();
    let client = client(&dynamo, &requests);
    for n in 1..=5 {
        let item = json!({
            "pk": { "S": format!("order#{n}") }, "version": { "N": "1" }, "state": { "S": n.to_string() },
            "customer_id": { "S": "ada" }, "placed_at": { "N": n.to_string() },
        });
        dynamo.put(TABLE, &item);
    }
    let reads = DynamoReads::new(client, TABLE);
    let mut query = IndexQuery {
        index: "by-customer",
        partition: ("customer_id", "ada"),
        sort: "placed_at",
        up_to: None,
        newest_first: true,
        limit: 2,
        after: None,
    };
    let first = reads.query(&query).await.unwrap();
    assert_eq!(first.keys, ["order#5", "order#4"]);
    let (key, sort) = first.next.unwrap();
    query.after = Some((&key, sort));
    assert_eq!(reads.query(&query).await.unwrap().keys, ["order#3", "order#2"]);
    (query.after, query.newest_first, query.up_to) = (None, false, Some(1));
    assert_eq!(reads.query(&query).await.unwrap().keys, ["order#1"]);

    let mut found = reads.aggregates(&["order#2".to_owned(), "order#9".to_owned()]).await.unwrap();
    let (key, stored) = found.pop().unwrap();
    assert!(found.is_empty());
    assert_eq!((key.as_str(), stored.state.as_str()), ("order#2", "2"));
}
