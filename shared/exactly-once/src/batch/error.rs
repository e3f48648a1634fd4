//! Why a batch is not done, and what was done of it.

use crate::port::{Class, StoreError};

use super::fence::{FenceKey, Totals};

/// What became of a batch's records, and what it cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that this call judged and committed.
    pub judged: Totals,
    /// Records below the fence: committed by an earlier delivery.
    pub redelivered: u64,
    /// Chunks committed: one conditional transaction each.
    pub chunks: u64,
    /// Items in those transactions, the fences included.
    pub items: u64,
    /// Ledger segments and parked objects written.
    pub objects: u64,
    /// Times the fence was read: the container was cold, or another invocation was first.
    pub loads: u64,
}

/// A batch that was not done to its end. What is below `resume_at` is committed or was.
#[derive(Debug, thiserror::Error)]
#[error("stopped before offset {resume_at}")]
pub struct Interrupted {
    /// The first record of the batch that is not known to be committed: report it as failed.
    pub resume_at: i64,
    /// What was done.
    pub counts: Counts,
    /// Why it stopped.
    #[source]
    pub error: BatchError,
}

/// Why a batch stopped.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A record below the fence was never applied, nor parked: this is not the log that the fence stands in.
    #[error(
        "halted at offset {offset} of {key}: it is below the fence at {next_offset}, but its event was never \
         applied. The topic was recreated or its offsets were reset; deploy with a new epoch to start it afresh"
    )]
    Halted {
        /// Which log.
        key: Box<FenceKey>,
        /// The record.
        offset: i64,
        /// Where the fence stands.
        next_offset: i64,
    },
    /// Others won every race, or held the items at every attempt.
    #[error("the fence of {key} was held by others {attempts} times in a row; try again")]
    Contended {
        /// Which log.
        key: Box<FenceKey>,
        /// How often it was tried.
        attempts: u32,
    },
    /// A store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object of the ledger is missing or is not what was written: which ids were applied is not known.
    #[error("the ledger object {object} {problem}; restore it, or deploy with a new epoch")]
    Ledger {
        /// The object's key.
        object: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A stored aggregate is not what the reducer writes.
    #[error("the stored aggregate {pk} / {sk} cannot be read: {detail}")]
    Aggregate {
        /// The item's partition key.
        pk: String,
        /// The item's sort key.
        sk: String,
        /// What the reducer says.
        detail: String,
    },
    /// The records' offsets do not ascend from zero or more: a fault of the caller.
    #[error("offset {offset} does not follow the one before it in the batch")]
    Disordered {
        /// The first one out of place.
        offset: i64,
    },
}

impl BatchError {
    /// Whether trying again can help.
    pub fn class(&self) -> Class {
        match self {
            Self::Store(error) => error.class,
            Self::Contended { .. } => Class::Transient,
            Self::Halted { .. } | Self::Ledger { .. } | Self::Aggregate { .. } | Self::Disordered { .. } => {
                Class::Fatal
            }
        }
    }
}
