//! What Lambda's Kafka poller does on AWS, for the local engine: from a topic to a function, by the mapping's rules.
//!
//! - `mapping`: an event source mapping as the Lambda API lists it.
//! - `schedule`, `lane`: which records go into which invocation, and what becomes of them; pure.
//! - `payload`, `answer`, `failure`: the wire shapes.
//! - `log`, `engine`: the ports to Kafka, and to Lambda and the failure destinations. `member`: the first on the client.
//! - `drive` runs one mapping, `supervise` all of them.
//!
//! Delivery is at least once, as on AWS: an offset is committed after the function has answered, so a bridge that dies
//! in between delivers again.

mod answer;
mod drive;
mod engine;
mod failure;
mod lane;
mod log;
mod mapping;
mod member;
mod payload;
mod record;
mod schedule;
mod supervise;

pub use engine::Engine as EngineApi;
pub use mapping::Mapping;
pub use supervise::{Options, run};
