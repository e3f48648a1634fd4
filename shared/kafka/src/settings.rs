//! Where the brokers are, how one gets in, and how records are sent.

use std::fmt;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;

/// The largest record that brokers take unless told otherwise: `message.max.bytes`, less what its batch adds.
pub const MESSAGE_BYTES_MAX: usize = 1_048_588 - 1_024;

/// A cluster and the way in.
#[derive(Debug, Clone)]
pub struct Connection {
    /// `host:port`, several by commas.
    pub brokers: String,
    /// How to get in.
    pub security: Security,
    /// The name in the brokers' logs and quotas.
    pub client_id: String,
}

impl Connection {
    /// Without encryption or credentials: a broker on this machine or in a trusted network.
    pub fn plaintext(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), security: Security::Plaintext, client_id: "semel".to_owned() }
    }

    /// Amazon MSK with IAM (port 9098): TLS, and a signature made from the credentials that `credentials` has at the
    /// moment of each connection. An `SdkConfig` has a provider: `config.credentials_provider()`.
    pub fn iam(
        brokers: impl Into<String>,
        region: impl Into<String>,
        credentials: SharedCredentialsProvider,
    ) -> Self {
        let security = Security::SaslIam { region: region.into(), credentials };
        Self { brokers: brokers.into(), security, client_id: "semel".to_owned() }
    }
}

/// How to get in.
#[derive(Clone)]
pub enum Security {
    /// No encryption, no credentials.
    Plaintext,
    /// TLS and IAM, as Amazon MSK has them.
    SaslIam {
        /// The cluster's region.
        region: String,
        /// Asked at every connection.
        credentials: SharedCredentialsProvider,
    },
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plaintext => f.write_str("Plaintext"),
            Self::SaslIam { region, .. } => {
                f.debug_struct("SaslIam").field("region", region).finish_non_exhaustive()
            }
        }
    }
}

/// How batches of records are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// LZ4: JSON shrinks to a third or so, for little time.
    Lz4,
}

/// How a publisher sends. Every record is acknowledged by all in-sync replicas (`acks=all`), and the client's own
/// repetitions are recognised by the brokers (`enable.idempotence`); neither is a choice.
#[derive(Debug, Clone)]
pub struct PublisherSettings {
    /// The cluster.
    pub connection: Connection,
    /// If set, each call of [`publish`](crate::Publisher::publish) is one transaction under this id: all its records
    /// are written, or none. Two publishers with the same id put each other out; use one id for each process.
    pub transactional_id: Option<String>,
    /// Bounds a call: connecting, sending, repeating and committing together. At least 1 s; less is raised to it.
    pub timeout: Duration,
    /// How long a batch waits for more records while a call is still handing them over. The end of a call sends all.
    pub linger: Duration,
    /// How large a batch of one partition gets. Not above the topic's `max.message.bytes`.
    pub batch_bytes: usize,
    /// A larger record (key and value) is refused before it is sent.
    pub message_bytes_max: usize,
    /// How batches are compressed.
    pub compression: Compression,
    /// A connection that was unused for longer is made anew rather than trusted. The time is the wall clock's, which
    /// goes on while a Lambda environment is frozen. Brokers drop idle connections after 10 minutes, and AWS's NAT
    /// gateways forget them, without a word, after 350 s.
    pub idle_max: Duration,
}

impl PublisherSettings {
    /// The usual: no transactions, 10 s, 5 ms, 256 KiB, no compression.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            transactional_id: None,
            timeout: Duration::from_secs(10),
            linger: Duration::from_millis(5),
            batch_bytes: 256 * 1024,
            message_bytes_max: MESSAGE_BYTES_MAX,
            compression: Compression::None,
            idle_max: Duration::from_mins(4),
        }
    }

    /// Each call is one transaction under `id`.
    #[must_use]
    pub fn transactional(mut self, id: impl Into<String>) -> Self {
        self.transactional_id = Some(id.into());
        self
    }
}
