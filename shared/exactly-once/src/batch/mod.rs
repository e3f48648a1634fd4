//! P2: a Kafka batch, each record once, for one conditional transaction per chunk.
//!
//! At a million events a second one write per event is out of the question, and Lambda's Kafka event source keeps the
//! consumer's offsets, so that Kafka's own transactions cannot take part. Instead each partition has a **fence**, an
//! item that says how far its log is applied. A batch is folded in memory into one change per aggregate, and one
//! transaction applies those changes *and* moves the fence, on condition that the fence still is where it was.
//!
//! ```text
//!  records of one partition                    one transaction
//!  ┌────────────────────────┐  judge   fold   ┌───────────────────────────────────────────────┐
//!  │ a … b   in offset order │ ─────▶ ─────▶ │ fence  a → b+1   if it still stands at a      │
//!  └────────────────────────┘    ▲            │ 99 items at most: aggregates, parked records  │
//!                                │            └───────────────────────────────────────────────┘
//!                     ledger: ids that were applied
//!                     in memory; kept in the fence while few, in segments that the fence names
//! ```
//!
//! # What is promised
//!
//! | whatever happens | outcome | because |
//! | --- | --- | --- |
//! | a batch is delivered again, whole or cut otherwise | its records are skipped | they are below the fence |
//! | two invocations hold the same records | one commits, the other goes on behind it | the condition on the fence |
//! | a crash, at any point | nothing, or the whole chunk | there is one transaction |
//! | the answer of a transaction is lost | it is asked again | same token, same bytes |
//! | a producer sends an event twice | a duplicate, as long as it is not late; late after | the ledger forgets an id exactly when its event would be late |
//! | an id comes with another content | parked | the ledger knows the content's hash |
//! | a record cannot be read | parked, its neighbours are applied | in the same transaction |
//! | the topic is recreated, offsets are reset | [`BatchError::Halted`], nothing is written | a record below the fence that was never applied |
//! | the process is frozen and wakes up | its transaction fails | the fence has moved |
//! | an attempt loses after it wrote a segment | nobody reads it | only segments that the winning fence names are read |
//!
//! The verdict on a record is a pure function of the log before it: never of a clock, nor of how batches are cut, nor
//! of which container judges. Records = applied + duplicates + late + parked, in [`Fence::totals`].
//!
//! # Verdicts, in this order
//!
//! 1. Below the fence: skipped, if it was judged before; else halted.
//! 2. No value, undecodable, refused by [`Reducer::observe`]: parked.
//! 3. Event time more than [`Settings::future_max`] ahead of the record's Kafka timestamp: parked.
//! 4. Event time before [`Fence::late_before`]: late. That floor follows the watermark at
//!    [`Settings::allowed_lateness`] and never falls; the watermark is the greatest event time applied, where a time
//!    ahead of Kafka's counts as Kafka's.
//! 5. Id in the ledger: a duplicate if the content is the same, else parked.
//! 6. More aggregates than a transaction has items: parked. Else applied.
//!
//! # What it costs
//!
//! | | reads | write units | S3 |
//! | --- | --- | --- | --- |
//! | a chunk, warm | 0 | 2 for each KB of each item: fence, aggregates, parked | |
//! | an aggregate that needs its prior value | 1 unit for each 4 KB | as any | |
//! | the fence | | 2, 4 with more than about 35 ids in it | |
//! | ids beyond [`Settings::tail_max`] | | | 1 put; deletions are free |
//! | a cold partition | 1 unit for each 4 KB of the fence | | 1 get, and then one for each 4,096 ids of the window, in parallel |
//!
//! Transactions cost twice a plain write, and take 100 items of 4 MB together
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>). An id takes 24 bytes
//! at rest and about 32 in memory.
//!
//! # What it needs
//!
//! - Topics with `message.timestamp.type=LogAppendTime`. With `CreateTime` a wrong timestamp can make others late.
//! - A poller that starts at the last acknowledged record, as Lambda's does. What it discards after its last retry is
//!   a gap that nobody can tell from a compacted log: retry without limit.
//! - A bucket that does not delete segments by age while a fence may name them: a partition may be idle for weeks.
//!   Superseded ones are deleted here; what a crash leaves behind may go after a year.
//! - Aggregates whose sort key ends in [`FenceKey::writer`]; who reads them sums over partitions.
//!
//! # Page views a minute
//!
//! ```
//! use semel_exactly_once::batch::{
//!     Batches, Delta, FenceKey, ItemKey, Observed, Partition, Payload, Record, Reducer, Settings, Stream,
//!     Unreadable,
//! };
//! use semel_contracts::{EventId, Timestamp};
//! # use semel_exactly_once::batch::Scalar;
//! # use semel_testkit::{MemoryFences, MemoryObjects, SimulatedClock};
//!
//! #[derive(serde::Deserialize)]
//! struct PageViewed<'a> { id: EventId, at: Timestamp, page: &'a str }
//!
//! struct PageViews;
//!
//! impl Reducer for PageViews {
//!     type Event<'a> = PageViewed<'a>;
//!     type Key<'a> = (&'a str, u64);
//!     type Value = i64;
//!
//!     fn observe<'a>(&self, _topic: &str, value: &'a [u8]) -> Result<Observed<PageViewed<'a>>, Unreadable> {
//!         let event: PageViewed<'a> =
//!             serde_json::from_slice(value).map_err(|e| Unreadable::new("json", e.to_string()))?;
//!         Ok(Observed { id: event.id, time: event.at, event })
//!     }
//!
//!     fn reduce<'a>(&self, viewed: &Observed<PageViewed<'a>>, out: &mut Vec<((&'a str, u64), i64)>) {
//!         out.push(((viewed.event.page, viewed.time.as_secs() / 60), 1));
//!     }
//!
//!     fn delta(&self, fence: &FenceKey, (page, minute): &(&str, u64), views: &i64) -> Delta {
//!         let key = ItemKey { pk: format!("views#{page}"), sk: format!("{minute}#{}", fence.writer()) };
//!         Delta { key, add: vec![("views", *views)], set: vec![], expires_at: None }
//!     }
//! }
//!
//! # semel_testkit::block_on(async {
//! // On AWS: `DynamoFences` and `S3Objects` of semel-aws, and the system's clock. Once, at init.
//! # let (fences, objects, clock) = (MemoryFences::default(), MemoryObjects::default(), SimulatedClock::default());
//! # let table = fences.clone();
//! let stream = Stream { consumer: "views".into(), cluster: "main".into(), epoch: 1 };
//! let batches = Batches::new(PageViews, fences, objects, clock, stream, Settings::default());
//!
//! // For each partition of each invocation; on an error `resume_at` is the batch item failure.
//! let value = br#"{"id":"01936b2e-5f7a-7c31-8a44-5d2f1c0b9e10","at":"2026-11-22T16:50:00.123Z","page":"/home"}"#;
//! let at = "2026-11-22T16:50:00.200Z".parse().unwrap();
//! let record = |offset| {
//!     Record { offset, timestamp: at, key: None, value: Payload::Bytes(value), headers: &[] }
//! };
//! let partition = Partition { topic: "telemetry", partition: 0 };
//! let counts = batches.handle(partition, &[record(7), record(8)]).await.unwrap();
//! assert_eq!((counts.judged.applied, counts.judged.duplicate), (1, 1));
//! let again = batches.handle(partition, &[record(7), record(8)]).await.unwrap();
//! assert_eq!(again.redelivered, 2);
//! # let items = table.items();
//! # assert_eq!(items.values().next().unwrap()["views"], Scalar::Number(1));
//! # });
//! ```

mod chunk;
mod driver;
mod error;
mod fence;
mod index;
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
