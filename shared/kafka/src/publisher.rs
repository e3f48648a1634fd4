//! Records to topics: acknowledged by every in-sync replica, each with its outcome, in bounded time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use krafka::error::KrafkaError;
use krafka::producer::{Producer, RecordMetadata};
use semel_contracts::Timestamp;
use semel_exactly_once::Class;

use crate::error::ends_client;
use crate::producer::{Holder, Kind, Live, call_timeout};
use crate::settings::PublisherSettings;
use crate::{KafkaError, transaction};

pub(crate) const PRODUCE: &str = "Kafka Produce";
const CONNECT: &str = "Kafka Connect";

/// A record to publish.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// The topic, which must exist.
    pub topic: &'a str,
    /// Records with the same key come to the same partition, in order; the partition is the one that Kafka's own
    /// clients choose (murmur2). Records without a key are spread.
    pub key: Option<Bytes>,
    /// The content.
    pub value: Bytes,
    /// Headers, in order.
    pub headers: Vec<(&'a str, Bytes)>,
}

impl<'a> Record<'a> {
    /// A record without headers.
    pub fn new(topic: &'a str, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        Self { topic, key: Some(key.into()), value: value.into(), headers: Vec::new() }
    }

    fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.key.as_ref().map_or(0, Bytes::len) + self.value.len() + headers
    }

    pub(crate) fn to_wire(&self) -> krafka::Record {
        let mut record = krafka::Record::new(self.topic, self.value.clone());
        record.key.clone_from(&self.key);
        record.headers =
            self.headers.iter().map(|(name, value)| ((*name).to_owned(), Some(value.clone()))).collect();
        record
    }
}

/// Where a record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The partition's number.
    pub partition: i32,
    /// The place in the partition; `None` when the broker recognised a repetition of so long ago that it no longer
    /// knows where the first one lies.
    pub offset: Option<i64>,
}

impl From<RecordMetadata> for Position {
    fn from(written: RecordMetadata) -> Self {
        Self { partition: written.partition, offset: (written.offset >= 0).then_some(written.offset) }
    }
}

/// What became of a record.
pub(crate) type Outcome = Result<Position, KafkaError>;

/// Publishes records. Made without a request: the first call connects, and a connection that broke, was refused or
/// lay unused for too long is made anew by the next one. Shared by reference; calls may overlap.
pub struct Publisher {
    settings: PublisherSettings,
    holder: Holder,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Publisher {
    /// A publisher that has not connected yet.
    pub fn new(settings: PublisherSettings) -> Self {
        Self { settings, holder: Holder::default(), now: Box::new(wall_clock) }
    }

    /// Tells how long a connection was unused by another clock than the system's.
    #[must_use]
    pub fn with_now(self, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Box::new(now), ..self }
    }

    /// How it sends.
    pub fn settings(&self) -> &PublisherSettings {
        &self.settings
    }

