//! The registry of released event schemas, and the rules of which schema may follow another.
//!
//! - [`Registry`] holds every released version of every event type, in a folder; [`Registry::register`] adds one.
//! - [`SchemaDocument`] is a schema that has been checked; it validates events and names every violation.
//! - [`compatibility`] compares two schemas as Confluent's schema registry does.
//! - [`discovery`] compares what is on the bus with what was released.
//!
//! # On disk
//!
//! A folder for each event type holds a schema and a golden sample for each release, and one metadata file that tells
//! whose the type is, what it promises, and each release's version, day and hashes. Plain files, so that a release is
//! reviewed as text, `git log` is its history, and two types that are released at once do not meet in one index. The
//! id of a release is the SHA-256 of its schema file, so that `sha256sum` finds it and a byte that changes is found out.
//!
//! Knows no event type and reads no clock. Nothing is ever fetched: a reference to another document is refused.

pub mod compatibility;
pub mod discovery;
mod document;
mod error;
mod files;
mod reference;
mod registry;
mod release;
mod version;

pub use document::{Dialect, MAX_SCHEMA_BYTES, MAX_VIOLATIONS, SchemaDocument, SchemaFault, Violation};
pub use error::RegistryError;
pub use files::{RegisteredType, Release};
pub use registry::{NewRelease, Promise, Registry};
pub use release::{ContentId, Day, EventTypeRecord, ReleaseRecord};
pub use version::{NoVersion, Version};
