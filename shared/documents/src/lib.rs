//! Documents of a platform's events, made from what there is: its template, its released schemas, its routes.
//!
//! - [`Platform::read`] works out who emits what, on which channel, and to whom it goes.
//! - [`asyncapi`] writes it as an `AsyncAPI` 3.0 document, [`catalogue`] as one HTML file for people.
//! - [`eventbridge`] puts the schemas as `EventBridge`'s schema registry takes them, and writes the template of one.
//! - [`typescript`] and [`python`] write the types of the events, for producers in other languages.
//!
//! Pure: no IO, no clock. The same input gives the same text, whatever order its maps are in. What is not in the input
//! is not in the documents: no list of services, queues or events is kept here. Knows SAM templates, and nothing of
//! command lines and files.

mod asyncapi;
mod bindings;
mod catalogue;
mod definitions;
pub mod eventbridge;
mod fault;
mod fields;
mod limits;
mod platform;
mod types;

pub use asyncapi::asyncapi;
pub use bindings::{python, typescript};
pub use catalogue::catalogue;
pub use fault::Fault;
pub use platform::{Input, KafkaTopic, Platform, Route};
