//! Bounds and spans of the batch protocol, with the sources of the limits.

use std::time::Duration;

/// Most items of a chunk beside the fence: `TransactWriteItems` takes 100.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
pub const ITEMS_MAX: usize = 99;

/// Most bytes of a parked record's key, value and headers inside its item. 99 items of it, with their details, stay
/// below the 4 MB of a transaction.
pub const INLINE_BYTES_MAX: usize = 32 * 1024;

/// Most bytes of [`super::Parked::detail`].
pub const DETAIL_BYTES_MAX: usize = 1_000;

/// Why a record was parked, as far as the protocol itself says so; a reducer adds codes of its own.
pub mod reason {
    /// The transport's encoding of the record is broken.
    pub const UNDECODABLE: &str = "undecodable";
    /// The record has no value.
    pub const NO_VALUE: &str = "no_value";
    /// The event's time is further ahead of Kafka's than [`super::Settings::future_max`].
    pub const FUTURE_TIMESTAMP: &str = "future_timestamp";
    /// The event's id was applied with another content.
    pub const ID_REUSED: &str = "id_reused";
    /// The event changes more aggregates than a transaction has items.
    pub const TOO_MANY_AGGREGATES: &str = "too_many_aggregates";
}

/// What may be set. The defaults are meant for production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How far behind the watermark an event may be. Ids are remembered as long.
    pub allowed_lateness: Duration,
    /// How far ahead of its record's Kafka timestamp an event's time may be.
    pub future_max: Duration,
    /// Most ids in the fence item (24 bytes each) before they become a segment. An S3 put costs what 8 write units
    /// do, and some 20 ms.
    pub tail_max: usize,
    /// Most ids up to which a new segment takes in the ones before it, so that a partition of small batches has few
    /// objects to load; a chunk of more ids than this still is one segment.
    pub segment_ids_max: usize,
    /// Most aggregates and parked records of a chunk, up to [`ITEMS_MAX`].
    pub items_max: usize,
    /// Ids that a container keeps in memory over all partitions, at about 32 bytes; past it the partition that was
    /// used least recently is dropped, and read again when it is needed.
    pub ids_max: usize,
    /// Objects that are read at the same time when a partition is loaded.
    pub reads_max: usize,
    /// Attempts of one request before it is left to a later delivery.
    pub attempts_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allowed_lateness: Duration::from_mins(5),
            future_max: Duration::from_mins(5),
            tail_max: 64,
            segment_ids_max: 4_096,
            items_max: ITEMS_MAX,
            ids_max: 4_000_000,
            reads_max: 32,
            attempts_max: 8,
        }
    }
}

impl Settings {
    /// Brings every bound into the range that the stores can take.
    #[must_use]
    pub(super) fn bounded(mut self) -> Self {
        self.items_max = self.items_max.clamp(1, ITEMS_MAX);
        // 1,024 entries are 24 KB of the fence item, a sixteenth of what an item may have.
        self.tail_max = self.tail_max.min(1_024);
        self.reads_max = self.reads_max.max(1);
        self.attempts_max = self.attempts_max.max(1);
        self
    }
}
