//! Kafka: a publisher for functions, and a consumer and an administrator for tools.
//!
//! The only crate that names the Kafka client. It knows no business rule, no Lambda and no telemetry: it says what
//! the brokers answered, classed as transient or fatal.
//!
//! | you have | take |
//! | --- | --- |
//! | records | [`Publisher`] |
//! | events that the relay publishes | [`KafkaEvents`], the port [`semel_exactly_once::Publish`] |
//! | a consumer group to be, topics to make, lag to show | `Cluster` (feature `consumer`) |
//!
//! Nothing connects before it is used, and every call is bounded in time.

#[cfg(feature = "consumer")]
mod admin;
mod connection;
#[cfg(feature = "consumer")]
mod consumer;
mod error;
mod events;
mod iam;
mod producer;
mod publisher;
mod settings;
mod transaction;

#[cfg(feature = "consumer")]
pub use admin::{Cluster, NewTopic, Offsets, Topic};
#[cfg(feature = "consumer")]
pub use consumer::{Consumer, Group, Message, Start, TimestampType, TopicPartition};
pub use error::KafkaError;
pub use events::{KafkaEvents, topic_of};
pub use publisher::{Position, Publisher, Record};
pub use settings::{Compression, Connection, PublisherSettings, Security};
