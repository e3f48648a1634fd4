//! How the handling of one record ended, and how the protocols' verdicts read here.

use semel_exactly_once::{
    Aggregate, AggregateStore, Class, Clock, Committer, Delivery, HandleError, Handled, Intent, Known,
    Perform, SettleError, Verdict,
};

use crate::chain;

/// How one record ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect now.
    Applied,
    /// It took effect before.
    Duplicate,
    /// It is of no use, or too late to be.
    NoEffect,
    /// It can never take effect: to the dead-letter queue with the reason.
    Fatal(Reason),
    /// It may take effect later: put off.
    Transient(Reason),
}

/// Why a record did not take effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A short stable name, for metrics and message attributes.
    pub code: &'static str,
    /// What happened, in a sentence.
    pub detail: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl Outcome {
    /// An error of a known class, with its whole chain.
    pub fn failed(class: Class, code: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        let reason = Reason::new(code, chain(error));
        match class {
            Class::Transient => Self::Transient(reason),
            Class::Fatal => Self::Fatal(reason),
        }
    }
}

impl From<&HandleError> for Outcome {
    fn from(error: &HandleError) -> Self {
        let code = match error {
            HandleError::Store(_) => "store",
            HandleError::Contended { .. } => "contended",
            HandleError::Corrupt { .. } => "corrupt_state",
            HandleError::Encode { .. } => "encode",
            HandleError::TooLarge { .. } => "too_large",
        };
        Self::failed(error.class(), code, error)
    }
}

impl From<&SettleError> for Outcome {
    fn from(error: &SettleError) -> Self {
        let code = match error {
            SettleError::Handle(error) => return Self::from(error),
            SettleError::Perform(_) => "effect",
            SettleError::Refused { .. } => "answer_refused",
            SettleError::Endless { .. } => "endless",
        };
        Self::failed(error.class(), code, error)
    }
}

impl<R: std::error::Error + 'static> From<Verdict<R>> for Outcome {
    /// A rejection is fatal: the state machine says that this event contradicts what happened, and somebody should
    /// see it. What is merely late or repeated is no rejection.
    fn from(verdict: Verdict<R>) -> Self {
        match verdict {
            Verdict::Applied => Self::Applied,
            Verdict::Duplicate => Self::Duplicate,
            Verdict::NoEffect => Self::NoEffect,
            Verdict::Rejected(rejection) => Self::Fatal(Reason::new("rejected", chain(&rejection))),
            Verdict::Short(keys) => {
                let detail = format!("nothing decides what happens when {} run short", keys.join(", "));
                Self::Fatal(Reason::new("short", detail))
            }
        }
    }
}

/// The outcomes of `count` records that were handled as one group.
pub fn of_group<A: Aggregate>(count: usize, result: Result<Handled<A>, HandleError>) -> Vec<Outcome> {
    match result {
        Ok(handled) => handled.verdicts.into_iter().map(Outcome::from).collect(),
        Err(error) => vec![Outcome::from(&error); count],
    }
}

/// Handles a group for an aggregate that calls the outside, and performs what it then intends.
///
/// For duplicates too: their first delivery may have died between its commit and the effect. While an effect has
/// failed nothing of the group is acknowledged, so that the queue brings the intent back; only what was refused for
/// good stays refused.
///
/// `performer` is made once the verdicts are known, one per delivery: they may say how to call.
pub async fn settled<A: Intent, S: AggregateStore, C: Clock, P: Perform<A>>(
    committer: &Committer<S, C>,
    id: &str,
    known: Known<A::State>,
    deliveries: &[Delivery<A::Input>],
    performer: impl FnOnce(&[Verdict<A::Rejection>]) -> P + Send,
) -> Vec<Outcome> {
    let handled = match committer.handle::<A>(id, known, deliveries).await {
        Ok(handled) => handled,
        Err(error) => return vec![Outcome::from(&error); deliveries.len()],
    };
    let settled = match handled.current {
        Some(current) => {
            let performer = performer(&handled.verdicts);
            committer.settle::<A>(id, current, &performer).await.map(|_| ())
        }
        None => Ok(()),
    };
    let failure = settled.err().map(|error| Outcome::from(&error));
    let outcomes = handled.verdicts.into_iter().map(Outcome::from);
    outcomes
        .map(|outcome| match (&outcome, &failure) {
            (Outcome::Applied | Outcome::Duplicate | Outcome::NoEffect, Some(failure)) => failure.clone(),
            (_, _) => outcome,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use semel_exactly_once::StoreError;

    use super::*;

    fn store(class: Class) -> HandleError {
        HandleError::Store(StoreError {
            class,
            operation: "DynamoDB PutItem",
            key: "order#1".to_owned(),
            source: "throttled".into(),
        })
    }

    #[test]
    fn a_store_error_keeps_its_class_and_chain() {
        let reason = Reason::new("store", "DynamoDB PutItem on order#1 failed: throttled");
        assert_eq!(Outcome::from(&store(Class::Transient)), Outcome::Transient(reason.clone()));
        assert_eq!(Outcome::from(&store(Class::Fatal)), Outcome::Fatal(reason));
    }

    #[test]
    fn verdicts_become_outcomes() {
        type Rejected = Verdict<std::fmt::Error>;
        assert_eq!(Outcome::from(Rejected::Applied), Outcome::Applied);
        assert_eq!(Outcome::from(Rejected::Duplicate), Outcome::Duplicate);
        assert_eq!(Outcome::from(Rejected::NoEffect), Outcome::NoEffect);
        let code = |outcome| match outcome {
            Outcome::Fatal(reason) => reason.code,
            Outcome::Applied | Outcome::Duplicate | Outcome::NoEffect | Outcome::Transient(_) => "not fatal",
        };
        assert_eq!(code(Outcome::from(Rejected::Rejected(std::fmt::Error))), "rejected");
        assert_eq!(code(Outcome::from(Rejected::Short(vec!["sku#A".to_owned()]))), "short");
    }
}
