//! Where good events go and where rejected ones are kept, as ports.

use std::future::Future;

use semel_aws::{Message, Queue};
use semel_exactly_once::{Class, Clock};

/// An event on its way to Kafka: bytes of the request, not one of them changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// The session or the device: what it reports stays in order.
    pub key: &'a str,
    /// The event.
    pub value: &'a str,
}

/// Some events were not published.
#[derive(Debug, thiserror::Error)]
#[error("{} events were not published", .failed.len())]
pub struct Unpublished {
    /// Which, by their places in the list; ascending. The others are published.
    pub failed: Vec<usize>,
    /// Whether sending them again can help.
    pub class: Class,
    /// What the broker said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Publishes events: each is on every replica that has to have it when this answers, or is named as failed.
pub trait Publisher: Send + Sync {
    /// Publishes `events`; those of one key in the order given.
    fn publish(&self, events: &[Outgoing<'_>]) -> impl Future<Output = Result<(), Unpublished>> + Send;
}

/// Keeps what no producer reads an answer for.
pub trait DeadLetters: Send + Sync {
    /// Keeps all letters, or fails; those that were kept before a failure are kept again with the next attempt.
    fn keep(
        &self,
        letters: &[Message],
    ) -> impl Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send;
}

impl<C: Clock> DeadLetters for Queue<C> {
    async fn keep(&self, letters: &[Message]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let outcomes = self.send(letters).await;
        outcomes.into_iter().find_map(Result::err).map_or(Ok(()), |error| Err(error.into()))
    }
}
