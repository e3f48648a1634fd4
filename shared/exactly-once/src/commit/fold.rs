//! Several deliveries, one write: decided one after the other in memory, each on the state that the one before left.

use semel_contracts::{EventId, Timestamp};

use super::{Current, Verdict};
use crate::aggregate::{Adjustment, Aggregate, Change, Decision, Delivery, Emitted};
use crate::outbox::{Outbox, OutboxEvent};
use crate::seen::Seen;

/// What a run of deliveries changes, in one write.
pub(super) struct Folded<S> {
    pub state: S,
    pub seen: Seen,
    pub outbox: Outbox,
    pub adjust: Vec<Adjustment>,
}

/// Verdicts of the deliveries that one write covers, and that write if there is anything to write.
pub(super) struct Fold<A: Aggregate> {
    pub verdicts: Vec<Verdict<A::Rejection>>,
    pub changed: Option<Folded<A::State>>,
}

impl<A: Aggregate> Fold<A> {
    /// Decides upon `deliveries` in order, up to one that needs a write of its own.
    pub fn over(
        deliveries: &[Delivery<A::Input>],
        current: Option<&Current<A::State>>,
        spilled: &[EventId],
        now: Timestamp,
        window_s: u32,
    ) -> Result<Self, serde_json::Error> {
        let mut verdicts = Vec::with_capacity(deliveries.len());
        let mut changed: Option<Folded<A::State>> = None;
        for delivery in deliveries {
            let seen = changed.as_ref().map(|f| &f.seen).or(current.map(|c| &c.seen));
            if seen.is_some_and(|s| s.contains(delivery.id, now)) || spilled.contains(&delivery.id) {
                verdicts.push(Verdict::Duplicate);
                continue;
            }
            let state = changed.as_ref().map(|f| &f.state).or(current.map(|c| &c.state));
            match A::decide(state, &delivery.input, now) {
                Ok(Decision::Unchanged) => verdicts.push(Verdict::NoEffect),
                Err(rejection) => verdicts.push(Verdict::Rejected(rejection)),
                Ok(Decision::Changed(change)) => {
                    let adjusting = !change.adjust.is_empty();
                    if adjusting && changed.is_some() {
                        // An adjusting decision may come out short; alone in its write, only it is undone.
                        break;
                    }
                    let before = changed.take();
                    changed = Some(absorb::<A>(before, current, change, delivery, now, window_s)?);
                    verdicts.push(Verdict::Applied);
                    if adjusting {
                        break;
                    }
                }
            }
        }
        Ok(Self { verdicts, changed })
    }
}

fn absorb<A: Aggregate>(
    before: Option<Folded<A::State>>,
    current: Option<&Current<A::State>>,
    change: Change<A::State, A::Event>,
    delivery: &Delivery<A::Input>,
    now: Timestamp,
    window_s: u32,
) -> Result<Folded<A::State>, serde_json::Error> {
    let (mut seen, mut outbox) = match before {
        Some(folded) => (folded.seen, folded.outbox),
        None => (current.map(|c| c.seen.clone()).unwrap_or_default(), Outbox::new(now)),
    };
    seen.insert(delivery.id, now, window_s);
    for (index, event) in (0_u32..).zip(&change.events) {
        outbox.events.push(OutboxEvent {
            id: EventId::derive(A::CONSUMER, delivery.id, index),
            cause: delivery.id,
            event_type: event.event_type(),
            version: event.version(),
            traceparent: delivery.traceparent.clone(),
            data: event.data()?,
        });
    }
    Ok(Folded { state: change.state, seen, outbox, adjust: change.adjust })
}
