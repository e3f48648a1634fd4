//! Takes a batch: once under its name, then tells what became of each event.
//!
//! | found under the batch's name | the good events are |
//! | --- | --- |
//! | nothing, or an expired record | published: `accepted` |
//! | a record of the same bytes | not published again: `duplicate`; but for those that were not good then |
//! | a record of other bytes | refused as a whole |
//!
//! The record spares Kafka a repetition and tells the client that it is one; it is not what makes an event count
//! once. A batch whose record is gone, or that comes cut differently, is published again, and the consumers of the
//! topic drop what they have by each event's id.

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::{Clock, Idempotency, Once, OnceError, RecordStore, fingerprint};
use sha2::{Digest, Sha256};

use crate::answer::{Answer, Status};
use crate::caller::Auth;
use crate::judge::Verdict;
use crate::ports::{Outgoing, Publisher, Unpublished};

/// The function, over its ports.
pub struct Ingest<P, R, C, D> {
    /// The topic.
    pub publisher: P,
    /// The batches that were taken.
    pub batches: Idempotency<R, C>,
    /// What devices sent and the contract refuses.
    pub dead_letters: D,
    /// The clock that producers' clocks are held against.
    pub clock: C,
    /// How clients say who they are.
    pub auth: Auth,
}

/// A good event of a batch: its place there, its id, and what is published.
struct Good<'a> {
    index: usize,
    id: EventId,
    outgoing: Outgoing<'a>,
}

/// Why a batch could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    /// The same batch is at work elsewhere.
    #[error("the same batch is being taken until {0}")]
    InProgress(Timestamp),
    /// The batch's name stands for another one.
    #[error("the key of this batch stands for another batch")]
    KeyReused,
    /// Nothing of it is published.
    #[error("nothing was published")]
    Unpublished(#[source] Unpublished),
    /// The record could not be kept.
    #[error(transparent)]
    Record(OnceError<Unpublished>),
}

impl<P: Publisher, R: RecordStore, C: Clock, D> Ingest<P, R, C, D> {
    /// The time by the function's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes the good events of a batch once under the name that `caller` gave it, or under the one that its ids give
    /// it. `events` are the texts that `verdicts` are about.
    pub(crate) async fn take_once(
        &self,
        caller: &str,
        key: Option<&str>,
        events: &[&str],
        verdicts: Vec<Verdict<'_>>,
    ) -> Result<Answer, TakeError> {
        let good = good_of(events, &verdicts);
        if good.is_empty() {
            return Ok(Answer::new(verdicts, |_| Status::Retry));
        }
        let mut statuses = vec![Status::Accepted; events.len()];
        let (name, print) = match key {
            Some(key) => (named(caller, key), print_of(events.iter().copied())),
            None => (by_ids(caller, &good), print_of(good.iter().map(|event| event.outgoing.value))),
        };
        if let Some(taken) = self.publish_once(&name, &print, &good, &mut statuses).await? {
            for event in &good {
                if taken.contains(event.index) {
                    statuses[event.index] = Status::Duplicate;
                }
            }
            // What was refused for its time then, and is good now, is published under a name of its own.
            let rest: Vec<_> = good.into_iter().filter(|event| !taken.contains(event.index)).collect();
            if !rest.is_empty() {
                let print = print_of(rest.iter().map(|event| event.outgoing.value));
                let name = by_ids(caller, &rest);
                if self.publish_once(&name, &print, &rest, &mut statuses).await?.is_some() {
                    for event in &rest {
                        statuses[event.index] = Status::Duplicate;
                    }
                }
            }
        }
        Ok(Answer::new(verdicts, |index| statuses[index]))
    }

