//! Stand-alone idempotency records: for handlers that own no aggregate.
//!
//! A record is claimed before the work and completed after it. The claim carries a random owner token, and every
//! later change is conditional on it: an invocation that stalls past its lease, and wakes up when a successor has
//! taken over, can neither complete nor delete the successor's record. Expiry is compared in the condition,
//! because the table's own deletion of expired items may lag by days.
//!
//! | found under the key | answer |
//! | --- | --- |
//! | nothing, or an expired record | the work runs |
//! | done, same payload | the stored response, without the work |
//! | in progress, lease open | [`OnceError::InProgress`], try again later |
//! | in progress, lease over, same payload | the work runs again under a new owner |
//! | another payload | [`OnceError::KeyReused`] |
//!
//! The work may run a second time only if its first owner died or stalled past the lease before completing: a
//! database-only effect belongs into an [`Aggregate`](crate::Aggregate), where that cannot happen either.

use std::future::Future;
use std::time::Duration;

use semel_contracts::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::port::{Claimed, Class, Clock, Record, RecordStore, StoreError};

/// How an idempotent call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<T> {
    /// The work ran now.
    Fresh(T),
    /// It had run before; this is its stored response.
    Replayed(T),
}

impl<T> Once<T> {
    /// The response, fresh or stored.
    pub fn into_inner(self) -> T {
        match self {
            Self::Fresh(response) | Self::Replayed(response) => response,
        }
    }
}

/// Why an idempotent call has no response.
#[derive(Debug, thiserror::Error)]
pub enum OnceError<E> {
    /// Somebody else is at it: try again when its lease has ended.
    #[error("the same request is in progress until {until}; try again after it")]
    InProgress {
        /// End of the other's lease.
        until: Timestamp,
    },
    /// The key stands for another payload: answer 422, or send the message to the dead-letter queue.
    #[error("the idempotency key was used with another payload; use a new key for a new request")]
    KeyReused,
    /// The work outlived its lease and somebody else took over: its response was not stored.
    #[error("the work outlived its lease of {lease_s} s and was taken over by another attempt")]
    Fenced {
        /// The lease in seconds.
        lease_s: u64,
    },
    /// The work itself failed; its record was given up, so that the next attempt starts at once.
    #[error(transparent)]
    Work(E),
    /// The store could not answer.
    #[error("the idempotency record could not be kept")]
    Store(#[from] StoreError),
    /// The response has no JSON form, or the stored one is not of this type.
    #[error("the response cannot be stored or read")]
    Response(#[source] serde_json::Error),
}

impl<E> OnceError<E> {
    /// Whether trying again can help; the work's own error is classed by `work`.
    pub fn class(&self, work: impl FnOnce(&E) -> Class) -> Class {
        match self {
            Self::InProgress { .. } | Self::Fenced { .. } => Class::Transient,
            Self::KeyReused | Self::Response(_) => Class::Fatal,
            Self::Work(error) => work(error),
            Self::Store(error) => error.class,
        }
    }
}

/// Runs work once per key.
#[derive(Debug, Clone)]
pub struct Idempotency<R, C> {
    records: R,
    clock: C,
    consumer: String,
    lease: Duration,
    window: Duration,
}

impl<R: RecordStore, C: Clock> Idempotency<R, C> {
    /// `consumer` scopes the keys, so that two consumers of one event both run. `lease` must be longer than the
    /// work may take, usually the function's timeout. `window` is for how long repetitions are recognised.
    pub fn new(records: R, clock: C, consumer: &str, lease: Duration, window: Duration) -> Self {
        Self { records, clock, consumer: consumer.to_owned(), lease, window }
    }

    /// The store that records are kept in.
    pub fn records(&self) -> &R {
        &self.records
    }

    /// Runs `work` unless it was done before under `id`, and stores its response.
    ///
    /// `payload` is hashed: the same id with another payload is refused.
    pub async fn run<T, E, W>(
        &self,
        id: &str,
        payload: &[u8],
        work: impl FnOnce() -> W,
    ) -> Result<Once<T>, OnceError<E>>
    where
        T: Serialize + DeserializeOwned,
        W: Future<Output = Result<T, E>>,
    {
        let key = format!("{}#{id}", self.consumer);
        let started = self.clock.now();
        let record = Record {
            owner: self.clock.random(),
            fingerprint: fingerprint(payload),
            lease_until: Some(started.saturating_add(self.lease)),
            expires_at: started.saturating_add(self.window.max(self.lease)),
            response: None,
        };
        match self.records.claim(&key, &record, started).await? {
            Claimed::Won => {}
            // Our own claim, repeated by the client below us because its answer was lost.
            Claimed::Held(held) if held.owner == record.owner => {}
            Claimed::Held(held) => return replay(&held, &record.fingerprint),
        }
        match work().await {
            Ok(response) => self.complete(&key, record.owner, response).await,
            Err(error) => {
                // If giving it up fails too, the lease ends by itself: the work's error matters more.
                let _held = self.records.release(&key, record.owner).await;
                Err(OnceError::Work(error))
            }
        }
    }

    async fn complete<T: Serialize, E>(
        &self,
        key: &str,
        owner: u64,
        response: T,
    ) -> Result<Once<T>, OnceError<E>> {
        let text = serde_json::to_string(&response).map_err(OnceError::Response)?;
        let expires_at = self.clock.now().saturating_add(self.window);
        if self.records.complete(key, owner, &text, expires_at).await? {
            Ok(Once::Fresh(response))
        } else {
            Err(OnceError::Fenced { lease_s: self.lease.as_secs() })
        }
    }
}

fn replay<T: DeserializeOwned, E>(held: &Record, fingerprint: &str) -> Result<Once<T>, OnceError<E>> {
    if held.fingerprint != fingerprint {
        return Err(OnceError::KeyReused);
    }
    match (&held.response, held.lease_until) {
        (Some(text), _) => serde_json::from_str(text).map(Once::Replayed).map_err(OnceError::Response),
        (None, until) => Err(OnceError::InProgress { until: until.unwrap_or(held.expires_at) }),
    }
}

/// 128 bits of SHA-256 in hexadecimal: enough to tell payloads apart, and half the size.
pub fn fingerprint(payload: &[u8]) -> String {
    Sha256::digest(payload)[..16].iter().fold(String::with_capacity(32), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
        text
    })
}