    /// Publishes `records`; answers one outcome per record, in their order, within
    /// [`timeout`](PublisherSettings::timeout).
    ///
    /// Without a transactional id each record stands for itself, and records of a partition are written in the order
    /// given; but when one fails, later ones may have been written. With one, the call is a transaction: if any record
    /// fails, none is written, the others' outcome is `TransactionAborted`, and calls follow one another.
    ///
    /// A failed record may be published again. After `Timeout` or `Network` it may have been written all the same, so
    /// that a repetition is a duplicate, which readers recognise by the event's id.
    pub async fn publish(&self, records: &[Record<'_>]) -> Vec<Outcome> {
        if records.is_empty() {
            return Vec::new();
        }
        let mut outcomes: Vec<Option<Outcome>> = records.iter().map(|record| self.refuse(record)).collect();
        let timeout = call_timeout(&self.settings);
        let started = tokio::time::Instant::now();
        let live = match tokio::time::timeout(timeout, self.holder.get(&self.settings, (self.now)())).await {
            Ok(Ok(live)) => live,
            Ok(Err(error)) => return fill(outcomes, &KafkaError::of(CONNECT, &error)),
            Err(_) => return fill(outcomes, &timed_out(CONNECT, timeout)),
        };
        let left = timeout.saturating_sub(started.elapsed());
        let sending = async {
            match &live.kind {
                Kind::Plain(producer) => send_each(producer, records, &mut outcomes).await,
                Kind::Transactional(producer, turn) => {
                    let _turn = turn.lock().await;
                    transaction::run(producer, records, &mut outcomes).await
                }
            }
        };
        // A call whose time is up has records that may still go out; they must not, once the caller thinks they failed.
        let keep = tokio::time::timeout(left, sending).await.unwrap_or(Keep::No);
        self.settle(&live, keep).await;
        fill(outcomes, &timed_out(PRODUCE, timeout))
    }

    async fn settle(&self, live: &Arc<Live>, keep: Keep) {
        match keep {
            Keep::Yes => live.used((self.now)()),
            Keep::No => self.holder.retire(live).await,
        }
    }

    /// Waits until everything that other calls handed over so far has its outcome.
    pub async fn flush(&self) -> Result<(), KafkaError> {
        let Some(live) = self.holder.current().await else { return Ok(()) };
        let timeout = call_timeout(&self.settings);
        let flushing = async {
            match &live.kind {
                Kind::Plain(producer) => producer.flush().await,
                // A transaction is flushed by its own call, which has the turn until then.
                Kind::Transactional(_, turn) => {
                    drop(turn.lock().await);
                    Ok(())
                }
            }
        };
        let flushed = tokio::time::timeout(timeout, flushing).await;
        flushed
            .unwrap_or_else(|_| Err(KrafkaError::timeout("flush")))
            .map_err(|error| KafkaError::of(PRODUCE, &error))
    }

    /// Sends what is buffered, waits for the answers within the timeout, and closes the connections. A later call
    /// connects again.
    pub async fn close(&self) -> Result<(), KafkaError> {
        let Some(live) = self.holder.take().await else { return Ok(()) };
        live.close(call_timeout(&self.settings)).await.map_err(|error| KafkaError::of(PRODUCE, &error))
    }

    fn refuse(&self, record: &Record<'_>) -> Option<Outcome> {
        let (bytes, most) = (record.bytes(), self.settings.message_bytes_max);
        if bytes <= most {
            return None;
        }
        let message = format!("{bytes} bytes, of at most {most}");
        Some(Err(KafkaError::new(Class::Fatal, PRODUCE, "EntryTooLarge", &message)))
    }
}

/// Whether the producer is good for the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Yes,
    No,
}

impl Keep {
    pub(crate) fn after(error: &KrafkaError) -> Self {
        if ends_client(error) { Self::No } else { Self::Yes }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::No { self } else { other }
    }
}

/// Hands over all records, then takes their answers.
async fn send_each(producer: &Producer, records: &[Record<'_>], outcomes: &mut [Option<Outcome>]) -> Keep {
    let mut keep = Keep::Yes;
    let mut waiting = Vec::with_capacity(records.len());
    // A topic that cannot be had is waited for once, not once a record, and nothing may overtake what waited.
    let mut refused: Vec<(&str, KafkaError)> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if outcomes[at].is_some() {
            continue;
        }
        if let Some((_, error)) = refused.iter().find(|(topic, _)| *topic == record.topic) {
            outcomes[at] = Some(Err(error.clone()));
            continue;
        }
        match producer.enqueue(record.to_wire()).await {
            Ok(handle) => waiting.push((at, handle)),
            Err(error) => {
                keep = keep.and(Keep::after(&error));
                let error = KafkaError::of(PRODUCE, &error);
                refused.push((record.topic, error.clone()));
                outcomes[at] = Some(Err(error));
            }
        }
    }
    if let Err(error) = producer.flush().await {
        keep = keep.and(Keep::after(&error));
    }
    for (at, handle) in waiting {
        outcomes[at] = Some(match handle.await {
            Ok(written) => Ok(written.into()),
            Err(error) => {
                keep = keep.and(Keep::after(&error));
                Err(KafkaError::of(PRODUCE, &error))
            }
        });
    }
    keep
}

fn fill(outcomes: Vec<Option<Outcome>>, missing: &KafkaError) -> Vec<Outcome> {
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(missing.clone()))).collect()
}

fn timed_out(operation: &'static str, timeout: Duration) -> KafkaError {
    KafkaError::new(
        Class::Transient,
        operation,
        "Timeout",
        &format!("no answer within {} ms", timeout.as_millis()),
    )
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
