//! What other programs need of the relay: its handler, which tests and benchmarks drive over ports of their own.
//!
//! The function itself is in `main.rs`; nothing here reads configuration or starts anything.

pub mod handler;
mod letter;
mod record;
