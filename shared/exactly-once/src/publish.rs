//! The port through which committed events leave: each accepted, or refused with a class.
//!
//! Publishing repeats: an event may be handed over again with the same id, and consumers drop it by that id.

use std::future::Future;

use semel_contracts::RawEnvelope;

use crate::port::Class;

/// Hands events to a carrier that delivers each at least once.
pub trait Publish: Send + Sync {
    /// Publishes `events`; answers one outcome per event, in their order.
    ///
    /// Events of one aggregate are handed over in the order given, and none overtakes an earlier one that the
    /// carrier could not take yet. Events of different aggregates may pass each other.
    fn publish(
        &self,
        events: &[RawEnvelope<'_>],
    ) -> impl Future<Output = Vec<Result<(), PublishError>>> + Send;
}

/// An event that was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed with {code}: {message}")]
pub struct PublishError {
    /// Whether trying again can help.
    pub class: Class,
    /// The request, for example `EventBridge PutEvents`.
    pub operation: &'static str,
    /// The carrier's error code, or a name of the adapter's for what never reached it.
    pub code: String,
    /// What the carrier said.
    pub message: String,
}
