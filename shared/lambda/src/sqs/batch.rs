//! One batch, from records to the answer.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures::future::{Either, FutureExt, select};
use futures::stream::{self, StreamExt};
use semel_aws::Delay;
use semel_contracts::{EventId, decode};
use semel_exactly_once::Clock;

use super::answer::{Answer, Tally, answer};
use super::backoff::retry_delay;
use super::letter::{Facts, dead_letter};
use super::{Consumer, DeadLetters, Delays, Outcome, Reason, Received};
use crate::failure::panic_text;
use crate::{Deadline, Failure};

/// Groups under way at once. An SQS batch usually holds ten records.
const GROUPS_MAX: usize = 10;

/// A record on its way through the loop.
pub(super) struct Item {
    pub record: SqsMessage,
    receive_count: u32,
    event_id: Option<EventId>,
    event_type: Option<String>,
    pub outcome: Option<Outcome>,
}

/// The records of one aggregate: their places in the batch, and what they hold.
struct Group {
    key: String,
    places: Vec<usize>,
    received: Vec<Received>,
}

/// Handles a batch.
///
/// Fails as a whole only if a record has to be delivered again that has no message id to say so with.
pub async fn process<C: Consumer>(
    consumer: &C,
    dead_letters: &impl DeadLetters,
    queue: &impl Delays,
    clock: &impl Clock,
    deadline: Deadline,
    event: SqsEvent,
) -> Result<(Answer, Tally), Failure> {
    let mut items = Vec::with_capacity(event.records.len());
    let groups = sort(consumer, event, &mut items);
    for (place, outcome) in handle(consumer, clock, deadline, groups).await {
        items[place].outcome = Some(outcome);
    }
    for item in &mut items {
        item.outcome.get_or_insert_with(|| {
            Outcome::Transient(Reason::new(
                "timed_out",
                "the invocation's time ran out; the outcome is unknown",
            ))
        });
    }
    bury(C::NAME, dead_letters, clock, deadline, &mut items).await;
    put_off(C::NAME, queue, clock, deadline, &items).await;
    answer(&items)
}

/// Decodes each record and sorts them into groups, in the order in which the batch first names each aggregate.
fn sort<C: Consumer>(consumer: &C, event: SqsEvent, items: &mut Vec<Item>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (place, record) in event.records.into_iter().enumerate() {
        let count = record.attributes.get("ApproximateReceiveCount").and_then(|text| text.parse().ok());
        let mut item = Item {
            record,
            receive_count: count.unwrap_or(1),
            event_id: None,
            event_type: None,
            outcome: None,
        };
        match decode(item.record.body.as_deref().unwrap_or_default()) {
            Err(error) => {
                item.event_id = error.event_id();
                item.event_type = error.event_type().map(str::to_owned);
                item.outcome = Some(Outcome::Fatal(Reason::new(error.fault().code(), error.to_string())));
            }
            Ok(envelope) => {
                item.event_id = Some(envelope.event_id);
                item.event_type = Some(envelope.event_type().as_str().to_owned());
                if let Some(key) = consumer.route(&envelope) {
                    let at = *known.entry(key).or_insert_with_key(|key| {
                        groups.push(Group { key: key.clone(), places: Vec::new(), received: Vec::new() });
                        groups.len() - 1
                    });
                    groups[at].places.push(place);
                    groups[at].received.push(Received { envelope, receive_count: item.receive_count });
                } else {
                    let detail = format!(
                        "{} has no use for {}; correct the rule or filter policy that sends it here",
                        C::NAME,
                        envelope.event_type().as_str()
                    );
                    item.outcome = Some(Outcome::Fatal(Reason::new("not_for_consumer", detail)));
                }
            }
        }
        items.push(item);
    }
    groups
}

/// Runs the groups; answers what was finished in time.
async fn handle<C: Consumer>(
    consumer: &C,
    clock: &impl Clock,
    deadline: Deadline,
    groups: Vec<Group>,
) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::new();
    let work = stream::iter(groups).map(|group| handle_group(consumer, clock, deadline, group));
    let mut work = pin!(work.buffer_unordered(GROUPS_MAX));
    let mut time_is_up = pin!(clock.sleep(deadline.work_time(clock.now())));
    while let Either::Left((Some(ended), _)) = select(work.next(), time_is_up.as_mut()).await {
        outcomes.extend(ended);
    }
    outcomes
}

