//! Publishes the outboxes of a batch of stream records: every event to the bus, and the two that many consumers need
//! at once to the topic as well.
//!
//! - All events of the batch are handed to each carrier together, so that calls are filled; both carriers work at the
//!   same time. Order within an aggregate is the carriers' contract ([`Publish`]).
//! - The stream restarts at the first record with an event that is not published yet. What was published behind it is
//!   published again, under the same ids.
//! - What can never be published goes to the dead-letter queue at once with its payload and is passed over, so that
//!   one bad record does not hold its neighbours back for the 23 hours that the stream would. A letter is sent only
//!   for records that will not come again in this stream, and is a record's publication: if it cannot be sent, the
//!   stream restarts there.
//!
//! Knows the carriers and the dead-letter queue as ports.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, join, select};
use semel_aws::Message;
use semel_contracts::{EventType, RawEnvelope};
use semel_exactly_once::{Clock, Publish, PublishError};
use semel_lambda::Deadline;
use semel_lambda::sqs::DeadLetters;
use semel_lambda::stream::{Followed, Follower, StreamRecord};

use crate::letter::{self, is_final};
use crate::record::{self, Unreadable};

/// Follows the tables' streams.
#[derive(Debug)]
pub struct Relay<B, T, L, C> {
    bus: B,
    topic: T,
    dead_letters: L,
    clock: C,
}

impl<B, T, L, C> Relay<B, T, L, C> {
    /// Publishes to `bus` and `topic`.
    pub fn new(bus: B, topic: T, dead_letters: L, clock: C) -> Self {
        Self { bus, topic, dead_letters, clock }
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

/// What a batch holds. The vectors of places name the record that each event came from.
#[derive(Default)]
struct Batch<'a> {
    events: Vec<RawEnvelope<'a>>,
    places: Vec<usize>,
    fanned_out: Vec<RawEnvelope<'a>>,
    fanned_out_places: Vec<usize>,
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

impl<B: Publish, T: Publish, L: DeadLetters, C: Clock> Follower for Relay<B, T, L, C> {
    const NAME: &'static str = "relay";

    async fn follow(&self, records: Vec<StreamRecord>, deadline: Deadline) -> Followed {
        let batch = self.read(&records);
        let publish = join(self.bus.publish(&batch.events), self.topic.publish(&batch.fanned_out));
        let time = deadline.work_time(self.clock.now());
        let Some((bus, topic)) = self.within(time, publish).await else {
            tracing::warn!("the invocation's time ran out; the whole batch is repeated");
            return Followed { first_failed: Some(0), counts: counts(&batch, &[], &[], 0) };
        };
        let unpublished =
            [first_unpublished(&batch.places, &bus), first_unpublished(&batch.fanned_out_places, &topic)];
        let first_failed = unpublished.into_iter().chain([batch.waiting]).flatten().min();
        let mut dead = self.dead(&records, &batch, &bus, &topic);
        // What comes again is not lost: it gets its letter then, if it still needs one.
        dead.retain(|dead| first_failed.is_none_or(|first| dead.place < first));
        let (buried, unsent) = self.bury(&dead, deadline).await;
        let first_failed = first_failed.into_iter().chain(unsent).min();
        Followed { first_failed, counts: counts(&batch, &bus, &topic, buried) }
    }
}

impl<B: Publish, T: Publish, L: DeadLetters, C: Clock> Relay<B, T, L, C> {
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
                            batch.fanned_out.push(event.clone());
                            batch.fanned_out_places.push(place);
                        }
                        batch.events.push(event);
                        batch.places.push(place);
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

    /// Letters for all that can never be published.
    fn dead<'a>(
        &self,
        records: &[StreamRecord],
        batch: &'a Batch<'a>,
        bus: &[Result<(), PublishError>],
        topic: &[Result<(), PublishError>],
    ) -> Vec<Dead<'a>> {
        let now = self.clock.now();
        let mut dead = Vec::new();
        for (place, reason) in &batch.unreadable {
            let letter = letter::of_record(&records[*place], reason, now);
            dead.push(Dead { place: *place, letter, event: None });
        }
        let carriers =
            [(&batch.events, &batch.places, bus), (&batch.fanned_out, &batch.fanned_out_places, topic)];
        for (events, places, outcomes) in carriers {
            for ((event, place), outcome) in events.iter().zip(places).zip(outcomes) {
                if let Err(error) = outcome
                    && is_final(error)
                {
                    let letter = letter::of_event(&records[*place], event, error, now);
                    dead.push(Dead { place: *place, letter, event: Some(event) });
                }
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

/// The first record with an event that has to be published later.
fn first_unpublished(places: &[usize], outcomes: &[Result<(), PublishError>]) -> Option<usize> {
    let later = |outcome: &Result<(), PublishError>| outcome.as_ref().is_err_and(|error| !is_final(error));
    let (place, outcome) = places.iter().zip(outcomes).find(|(_, outcome)| later(outcome))?;
    if let Err(error) = outcome {
        let count = outcomes.iter().filter(|outcome| later(outcome)).count();
        tracing::warn!(error = error.to_string(), count, "events could not be published yet");
    }
    Some(*place)
}

fn counts(
    batch: &Batch<'_>,
    bus: &[Result<(), PublishError>],
    topic: &[Result<(), PublishError>],
    dead_lettered: u64,
) -> Vec<(&'static str, u64)> {
    let accepted = |outcomes: &[Result<(), PublishError>]| {
        outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64
    };
    vec![
        ("events", batch.events.len() as u64),
        ("bus", accepted(bus)),
        ("topic", accepted(topic)),
        ("skipped", batch.skipped),
        ("dead_lettered", dead_lettered),
    ]
}

#[cfg(test)]
mod tests;
