//! What other programs need of payments: its handler and gateways, which tests and benchmarks drive over ports of their own.
//!
//! The function itself is in `main.rs`; nothing here reads configuration or starts anything.

pub mod gateway;
pub mod handler;
pub mod simulated;
pub mod stripe;
