//! Publishes the outboxes of a batch of stream records: every event to the bus, the two that many consumers need at
//! once to the topic as well, and, where there are brokers, every event to Kafka.
//!
//! - All events of the batch are handed to each carrier together, so that calls are filled; the carriers work at the
//!   same time. Order within an aggregate is the carriers' contract ([`Publish`]).
//! - A record is done when all its carriers have its events. The stream restarts at the first record with an event that
//!   one of them does not have yet. What was published behind it is published again, under the same ids.
//! - What can never be published goes to the dead-letter queue at once with its payload and is passed over, so that
//!   one bad record does not hold its neighbours back for the 23 hours that the stream would. A letter is sent only
//!   for records that will not come again in this stream, and is a record's publication: if it cannot be sent, the
//!   stream restarts there.
//!
//! Knows the carriers and the dead-letter queue as ports.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, join3, select};
use semel_aws::Message;
use semel_contracts::{EventType, RawEnvelope};
use semel_exactly_once::{Clock, Publish};
use semel_lambda::Deadline;
use semel_lambda::sqs::DeadLetters;
use semel_lambda::stream::{Followed, Follower, StreamRecord};

pub use crate::carrier::NoKafka;
use crate::carrier::{Load, Sent};
use crate::letter::{self, is_final};
use crate::record::{self, Unreadable};

/// Follows the tables' streams.
#[derive(Debug)]
pub struct Relay<B, T, L, C, K = NoKafka> {
    bus: B,
    topic: T,
    kafka: Option<K>,
    dead_letters: L,
    clock: C,
}

impl<B, T, L, C> Relay<B, T, L, C> {
    /// Publishes to `bus` and `topic`.
    pub fn new(bus: B, topic: T, dead_letters: L, clock: C) -> Self {
        Self { bus, topic, kafka: None, dead_letters, clock }
    }

    /// Publishes every event to `kafka` too, if there is one.
    pub fn with_kafka<K>(self, kafka: Option<K>) -> Relay<B, T, L, C, K> {
        Relay { bus: self.bus, topic: self.topic, kafka, dead_letters: self.dead_letters, clock: self.clock }
    }
}

/// Whether consumers of this type get it from the topic.
fn is_fanned_out(event_type: EventType) -> bool {
    match event_type {
        EventType::OrderCreated | EventType::OrderCancelled => true,
        EventType::OrderConfirmed
        | EventType::OrderCancellationRequested
        | EventType::PaymentAuthorized
        | EventType::PaymentDeclined
        | EventType::PaymentProcessed
        | EventType::PaymentVoided
        | EventType::PaymentRefunded
        | EventType::InventoryReserved
        | EventType::InventoryRejected
        | EventType::InventoryReleased
        | EventType::ShipmentCreated
        | EventType::ShipmentDispatched
        | EventType::ShipmentDelivered
        | EventType::ShipmentCancelled => false,
    }
}

/// What a batch holds.
#[derive(Default)]
struct Batch<'a> {
    all: Load<'a>,
    fanned_out: Load<'a>,
    unreadable: Vec<(usize, Unreadable)>,
    skipped: u64,
    /// A record that waits for a relay that understands it; nothing behind it is read.
    waiting: Option<usize>,
}

/// An event or a record that can never be published.
struct Dead<'a> {
    place: usize,
    letter: Message,
    event: Option<&'a RawEnvelope<'a>>,
}

impl<B: Publish, T: Publish, L: DeadLetters, C: Clock, K: Publish> Follower for Relay<B, T, L, C, K> {
    const NAME: &'static str = "relay";

    async fn follow(&self, records: Vec<StreamRecord>, deadline: Deadline) -> Followed {
        let batch = self.read(&records);
        let sent = self.publish(&batch, deadline).await;
        let unpublished = sent.iter().map(Sent::first_unpublished);
        let first_failed = unpublished.chain([batch.waiting]).flatten().min();
        let mut dead = self.dead(&records, &batch, &sent);
        // What comes again is not lost: it gets its letter then, if it still needs one.
        dead.retain(|dead| first_failed.is_none_or(|first| dead.place < first));
        let (buried, unsent) = self.bury(&dead, deadline).await;
        let first_failed = first_failed.into_iter().chain(unsent).min();
        Followed { first_failed, counts: counts(&batch, &sent, buried) }
    }
}