    /// Publishes good events without a record: for a producer that reads no answer, none is worth its cost.
    pub(crate) async fn take(&self, events: &[&str], verdicts: &[Verdict<'_>]) -> Result<(), Unpublished> {
        let good = good_of(events, verdicts);
        if good.is_empty() { Ok(()) } else { self.publisher.publish(&outgoing(&good)).await }
    }

    /// Publishes `good` unless there is a record under `name`: then answers which places were taken with it.
    async fn publish_once(
        &self,
        name: &str,
        print: &[u8],
        good: &[Good<'_>],
        statuses: &mut [Status],
    ) -> Result<Option<Places>, TakeError> {
        let once = self.batches.run(name, print, || async {
            let published = self.publisher.publish(&outgoing(good)).await;
            published.map(|()| Places::of(good.iter().map(|event| event.index)).to_text())
        });
        match once.await {
            Ok(Once::Fresh(_)) => Ok(None),
            Ok(Once::Replayed(text)) => Ok(Some(Places::from_text(&text))),
            Err(OnceError::InProgress { until }) => Err(TakeError::InProgress(until)),
            Err(OnceError::KeyReused) => Err(TakeError::KeyReused),
            Err(OnceError::Work(error)) if error.failed.len() < good.len() => {
                tracing::warn!(
                    error = &error as &(dyn std::error::Error + 'static),
                    "some events are to be sent again"
                );
                for event in error.failed.iter().filter_map(|&place| good.get(place)) {
                    statuses[event.index] = Status::Retry;
                }
                Ok(None)
            }
            Err(OnceError::Work(error)) => Err(TakeError::Unpublished(error)),
            Err(error @ (OnceError::Fenced { .. } | OnceError::Store(_) | OnceError::Response(_))) => {
                Err(TakeError::Record(error))
            }
        }
    }
}

fn good_of<'a>(events: &[&'a str], verdicts: &'a [Verdict<'_>]) -> Vec<Good<'a>> {
    let pairs = events.iter().zip(verdicts).enumerate();
    pairs
        .filter_map(|(index, (value, verdict))| match verdict {
            Verdict::Good { id, key } => Some(Good { index, id: *id, outgoing: Outgoing { key, value } }),
            Verdict::Repeated { .. } | Verdict::Rejected(_) => None,
        })
        .collect()
}

fn outgoing<'a>(good: &[Good<'a>]) -> Vec<Outgoing<'a>> {
    good.iter().map(|event| event.outgoing).collect()
}

/// The name of a batch that its sender named. Lengths first, so that no two pairs make one name.
fn named(caller: &str, key: &str) -> String {
    fingerprint(format!("key {} {} {caller} {key}", caller.len(), key.len()).as_bytes())
}

/// The name of a batch that its sender did not name: who sends which events.
fn by_ids(caller: &str, good: &[Good<'_>]) -> String {
    let mut name = format!("ids {} {caller} ", caller.len()).into_bytes();
    for event in good {
        name.extend_from_slice(event.id.as_bytes());
    }
    fingerprint(&name)
}

/// What stands for the bytes of events. Lengths first, so that no two lists have one print.
fn print_of<'a>(events: impl Iterator<Item = &'a str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for event in events {
        hash.update((event.len() as u64).to_be_bytes());
        hash.update(event);
    }
    hash.finalize().into()
}

/// Places in a batch, as a record keeps them: a bit for each, four to a hexadecimal digit.
struct Places(Vec<u8>);

impl Places {
    fn of(indices: impl Iterator<Item = usize>) -> Self {
        let mut digits = Vec::new();
        for index in indices {
            if digits.len() <= index / 4 {
                digits.resize(index / 4 + 1, 0);
            }
            digits[index / 4] |= 1 << (index % 4);
        }
        Self(digits)
    }

    fn contains(&self, index: usize) -> bool {
        self.0.get(index / 4).is_some_and(|digit| digit & (1 << (index % 4)) != 0)
    }

    fn to_text(&self) -> String {
        self.0.iter().filter_map(|digit| char::from_digit(u32::from(*digit), 16)).collect()
    }

    /// A digit that is none stands for no place: an event too many is published, none is lost.
    fn from_text(text: &str) -> Self {
        let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
        Self(text.chars().map(digit).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_from_their_text() {
        for indices in [vec![], vec![0], vec![3, 4], vec![0, 1, 2, 3, 499], (0..500).collect()] {
            let text = Places::of(indices.iter().copied()).to_text();
            let places = Places::from_text(&text);
            let found: Vec<usize> = (0..600).filter(|index| places.contains(*index)).collect();
            assert_eq!(found, indices, "{text}");
            assert!(text.len() <= 125);
        }
    }

    #[test]
    fn names_and_prints_are_of_one_thing_each() {
        assert_ne!(named("a", "b c"), named("a b", "c"));
        assert_ne!(named("a", "b"), named("b", "a"));
        assert_ne!(print_of(["ab", "c"].into_iter()), print_of(["a", "bc"].into_iter()));
    }
}
