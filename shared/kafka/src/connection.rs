//! Opens the cluster: addresses and the way in, with bounds for every request.

use std::time::Duration;

use krafka::error::KrafkaError;
use krafka::{Kafka, KafkaBuilder};

use crate::iam;
use crate::settings::{Connection, Security};

/// No connection takes longer than this to be made.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// Connects and learns the cluster's brokers. One attempt of a request takes at most `request_timeout`.
pub(crate) async fn open(connection: &Connection, request_timeout: Duration) -> Result<Kafka, KrafkaError> {
    let connect_timeout = request_timeout.min(CONNECT_MAX);
    let builder: KafkaBuilder = Kafka::builder(connection.brokers.as_str())
        .client_id(connection.client_id.as_str())
        .request_timeout(request_timeout)
        .connect_timeout(connect_timeout);
    match &connection.security {
        Security::Plaintext => builder,
        Security::SaslIam { region, credentials } => builder.security(iam::auth(region, credentials)),
    }
    .connect()
    .await
}
