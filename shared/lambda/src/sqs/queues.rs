//! The two things that the loop asks of queues, as ports.

use std::future::Future;

use semel_aws::{AwsError, Delay, Message, Queue};
use semel_exactly_once::Clock;

/// Where messages go that can never take effect.
pub trait DeadLetters: Send + Sync {
    /// Sends messages; answers one outcome per message, in their order.
    fn send(&self, messages: &[Message]) -> impl Future<Output = Vec<Result<(), AwsError>>> + Send;
}

/// The queue that is consumed, as far as it can put messages off.
pub trait Delays: Send + Sync {
    /// Makes received messages invisible for a while; answers one outcome per message, in their order.
    fn delay(&self, delays: &[Delay]) -> impl Future<Output = Vec<Result<(), AwsError>>> + Send;
}

impl<C: Clock> DeadLetters for Queue<C> {
    fn send(&self, messages: &[Message]) -> impl Future<Output = Vec<Result<(), AwsError>>> + Send {
        Queue::send(self, messages)
    }
}

impl<C: Clock> Delays for Queue<C> {
    fn delay(&self, delays: &[Delay]) -> impl Future<Output = Vec<Result<(), AwsError>>> + Send {
        Queue::delay(self, delays)
    }
}
