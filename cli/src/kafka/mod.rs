//! The local stack's Kafka: a real broker, its topics, the bridge to the functions, and how far they lag behind.

mod artifacts;
pub mod bridge;
mod broker;
pub mod lag;
mod local;
pub mod topics;

pub use artifacts::Artifacts;
pub use local::Kafka;
