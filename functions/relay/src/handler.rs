//! Publishes the outboxes of a batch of stream records over one [route](crate::route): to the bus and the topic, or to
//! Kafka.
//!
//! - All events of the batch are handed to each carrier together, so that calls are filled; the carriers of a route work
//!   at the same time. Order within an aggregate is the carriers' contract ([`Publish`](semel_exactly_once::Publish)).
//! - A record is done when all carriers of the route have its events. The stream restarts at the first record with an
//!   event that one of them does not have yet. What was published behind it is published again, under the same ids.
//! - What can never be published goes to the dead-letter queue at once with its payload and is passed over, so that
//!   one bad record does not hold its neighbours back for the 23 hours that the stream would. A letter is sent only
//!   for records that will not come again in this stream, and is a record's publication: if it cannot be sent, the
//!   stream restarts there.
//!
//! Knows the route and the dead-letter queue as ports.

use semel_aws::Message;
use semel_contracts::RawEnvelope;
use semel_exactly_once::Clock;
use semel_lambda::Deadline;
use semel_lambda::sqs::DeadLetters;
use semel_lambda::stream::{Followed, Follower, StreamRecord};

use crate::carrier::Sent;
use crate::letter::{self, is_final};
use crate::record::{self, Unreadable};
use crate::route::{Events, Route, within};

/// Follows the tables' streams.
#[derive(Debug)]
pub struct Relay<R, L, C> {
    route: R,
    dead_letters: L,
    clock: C,
}

impl<R, L, C> Relay<R, L, C> {
    /// Publishes over `route`.
    pub fn new(route: R, dead_letters: L, clock: C) -> Self {
        Self { route, dead_letters, clock }
    }
}

/// What a batch holds.
#[derive(Default)]
struct Batch<'a> {
    events: Events<'a>,
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

impl<R: Route, L: DeadLetters, C: Clock> Follower for Relay<R, L, C> {
    const NAME: &'static str = R::NAME;

    async fn follow(&self, records: Vec<StreamRecord>, deadline: Deadline) -> Followed {
        let batch = self.read(&records);
        let time = deadline.work_time(self.clock.now());
        let sent = self.route.publish(&batch.events, time, &self.clock).await;
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

impl<R: Route, L: DeadLetters, C: Clock> Relay<R, L, C> {
    fn read<'a>(&self, records: &'a [StreamRecord]) -> Batch<'a> {
        let mut batch = Batch::default();
        for (place, record) in records.iter().enumerate() {
            match record::read(record) {
                Ok(events) if events.is_empty() => batch.skipped += 1,
                Ok(events) => {
                    for event in events {
                        if R::fans_out(event.event_type) {
                            // The port takes a slice, so the topic's events stand apart: their metadata is copied,
                            // their data is not.
                            batch.events.fanned_out.push(event.clone(), place);
                        }
                        batch.events.all.push(event, place);
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
    fn dead<'a>(&self, records: &[StreamRecord], batch: &'a Batch<'a>, sent: &[Sent<'a>]) -> Vec<Dead<'a>> {
        let now = self.clock.now();
        let mut dead = Vec::new();
        for (place, reason) in &batch.unreadable {
            let letter = letter::of_record(R::NAME, &records[*place], reason, now);
            dead.push(Dead { place: *place, letter, event: None });
        }
        for (event, place, outcome) in sent.iter().flat_map(Sent::events) {
            if let Err(error) = outcome
                && is_final(error)
            {
                let letter = letter::of_event(R::NAME, &records[place], event, error, now);
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
        let sent = within(time, self.dead_letters.send(&letters), &self.clock).await.unwrap_or_default();
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
}

fn counts(batch: &Batch<'_>, sent: &[Sent<'_>], dead_lettered: u64) -> Vec<(&'static str, u64)> {
    let mut counts = vec![("events", batch.events.all.events.len() as u64)];
    counts.extend(sent.iter().map(|sent| (sent.carrier, sent.accepted())));
    counts.extend([("skipped", batch.skipped), ("dead_lettered", dead_lettered)]);
    counts
}

#[cfg(test)]
mod tests;
