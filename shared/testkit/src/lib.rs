//! In-memory ports, simulated time and fault injection for tests, and the contract that every store has to keep.
//!
//! A dev-dependency only: nothing here reaches a function.

mod batch_contract;
mod batches;
mod clock;
mod contract;
#[cfg(feature = "dynamodb")]
mod dynamo;
mod fault;
mod ledger;
mod memory;
pub mod sample;
mod schemas;
mod stepping;

pub use batch_contract::{fence_store_contract, object_store_contract};
pub use batches::{MemoryFences, MemoryObjects};
pub use clock::SimulatedClock;
pub use contract::{aggregate_store_contract, record_store_contract};
#[cfg(feature = "dynamodb")]
pub use dynamo::LocalDynamo;
pub use fault::{Fault, Faults, Faulty, with_every_fault};
pub use futures::executor::block_on;
pub use ledger::{Account, AccountError, AccountInput, AccountState, Moved, Transfer};
pub use memory::{MemoryAggregates, MemoryRecords};
pub use schemas::{Kept, KeptRegistry, KeptSchema, SchemaService};
pub use stepping::{Run, Stepped, crash_after, interleave};
