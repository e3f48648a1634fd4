//! Exactly-once protocols for event-driven functions, over ports.
//!
//! What is promised: for each (consumer, event) at most one effect, and for each committed event at least one
//! delivery. Inside the deduplication window duplicates are recognised by id; after it the state machine itself
//! makes a second application a no-op.
//!
//! | you have | take | per event |
//! | --- | --- | --- |
//! | an aggregate in a table | [`Committer::handle`] | 1 read, 1 conditional write |
//! | an effect on the outside (card gateway, carrier) | [`Committer::settle`] | 1 write more: the intent |
//! | any other handler | [`Idempotency::run`] | 2 conditional writes |
//! | batches from Kafka | [`batch::Batches::handle`] | 1 conditional transaction per batch of up to 99 aggregates |
//!
//! This crate does no IO, reads no clock and needs no runtime: adapters live elsewhere, and tests run it in memory.
//!
//! # Any handler, made idempotent
//!
//! ```
//! # use std::time::Duration;
//! use semel_exactly_once::{Clock, Idempotency, Once, OnceError, RecordStore};
//! # use semel_testkit::{MemoryRecords, SimulatedClock};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Invite { id: String, email: String }
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Sent { to: String }
//!
//! async fn handler<R: RecordStore, C: Clock>(
//!     idempotency: &Idempotency<R, C>,
//!     body: &str,
//! ) -> Result<Once<Sent>, OnceError<std::io::Error>> {
//!     let invite: Invite = serde_json::from_str(body).map_err(OnceError::Response)?;
//!     idempotency
//!         .run(&invite.id, body.as_bytes(), || async {
//!             // The effect: a mail, a call, a file.
//!             Ok(Sent { to: invite.email })
//!         })
//!         .await
//! }
//!
//! # semel_testkit::block_on(async {
//! // On AWS: `DynamoRecords` of semel-aws and the system's clock.
//! let idempotency = Idempotency::new(
//!     MemoryRecords::default(), SimulatedClock::default(), "invites",
//!     Duration::from_secs(30), Duration::from_secs(300),
//! );
//! let body = r#"{"id":"7","email":"ada@example.com"}"#;
//! assert!(matches!(handler(&idempotency, body).await, Ok(Once::Fresh(_))));
//! assert!(matches!(handler(&idempotency, body).await, Ok(Once::Replayed(_))));
//! let other = r#"{"id":"7","email":"eve@example.com"}"#;
//! assert!(matches!(handler(&idempotency, other).await, Err(OnceError::KeyReused)));
//! # });
//! ```

mod aggregate;
pub mod batch;
mod commit;
mod effect;
mod once;
pub mod outbox;
mod port;
mod publish;
mod seen;

pub use aggregate::{Adjustment, Aggregate, Change, Decision, Delivery, Emitted, Index, IndexValue};
pub use commit::{Committer, Current, HandleError, Handled, Known, Verdict};
pub use effect::{Intent, Perform, PerformError, SettleError};
pub use once::{Idempotency, Once, OnceError, fingerprint};
pub use port::{
    AggregateStore, Claimed, Class, Clock, CommitError, Record, RecordStore, StoreError, Stored, Write,
};
pub use publish::{Publish, PublishError};
pub use seen::{ENTRY_BYTES, SEEN_MAX, Seen, SeenEntry};
