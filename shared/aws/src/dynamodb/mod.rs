//! The stores of the exactly-once protocols on DynamoDB, and the reads that a table's indexes serve.
//!
//! | file | port |
//! | --- | --- |
//! | `aggregates.rs` | [`AggregateStore`](semel_exactly_once::AggregateStore): one item per aggregate |
//! | `records.rs` | [`RecordStore`](semel_exactly_once::RecordStore): stand-alone idempotency records |
//! | `reads.rs` | index queries and batches of items |
//! | `item.rs` | what an item looks like; shared by the others |

mod aggregates;
mod item;
mod reads;
mod records;

pub use aggregates::DynamoAggregates;
pub use item::{AVAILABLE, Item, number, text};
pub use reads::{DynamoReads, IndexQuery, Page};
pub use records::DynamoRecords;
