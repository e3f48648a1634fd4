//! What a client is told: what became of each event, in the order they were sent.

use semel_contracts::EventId;
use serde::{Serialize, Serializer};

use crate::judge::{Rejection, Verdict};

/// The answer to a batch.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// How many events were taken now.
    pub accepted: usize,
    /// How many had been taken already.
    pub duplicate: usize,
    /// How many will never be taken as they are.
    pub rejected: usize,
    /// How many could not be taken now: they are to be sent again, with the same ids.
    pub retry: usize,
    /// How many are of a newer major version than this build knows: they are to be kept, and sent again another day.
    pub unsupported: usize,
    /// Each event, in the order they were sent.
    pub events: Vec<Told>,
}

/// What became of one event.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Its id, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// What became of it.
    pub status: Status,
    /// Why not, in a word that stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong and what is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is in Kafka, on every replica that has to have it.
    Accepted,
    /// It was taken before: in this request, or in an earlier one that this one repeats.
    Duplicate,
    /// It breaks the contract.
    Rejected,
    /// It could not be published now.
    Retry,
    /// It is of a newer major version than this build knows, and may be taken by the next one.
    Unsupported,
}

impl Status {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Retry => "retry",
            Self::Unsupported => "unsupported",
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Answer {
    /// The answer to a batch that was judged; `status_of` says what became of the good events, by their places.
    pub(crate) fn new(verdicts: Vec<Verdict<'_>>, mut status_of: impl FnMut(usize) -> Status) -> Self {
        let events: Vec<Told> = verdicts
            .into_iter()
            .enumerate()
            .map(|(index, verdict)| match verdict {
                Verdict::Good { id, .. } => told(index, Some(id), status_of(index)),
                Verdict::Repeated { id } => told(index, Some(id), Status::Duplicate),
                Verdict::Rejected(Rejection { id, reason, field, detail, is_newer, event_type: _ }) => {
                    let status = if is_newer { Status::Unsupported } else { Status::Rejected };
                    Told { reason: Some(reason), field, detail: Some(detail), ..told(index, id, status) }
                }
            })
            .collect();
        let count = |status| events.iter().filter(|event| event.status == status).count();
        Self {
            accepted: count(Status::Accepted),
            duplicate: count(Status::Duplicate),
            rejected: count(Status::Rejected),
            retry: count(Status::Retry),
            unsupported: count(Status::Unsupported),
            events,
        }
    }

    /// Whether the client has nothing left to do: 200, else 207.
    pub fn is_all_taken(&self) -> bool {
        self.rejected + self.retry + self.unsupported == 0
    }
}

fn told(index: usize, event_id: Option<EventId>, status: Status) -> Told {
    Told { index, event_id, status, reason: None, field: None, detail: None }
}
