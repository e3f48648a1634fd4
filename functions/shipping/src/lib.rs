//! What other programs need of shipping: the carrier, whom the sweeper asks about parcels on their way, and the handler,
//! which tests and benchmarks drive over ports of their own.
//!
//! The function itself is in `main.rs`; nothing here knows of queues or tables.

pub mod carrier;
pub mod handler;
