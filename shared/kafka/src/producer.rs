//! The live half of a publisher: a producer with its connections, made at first use, and made anew when it is worn out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use krafka::CloseOptions;
use krafka::error::KrafkaError;
use krafka::producer::{Acks, Producer, ProducerBuilder, TransactionalProducer};
use semel_contracts::Timestamp;
use tokio::sync::Mutex;

use crate::connection;
use crate::settings::{Compression, PublisherSettings};

/// Less than this a call cannot be bounded by: it holds a connection, a request and its repetition.
const TIMEOUT_MIN: Duration = Duration::from_secs(1);
/// What calls under way may hold together; more waits. Kafka's own default is 32 MiB.
const BUFFER_BYTES: usize = 64 * 1024 * 1024;

/// Either kind of producer.
pub(crate) enum Kind {
    /// Every record for itself.
    Plain(Box<Producer>),
    /// Every call a transaction. One at a time: a producer has one transaction open.
    Transactional(Box<TransactionalProducer>, Mutex<()>),
}

/// A producer that is connected.
pub(crate) struct Live {
    pub(crate) kind: Kind,
    used_at_ms: AtomicU64,
}

impl Live {
    /// Notes that the connection was good at `now`.
    pub(crate) fn used(&self, now: Timestamp) {
        self.used_at_ms.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    fn idle(&self, now: Timestamp) -> Duration {
        now.saturating_since(Timestamp::from_millis(self.used_at_ms.load(Ordering::Relaxed)))
    }

    /// Sends what is buffered and waits for the answers; what has none after `timeout` fails.
    pub(crate) async fn close(&self, timeout: Duration) -> Result<(), KrafkaError> {
        let options = CloseOptions::new().timeout(timeout);
        match &self.kind {
            Kind::Plain(producer) => producer.close_with(options).await,
            Kind::Transactional(producer, _) => producer.close_with(options).await,
        }
    }
}

/// Holds the producer of a publisher, or none.
#[derive(Default)]
pub(crate) struct Holder {
    live: Mutex<Option<Arc<Live>>>,
}

impl Holder {
    /// The producer, connected now if there is none, or if the one there is was unused for too long.
    pub(crate) async fn get(
        &self,
        settings: &PublisherSettings,
        now: Timestamp,
    ) -> Result<Arc<Live>, KrafkaError> {
        // Held while connecting: calls that come meanwhile want the same connection.
        let mut held = self.live.lock().await;
        if let Some(live) = held.as_ref() {
            if live.idle(now) <= settings.idle_max {
                live.used(now);
                return Ok(Arc::clone(live));
            }
            if let Some(stale) = held.take() {
                give_up(&stale).await;
            }
        }
        let live =
            Arc::new(Live { kind: connect(settings).await?, used_at_ms: AtomicU64::new(now.as_millis()) });
        *held = Some(Arc::clone(&live));
        Ok(live)
    }

    /// The next call connects anew. Whatever `live` still has to send fails at once, for all its users, so that nothing
    /// is written after its caller was told that it failed.
    pub(crate) async fn retire(&self, live: &Arc<Live>) {
        let mut held = self.live.lock().await;
        if held.as_ref().is_some_and(|current| Arc::ptr_eq(current, live)) {
            *held = None;
        }
        drop(held);
        give_up(live).await;
    }

    /// The producer, which is no longer held.
    pub(crate) async fn take(&self) -> Option<Arc<Live>> {
        self.live.lock().await.take()
    }

    /// The producer, if one is connected.
    pub(crate) async fn current(&self) -> Option<Arc<Live>> {
        self.live.lock().await.clone()
    }
}

async fn give_up(live: &Live) {
    // It answers that not all was sent in no time, which is what is meant.
    let _ = live.close(Duration::ZERO).await;
}

/// The bound of a call that these settings give.
pub(crate) fn call_timeout(settings: &PublisherSettings) -> Duration {
    settings.timeout.max(TIMEOUT_MIN)
}

async fn connect(settings: &PublisherSettings) -> Result<Kind, KrafkaError> {
    let timeout = call_timeout(settings);
    // A request and its repetition fit into a delivery, and a connection and a delivery into a call.
    let kafka = connection::open(&settings.connection, timeout / 4).await?;
    let builder = settings.apply(kafka.producer(), timeout);
    Ok(match &settings.transactional_id {
        None => Kind::Plain(Box::new(builder.build().await?)),
        Some(id) => {
            // If this process dies in a transaction, readers of committed records wait for no longer than this.
            let builder = builder.transaction_timeout(timeout);
            Kind::Transactional(Box::new(builder.build_transactional(id.as_str()).await?), Mutex::new(()))
        }
    })
}

impl PublisherSettings {
    fn apply(&self, builder: ProducerBuilder, timeout: Duration) -> ProducerBuilder {
        let compression = match self.compression {
            Compression::None => krafka::Compression::None,
            Compression::Lz4 => krafka::Compression::Lz4,
        };
        builder
            .acks(Acks::All)
            .idempotent(true)
            .compression(compression)
            .linger(self.linger.min(timeout / 4))
            .batch_size(self.batch_bytes.max(1))
            .buffer_memory(BUFFER_BYTES.max(self.message_bytes_max.saturating_mul(2)))
            .delivery_timeout(timeout / 2)
            .max_block(timeout / 3)
            .metrics_push(false)
    }
}
