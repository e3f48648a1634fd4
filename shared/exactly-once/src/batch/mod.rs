//! P2: one conditional transaction per chunk of a Kafka batch.

mod error;
mod fence;
mod port;
mod record;
mod reducer;
mod settings;

pub use error::{BatchError, Counts, Interrupted};
pub use fence::{Fence, FenceKey, LedgerEntry, NotASegment, SegmentRef, Totals};
pub use port::{
    Advance, AdvanceError, Attributes, Delta, FenceStore, ItemKey, ObjectStore, Parked, ParkedPayload, Scalar,
};
pub use record::{Partition, Payload, Record};
pub use reducer::{Merge, Observed, Reducer, Unreadable};
pub use settings::{DETAIL_BYTES_MAX, INLINE_BYTES_MAX, ITEMS_MAX, Settings, reason};
