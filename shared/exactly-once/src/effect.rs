//! External effects by intent.
//!
//! A card gateway or a carrier cannot join a conditional write. So the aggregate first records that it intends the
//! effect, then the effect is performed with a deterministic idempotency key, then its answer is applied like any
//! other delivery. A crash anywhere repeats the call with the same key: an intent stays in the state until its
//! answer is committed, and whoever handles the aggregate next performs it again.

use std::future::Future;

use crate::aggregate::{Aggregate, Delivery};
use crate::commit::{Committer, Current, HandleError, Known, Verdict};
use crate::port::{AggregateStore, Class, Clock};

/// Effects in a row that one aggregate may intend; a longer chain is a fault of the state machine.
const EFFECTS_MAX: usize = 8;

/// An aggregate whose state can hold an intent.
pub trait Intent: Aggregate {
    /// A call to the outside, with the idempotency key that it is repeated under.
    type Effect: Send + Sync;

    /// The effect that `state` still owes, if any.
    fn intent(id: &str, state: &Self::State) -> Option<Self::Effect>;
}

/// Performs effects. Must be idempotent by the effect's own key.
pub trait Perform<A: Intent>: Send + Sync {
    /// Calls the outside and answers with a delivery, whose id is derived from the effect's key.
    ///
    /// A definite no (a declined card) is an answer. An error means that nothing is known: the call is repeated
    /// later with the same key.
    fn perform(
        &self,
        effect: &A::Effect,
    ) -> impl Future<Output = Result<Delivery<A::Input>, PerformError>> + Send;
}

/// The outside gave no definite answer.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct PerformError {
    /// Whether trying again can help.
    pub class: Class,
    /// The call, for example `Stripe authorize`.
    pub what: String,
    /// What went wrong.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Why an aggregate's intents could not be settled. They stay recorded.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The outside gave no definite answer.
    #[error(transparent)]
    Perform(#[from] PerformError),
    /// The answer could not be committed.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// The state machine refused the answer to its own intent.
    #[error("{key} refuses the answer to its own intent: {reason}")]
    Refused {
        /// The item's key.
        key: String,
        /// The rejection.
        reason: String,
    },
    /// The state machine intends one effect after another without end.
    #[error("{key} intends more than {EFFECTS_MAX} effects in a row")]
    Endless {
        /// The item's key.
        key: String,
    },
}

impl SettleError {
    /// Whether trying again can help.
    pub fn class(&self) -> Class {
        match self {
            Self::Perform(error) => error.class,
            Self::Handle(error) => error.class(),
            Self::Refused { .. } | Self::Endless { .. } => Class::Fatal,
        }
    }
}

impl<S: AggregateStore, C: Clock> Committer<S, C> {
    /// Performs what `current` intends, until it intends nothing.
    ///
    /// Call it after every `handle` of such an aggregate, for duplicates too: the first delivery may have died
    /// between its commit and the effect.
    pub async fn settle<A: Intent>(
        &self,
        id: &str,
        mut current: Current<A::State>,
        performer: &impl Perform<A>,
    ) -> Result<Current<A::State>, SettleError> {
        for _ in 0..=EFFECTS_MAX {
            let Some(effect) = A::intent(id, &current.state) else {
                return Ok(current);
            };
            let answer = performer.perform(&effect).await?;
            let handled = self.handle::<A>(id, Known::Current(current), &[answer]).await?;
            if let Some(Verdict::Rejected(reason)) = handled.verdicts.first() {
                return Err(SettleError::Refused { key: A::key(id), reason: reason.to_string() });
            }
            let Some(after) = handled.current else {
                // Cannot be: the aggregate was current before. Say so rather than loop.
                return Err(SettleError::Endless { key: A::key(id) });
            };
            current = after;
        }
        Err(SettleError::Endless { key: A::key(id) })
    }
}
