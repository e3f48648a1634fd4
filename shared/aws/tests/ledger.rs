//! The ledger writes an entry once and answers a repetition with what was written first.
#![allow(clippy::unwrap_used)]

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use semel_aws::Requests;
use semel_aws::dynamodb::{DynamoLedger, Entry, Recorded};
use semel_exactly_once::{Class, IndexValue};
use semel_testkit::LocalDynamo;
use serde_json::json;

const TABLE: &str = "GatewayLedgerTable";

fn ledger(dynamo: &LocalDynamo, requests: &Requests) -> DynamoLedger {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(dynamo.endpoint())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .interceptor(requests.clone())
        .build();
    DynamoLedger::new(aws_sdk_dynamodb::Client::from_conf(config), TABLE, requests.clone())
}

fn entry(amount: u64) -> Entry {
    let operation = ("operation".to_owned(), IndexValue::Text("capture".to_owned()));
    Entry::from([operation, ("amount".to_owned(), IndexValue::Number(amount))])
}

#[tokio::test]
async fn an_entry_is_written_once_with_one_request() {
    let dynamo = LocalDynamo::start().await;
    let requests = Requests::default();
    let ledger = ledger(&dynamo, &requests);
    assert_eq!(ledger.find("o/capture").await.unwrap(), None);
    requests.take();
    assert_eq!(ledger.put_if_absent("o/capture", &entry(5)).await.unwrap(), Recorded::Fresh);
    let usage = requests.take();
    assert_eq!(usage.requests.into_iter().collect::<Vec<_>>(), [("DynamoDB.PutItem".to_owned(), 1)]);
    assert!(usage.write_units > 0.0);

    // Another amount under the same key: the first one stays, and is what the second caller is told.
    assert_eq!(ledger.put_if_absent("o/capture", &entry(6)).await.unwrap(), Recorded::Existing(entry(5)));
    assert_eq!(ledger.find("o/capture").await.unwrap(), Some(entry(5)));
    assert_eq!(ledger.put_if_absent("o/refund", &entry(5)).await.unwrap(), Recorded::Fresh);
    assert_eq!(dynamo.items(TABLE).len(), 2);
}

#[tokio::test]
async fn an_entry_of_another_shape_is_refused_for_good() {
    let dynamo = LocalDynamo::start().await;
    let ledger = ledger(&dynamo, &Requests::default());
    dynamo.put(TABLE, &json!({ "pk": { "S": "odd" }, "amount": { "N": "-5" } }));
    assert_eq!(ledger.find("odd").await.unwrap_err().class, Class::Fatal);
    assert_eq!(ledger.put_if_absent("odd", &entry(5)).await.unwrap_err().class, Class::Fatal);
}
