//! P2: one conditional transaction per chunk of a Kafka batch.

mod chunk;
mod driver;
mod error;
mod fence;
mod judge;
mod ledger;
mod load;
mod port;
mod record;
mod reducer;
mod request;
mod segment;
mod segments;
mod settings;
mod state;
mod warm;

pub use chunk::Object;
pub use driver::{Batches, Stream};
pub use error::{BatchError, Counts, Interrupted};
pub use fence::{Fence, FenceKey, LedgerEntry, NotASegment, SegmentRef, Totals};
pub use ledger::Ledger;
pub use port::{
    Advance, AdvanceError, Attributes, Delta, FenceStore, ItemKey, ObjectStore, Parked, ParkedPayload, Scalar,
};
pub use record::{Partition, Payload, Record};
pub use reducer::{Merge, Observed, Reducer, Unreadable};
pub use settings::{DETAIL_BYTES_MAX, INLINE_BYTES_MAX, ITEMS_MAX, Settings, reason};
pub use state::{Frozen, PartitionState};
