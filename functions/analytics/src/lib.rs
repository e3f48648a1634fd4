//! What other programs need of analytics: its reducer, which tests and benchmarks drive over ports of their own.
//!
//! The function itself is in `main.rs`; nothing here reads configuration or starts anything.

mod fact;
mod figure;
mod reducer;

pub use fact::{Fact, Health};
pub use figure::{Change, Figure, Reading};
pub use reducer::{Figures, TELEMETRY};

#[cfg(test)]
mod tests;