async fn handle_group<C: Consumer>(
    consumer: &C,
    clock: &impl Clock,
    deadline: Deadline,
    group: Group,
) -> Vec<(usize, Outcome)> {
    let Group { key, places, received } = group;
    let all = |reason: Reason| places.iter().map(|_| Outcome::Transient(reason.clone())).collect();
    let outcomes: Vec<Outcome> = if deadline.may_start(clock.now()) {
        match AssertUnwindSafe(consumer.handle(&key, received)).catch_unwind().await {
            Ok(outcomes) if outcomes.len() == places.len() => outcomes,
            Ok(outcomes) => {
                let detail = format!("{} outcomes for {} records", outcomes.len(), places.len());
                all(Reason::new("miscounted", detail))
            }
            Err(panic) => all(Reason::new("panicked", panic_text(panic.as_ref()))),
        }
    } else {
        all(Reason::new("not_started", "the invocation had no time left for it"))
    };
    places.into_iter().zip(outcomes).collect()
}

/// Sends what is fatal to the dead-letter queue. A letter that cannot be sent makes its record fail for now.
async fn bury(
    consumer: &str,
    dead_letters: &impl DeadLetters,
    clock: &impl Clock,
    deadline: Deadline,
    items: &mut [Item],
) {
    let now = clock.now();
    let mut places = Vec::new();
    let mut letters = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let Some(Outcome::Fatal(reason)) = &item.outcome else { continue };
        let facts = Facts {
            consumer,
            reason,
            failed_at: now,
            receive_count: item.receive_count,
            event_id: item.event_id,
            event_type: item.event_type.as_deref(),
        };
        letters.push(dead_letter(&item.record, &facts));
        places.push(place);
        item.log(consumer, "error", reason);
    }
    if letters.is_empty() {
        return;
    }
    let sent = within(clock, deadline.answer_time(now), dead_letters.send(&letters)).await;
    let mut sent = sent.into_iter().flatten();
    for place in places {
        let detail = match sent.next() {
            Some(Ok(())) => continue,
            Some(Err(error)) => error.to_string(),
            None => "no time was left to send the dead letter".to_owned(),
        };
        let reason = Reason::new("dead_letter_unsent", detail);
        items[place].log(consumer, "error", &reason);
        items[place].outcome = Some(Outcome::Transient(reason));
    }
}

/// Puts off what failed for now. Where that fails the queue's own visibility timeout holds.
async fn put_off(
    consumer: &str,
    queue: &impl Delays,
    clock: &impl Clock,
    deadline: Deadline,
    items: &[Item],
) {
    let mut delays = Vec::new();
    for item in items {
        let Some(Outcome::Transient(reason)) = &item.outcome else { continue };
        item.log(consumer, "warn", reason);
        if let Some(receipt_handle) = item.record.receipt_handle.clone() {
            delays.push(Delay { receipt_handle, time: retry_delay(item.receive_count, clock.random()) });
        }
    }
    if delays.is_empty() {
        return;
    }
    let delayed = within(clock, deadline.answer_time(clock.now()), queue.delay(&delays)).await;
    for error in delayed.into_iter().flatten().filter_map(Result::err) {
        tracing::warn!(consumer, error = %error, "a record could not be put off; it returns after the visibility timeout");
    }
}

/// What `work` answers, if it does so in time.
async fn within<T>(clock: &impl Clock, time: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(clock.sleep(time))).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(_) => None,
    }
}

impl Item {
    fn log(&self, consumer: &str, level: &str, reason: &Reason) {
        let event_id = self.event_id.map(|id| id.to_string());
        let message_id = self.record.message_id.as_deref();
        let event_type = self.event_type.as_deref();
        let Reason { code, detail } = reason;
        let receive_count = self.receive_count;
        if level == "error" {
            tracing::error!(
                consumer,
                code,
                detail,
                event_id,
                event_type,
                message_id,
                receive_count,
                "dead letter"
            );
        } else {
            tracing::warn!(
                consumer,
                code,
                detail,
                event_id,
                event_type,
                message_id,
                receive_count,
                "put off"
            );
        }
    }
}
