//! What `main.rs` and other programs need of the relay: its handler, which tests and benchmarks drive over ports of
//! their own, and which carriers a deployment has.
//!
//! The function itself is in `main.rs`; nothing here starts anything.

pub mod carrier;
pub mod handler;
mod letter;
mod record;
pub mod route;
pub mod wiring;
