//! Telemetry by the hundred thousand: what goes in, and what must come out of it.
//!
//! Neither knows the other: the mix says what it is made of, the reference reads a log. Nor does either know a broker
//! or the code under test.

mod mix;
mod reference;

pub use mix::{Makeup, Mix, Produced};
pub use reference::{Reason, Reference, Rules, Tally};
