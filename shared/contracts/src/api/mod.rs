//! The shapes of the HTTP API: what a client may ask, and what it is answered.
//!
//! Requests refuse unknown fields, so that a misspelt option is not silently ignored. Answers may gain fields.

mod command;
mod problem;
mod view;

pub use command::{PlaceOrder, StatedCustomer, decode_command};
pub use problem::{Problem, Violation};
pub use view::{
    OrderAccepted, OrderList, OrderStatus, OrderSummary, OrderView, PaymentStatus, ShipmentStatus,
    StockLevel, StockList, StockStatus, TimelineEntry,
};
