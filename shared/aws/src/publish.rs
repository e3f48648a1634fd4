//! What both publishers share: events are encoded once, in lanes by aggregate, with an outcome for each.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use semel_contracts::RawEnvelope;
use semel_exactly_once::{Class, Clock, PublishError};

use crate::AwsError;
use crate::batch::{Answer, Entry, Limits, send_all};

/// Publishes `events` through `call`, which is given positions in `events` with the body of each.
///
/// `bytes` is an entry's size by the service's own count, from the event and the length of its body.
pub(crate) async fn publish_all<F, Fut>(
    limits: Limits,
    clock: &impl Clock,
    events: &[RawEnvelope<'_>],
    bytes: impl Fn(&RawEnvelope<'_>, usize) -> usize,
    call: F,
) -> Vec<Result<(), PublishError>>
where
    F: Fn(Vec<(usize, String)>) -> Fut,
    Fut: Future<Output = Answer>,
{
    let mut outcomes: Vec<Result<(), PublishError>> = vec![Ok(()); events.len()];
    let mut places = Vec::with_capacity(events.len());
    let mut entries = Vec::with_capacity(events.len());
    let mut bodies = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        match event.encode() {
            Ok(body) => {
                let lane = Some(event.metadata.aggregate_id.as_str());
                entries.push(Entry { bytes: bytes(event, body.len()), lane });
                // A request takes its text by value: the first encoding is for it, without a copy.
                bodies.push(Mutex::new(Some(body)));
                places.push(place);
            }
            Err(error) => {
                let code = error.fault().code();
                outcomes[place] =
                    Err(AwsError::new(Class::Fatal, limits.operation, code, &error.to_string()).into());
            }
        }
    }
    let sent = send_all(limits, clock, &entries, |batch| {
        let batch = batch
            .into_iter()
            .map(|at| {
                let first = bodies[at].lock().unwrap_or_else(PoisonError::into_inner).take();
                let place = places[at];
                // A repeated entry is rare enough to be encoded anew; that it can be was seen above.
                (place, first.unwrap_or_else(|| events[place].encode().unwrap_or_default()))
            })
            .collect();
        call(batch)
    })
    .await;
    for (place, outcome) in places.into_iter().zip(sent) {
        outcomes[place] = outcome.map_err(PublishError::from);
    }
    outcomes
}