impl<B: Publish, T: Publish, L: DeadLetters, C: Clock, K: Publish> Relay<B, T, L, C, K> {
    fn read<'a>(&self, records: &'a [StreamRecord]) -> Batch<'a> {
        let mut batch = Batch::default();
        for (place, record) in records.iter().enumerate() {
            match record::read(record) {
                Ok(events) if events.is_empty() => batch.skipped += 1,
                Ok(events) => {
                    for event in events {
                        if is_fanned_out(event.event_type) {
                            // The port takes a slice, so the topic's events stand apart: their metadata is copied,
                            // their data is not.
                            batch.fanned_out.push(event.clone(), place);
                        }
                        batch.all.push(event, place);
                    }
                }
                Err(reason) if reason.may_wait(record, self.clock.now()) => {
                    let Unreadable { code, detail } = &reason;
                    tracing::error!(code, detail, record_id = record.event_id, "waiting for a newer relay");
                    batch.waiting = Some(place);
                    break;
                }
                Err(reason) => batch.unreadable.push((place, reason)),
            }
        }
        batch
    }

    /// Hands every carrier its events, and waits for each as long as the invocation's time allows: one that is away
    /// does not hide what the others took.
    async fn publish<'b>(&self, batch: &'b Batch<'b>, deadline: Deadline) -> Vec<Sent<'b>> {
        let time = deadline.work_time(self.clock.now());
        let kafka = async {
            match &self.kafka {
                Some(kafka) => Some(self.hand_over("kafka", kafka, &batch.all, time).await),
                None => None,
            }
        };
        let bus = self.hand_over("bus", &self.bus, &batch.all, time);
        let topic = self.hand_over("topic", &self.topic, &batch.fanned_out, time);
        let (bus, topic, kafka) = join3(bus, topic, kafka).await;
        [Some(bus), Some(topic), kafka].into_iter().flatten().collect()
    }

    async fn hand_over<'b>(
        &self,
        carrier: &'static str,
        port: &impl Publish,
        load: &'b Load<'b>,
        time: Duration,
    ) -> Sent<'b> {
        match self.within(time, port.publish(&load.events)).await {
            Some(outcomes) => Sent { carrier, load, outcomes },
            None => Sent::late(carrier, load),
        }
    }

    /// Letters for all that can never be published.
    fn dead<'a>(&self, records: &[StreamRecord], batch: &'a Batch<'a>, sent: &[Sent<'a>]) -> Vec<Dead<'a>> {
        let now = self.clock.now();
        let mut dead = Vec::new();
        for (place, reason) in &batch.unreadable {
            let letter = letter::of_record(&records[*place], reason, now);
            dead.push(Dead { place: *place, letter, event: None });
        }
        for (event, place, outcome) in sent.iter().flat_map(Sent::events) {
            if let Err(error) = outcome
                && is_final(error)
            {
                let letter = letter::of_event(&records[place], event, error, now);
                dead.push(Dead { place, letter, event: Some(event) });
            }
        }
        dead
    }

    /// Sends the letters; answers how many were taken, and the first record whose letter was not.
    async fn bury(&self, dead: &[Dead<'_>], deadline: Deadline) -> (u64, Option<usize>) {
        if dead.is_empty() {
            return (0, None);
        }
        let letters: Vec<Message> = dead.iter().map(|dead| dead.letter.clone()).collect();
        let time = deadline.answer_time(self.clock.now());
        let sent = self.within(time, self.dead_letters.send(&letters)).await.unwrap_or_default();
        let mut sent = sent.into_iter();
        let (mut buried, mut unsent) = (0, None);
        for Dead { place, letter, event } in dead {
            let error = letter.attributes.first().map(|(_, error)| error.as_str());
            let event_id = event.map(|event| event.event_id.to_string());
            match sent.next() {
                Some(Ok(())) => {
                    buried += 1;
                    tracing::error!(error, event_id, "dead letter");
                }
                failed => {
                    let refusal = failed.and_then(Result::err).map(|error| error.to_string());
                    tracing::error!(error, event_id, refusal, "a dead letter could not be sent");
                    unsent = unsent.into_iter().chain([*place]).min();
                }
            }
        }
        (buried, unsent)
    }

    /// What `work` answers, if it does so in time.
    async fn within<A>(&self, time: Duration, work: impl Future<Output = A>) -> Option<A> {
        match select(pin!(work), pin!(self.clock.sleep(time))).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }
}

fn counts(batch: &Batch<'_>, sent: &[Sent<'_>], dead_lettered: u64) -> Vec<(&'static str, u64)> {
    let mut counts = vec![("events", batch.all.events.len() as u64)];
    counts.extend(sent.iter().map(|sent| (sent.carrier, sent.accepted())));
    counts.extend([("skipped", batch.skipped), ("dead_lettered", dead_lettered)]);
    counts
}

#[cfg(test)]
mod tests;
