//! The business rules of Semel as pure state machines: order, payment, reservation, shipment, and what is for sale.
//!
//! Each machine implements [`semel_exactly_once::Aggregate`]: `decide` takes the state and an input, and answers with
//! the next state and the events to emit. Nothing here does IO or reads a clock; nothing here knows of tables, queues
//! or HTTP. Every module has the same rooms in the same order: state, input, effect (where the outside is called),
//! rejection, decide, tests.
//!
//! States are stored with every write, so their fields have short names in storage. What the item says elsewhere, or
//! what follows from something that is stored, is left out. The name of a variant or a field *in storage* is a
//! contract with the items that exist: it may be added to, never renamed.
//!
//! Matches are exhaustive over states and events: a new event type does not compile until every machine has said what
//! it does with it.

mod compact;
mod due;
#[cfg(test)]
mod histories;
pub mod order;
pub mod payment;
pub mod reservation;
#[cfg(test)]
mod samples;
pub mod shipment;
pub mod stock;
#[cfg(test)]
mod tables;

pub use due::{DUE_AT, DUE_SHARD, DUE_SHARDS};
pub use order::{Milestone, Order, OrderInput, OrderRejection, OrderStatus, PlaceOrder};
pub use payment::{
    Decline, GatewayAnswer, GatewayCall, GatewayOperation, Payment, PaymentInput, PaymentRejection,
    PaymentStatus,
};
pub use reservation::{Reservation, ReservationInput, ReservationRejection};
pub use shipment::{
    BookParcel, Parcel, Shipment, ShipmentInput, ShipmentRejection, ShipmentStatus, TrackParcel,
};
pub use stock::{Quote, QuoteError, StockItem, quote};
