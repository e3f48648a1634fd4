//! The two ways out of the tables, each the work of a function of its own: to the bus and the topic, which orders live
//! on, and to Kafka, where analytics reads.
//!
//! They are apart because a stream restarts at the first record that is not published: over one way, a carrier that is
//! away would hold back what the others still take.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, join, select};
use semel_contracts::EventType;
use semel_exactly_once::{Clock, Publish};

use crate::carrier::{Load, Sent};

/// Carriers that get the events of one stream.
pub trait Route: Send + Sync {
    /// The function's name in log lines and dead letters.
    const NAME: &'static str;

    /// Whether events of this type are [fanned out](Events::fanned_out).
    fn fans_out(event_type: EventType) -> bool;

    /// Hands every carrier its events, all at the same time, and waits for each at most `time`: one that is away does
    /// not hide what the others took.
    fn publish<'b>(
        &self,
        events: &'b Events<'b>,
        time: Duration,
        clock: &impl Clock,
    ) -> impl Future<Output = Vec<Sent<'b>>> + Send;
}

/// The events of a batch.
#[derive(Debug, Default)]
pub struct Events<'a> {
    /// Every event.
    pub all: Load<'a>,
    /// Those that many consumers need at once, again.
    pub fanned_out: Load<'a>,
}

/// Every event to the bus, and what many consumers need at once to the topic as well.
#[derive(Debug)]
pub struct BusAndTopic<B, T> {
    /// The bus.
    pub bus: B,
    /// The topic.
    pub topic: T,
}

impl<B: Publish, T: Publish> Route for BusAndTopic<B, T> {
    const NAME: &'static str = "relay";

    fn fans_out(event_type: EventType) -> bool {
        event_type.is_fanned_out()
    }

    async fn publish<'b>(&self, events: &'b Events<'b>, time: Duration, clock: &impl Clock) -> Vec<Sent<'b>> {
        let bus = hand_over("bus", &self.bus, &events.all, time, clock);
        let topic = hand_over("topic", &self.topic, &events.fanned_out, time, clock);
        let (bus, topic) = join(bus, topic).await;
        vec![bus, topic]
    }
}

/// Every event to Kafka.
#[derive(Debug)]
pub struct Kafka<K>(pub K);

impl<K: Publish> Route for Kafka<K> {
    const NAME: &'static str = "kafka-relay";

    fn fans_out(_: EventType) -> bool {
        false
    }

    async fn publish<'b>(&self, events: &'b Events<'b>, time: Duration, clock: &impl Clock) -> Vec<Sent<'b>> {
        vec![hand_over("kafka", &self.0, &events.all, time, clock).await]
    }
}

async fn hand_over<'b>(
    carrier: &'static str,
    port: &impl Publish,
    load: &'b Load<'b>,
    time: Duration,
    clock: &impl Clock,
) -> Sent<'b> {
    match within(time, port.publish(&load.events), clock).await {
        Some(outcomes) => Sent { carrier, load, outcomes },
        None => Sent::late(carrier, load),
    }
}

/// What `work` answers, if it does so in time.
pub async fn within<A>(time: Duration, work: impl Future<Output = A>, clock: &impl Clock) -> Option<A> {
    match select(pin!(work), pin!(clock.sleep(time))).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(_) => None,
    }
}
