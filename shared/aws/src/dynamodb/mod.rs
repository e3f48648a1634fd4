//! The stores of the exactly-once protocols on DynamoDB, and the reads that a table's indexes serve.
//!
//! | file | port |
//! | --- | --- |
//! | `aggregates.rs` | [`AggregateStore`](semel_exactly_once::AggregateStore): one item per aggregate |
//! | `records.rs` | [`RecordStore`](semel_exactly_once::RecordStore): stand-alone idempotency records |
//! | `fences/` | [`FenceStore`](semel_exactly_once::batch::FenceStore): one transaction per chunk of a Kafka batch |
//! | `catalogue.rs` | what is for sale; see [`DynamoCatalogue`] |
//! | `reads.rs` | index queries and batches of items |
//! | `ledger.rs` | entries that are written once |
//! | `item.rs` | what an item looks like; shared by the others |

mod aggregates;
mod catalogue;
mod fences;
mod item;
mod ledger;
mod reads;
mod records;

pub use aggregates::DynamoAggregates;
pub use catalogue::{CataloguePage, DynamoCatalogue, Restocked};
pub use fences::DynamoFences;
pub use item::{Item, number, text};
pub use ledger::{DynamoLedger, Entry, Recorded};
pub use reads::{DynamoReads, IndexQuery, Page};
pub use records::DynamoRecords;
