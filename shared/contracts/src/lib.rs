//! The contract between Semel's services: the event envelope, every event type, and the shapes of the HTTP API.
//!
//! This crate is the only place where wire shapes are defined. Every type checks its own bounds when it is
//! built or read, so that a value that exists is a value that may be sent. The crate is pure: it does no IO,
//! reads no clock and no random source (both are passed in), and knows nothing of queues, tables or Lambda.
//!
//! - [`Event`] has one variant per event type and [`EventType`] names them; a match on either is exhaustive,
//!   so a new event type does not compile until every service has said what it does with it.
//! - [`Telemetry`] and [`TelemetryType`] are the same for what clients and devices observe: a family of its own, so that
//!   nobody who may report a page view can say that an order was paid.
//! - [`Envelope`] is what travels; [`RawEnvelope`] is the same for whoever holds the data as JSON text.
//! - [`decode`] reads an envelope, bare or inside an `EventBridge` event, and names what is wrong with a bad one;
//!   [`decode_telemetry`] reads a telemetry event. Either hands out events of the newest version only; `upcast` is the
//!   one place that knows the older ones.
//! - [`borrowed`] reads telemetry without copying it, with the same verdict.
//! - [`api`] holds the requests and answers of the HTTP API.
//! - `schema` (behind the feature of that name) writes the JSON Schema of every event type.

mod address;
mod alphabet;
pub mod api;
pub mod borrowed;
mod currency;
mod decode;
mod envelope;
mod error;
pub mod events;
mod family;
mod ids;
mod integer;
mod lines;
mod money;
#[cfg(feature = "schema")]
pub mod schema;
mod strict;
pub mod telemetry;
mod text;
mod timestamp;
mod upcast;
mod violation;

pub use address::{Address, AddressText, CountryCode, PostalCode};
pub use currency::Currency;
pub use decode::{decode, decode_telemetry};
pub use envelope::{Envelope, MAX_ENVELOPE_BYTES, Metadata, RawEnvelope, SchemaVersion, Traceparent};
pub use error::{ContractError, Fault};
pub use events::{Event, EventType};
pub use family::{Family, Kind};
pub use ids::{
    AggregateId, CorrelationId, CustomerId, EmailAddress, EventId, GatewayReference, OrderId, PaymentMethod,
    ProducerId, Sku, TrackingNumber,
};
pub use lines::{Lines, OrderLine, Quantity, StockLine};
pub use money::{MAX_MINOR_UNITS, MinorUnits, Money, MoneyError};
pub use telemetry::{Telemetry, TelemetryType};
pub use text::InvalidValue;
pub use timestamp::Timestamp;
