//! What the end-to-end test of the Kafka path does to the platform meanwhile.

mod fire;

pub use fire::{Killer, Log, Rival};
