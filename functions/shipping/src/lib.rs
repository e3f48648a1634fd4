//! What other programs need of shipping: the carrier, whom the sweeper asks about parcels on their way.
//!
//! The function itself is in `main.rs`; nothing here knows of queues or tables.

pub mod carrier;
