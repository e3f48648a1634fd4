//! A customer's view of the platform: what is for sale, and orders over HTTP.

mod catalogue;
mod client;
mod first_order;

pub use catalogue::{SCARCE, SOLD, fill};
pub use client::{Client, Reply, order};
pub use first_order::{place, watch};
