//! What other programs need of notifications: its handler, which tests and benchmarks drive over ports of their own.
//!
//! The function itself is in `main.rs`; nothing here reads configuration or starts anything.

pub mod handler;
mod html;
mod mail;
mod text;
