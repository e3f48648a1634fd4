//! Why a payment was declined, as its state keeps it; also as it was kept before what was refused was told from why.

use semel_contracts::events::{DeclineReason, DeclineStage};
use serde::{Deserialize, Serialize};

/// What the gateway refused, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Decline {
    /// What was refused.
    pub stage: DeclineStage,
    /// Why.
    pub reason: DeclineReason,
}

/// A decline in the table, of now or of before.
#[derive(Deserialize)]
struct Stored {
    /// Is missing in items of before.
    stage: Option<DeclineStage>,
    reason: StoredReason,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StoredReason {
    Known(DeclineReason),
    Before(ReasonOfBefore),
}

/// A word that was among the reasons until the stage had its own field.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReasonOfBefore {
    CaptureFailed,
}

/// Reads an item as the events of before are read: no further reason is known of a capture that failed.
impl From<Stored> for Decline {
    fn from(stored: Stored) -> Self {
        match stored.reason {
            StoredReason::Known(reason) => {
                Self { stage: stored.stage.unwrap_or(DeclineStage::Authorization), reason }
            }
            StoredReason::Before(ReasonOfBefore::CaptureFailed) => {
                Self { stage: DeclineStage::Capture, reason: DeclineReason::CardDeclined }
            }
        }
    }
}
