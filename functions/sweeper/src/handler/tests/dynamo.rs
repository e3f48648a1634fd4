//! The same through the real SDK: the template's sparse indexes, read page by page.
#![allow(deprecated, reason = "the profile file's new name is in a crate that nothing else here needs")]

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::{BehaviorVersion, Region};
use semel_aws::dynamodb::{DynamoAggregates, DynamoReads};
use semel_aws::{Aws, SystemClock};
use semel_testkit::LocalDynamo;

use super::*;

const PROFILE: &str = "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing";

async fn aws(dynamo: &LocalDynamo) -> Aws {
    let profile = ProfileFiles::builder().with_contents(ProfileFileKind::Credentials, PROFILE).build();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(dynamo.endpoint())
        .region(Region::new("us-east-1"))
        .credentials_provider(ProfileFileCredentialsProvider::builder().profile_files(profile).build())
        .load()
        .await;
    Aws::with_config(config)
}

fn table(aws: &Aws, name: &str) -> Table<DynamoAggregates, SystemClock, DynamoReads> {
    Table { committer: Committer::new(aws.aggregates(name), SystemClock, WINDOW), due: aws.reads(name) }
}

#[tokio::test]
async fn due_orders_and_parcels_leave_the_index_when_they_are_swept() {
    let dynamo = LocalDynamo::start().await;
    let aws = aws(&dynamo).await;
    let (orders, shipments) = (table(&aws, "OrdersTable"), table(&aws, "ShipmentsTable"));
    let (past, future) = (Timestamp::from_secs(1), SystemClock.now().saturating_add(TRANSIT));
    for n in 0..12 {
        let (id, when) = (order(n).to_string(), if n % 3 == 0 { future } else { past });
        orders.committer.handle::<Order>(&id, Known::Absent, &[place(order(n), when)]).await.unwrap();
        shipments.committer.handle::<Shipment>(&id, Known::Absent, &dispatch(order(n), when)).await.unwrap();
    }
    let carrier = SimulatedCarrier::new(SystemClock, TRANSIT);
    let sweeper = Sweeper { page_keys: 1, ..Sweeper::new(orders, shipments, carrier) };
    let sweep = async || {
        let now = SystemClock.now();
        let deadline = Deadline::new(now, now.saturating_add(Duration::from_secs(50)));
        let counts = sweeper.run(deadline).await.unwrap();
        counts.into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
    };
    assert_eq!(sweep().await, [("expired", 8), ("delivered", 8)]);
    assert_eq!(sweep().await, []);
    let waiting = |name| dynamo.items(name).iter().filter(|item| item.get(DUE_SHARD).is_some()).count();
    assert_eq!((waiting("OrdersTable"), waiting("ShipmentsTable")), (4, 4));
}
