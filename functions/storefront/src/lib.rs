//! What other programs need of the storefront: the API over ports, which tests and benchmarks drive over their own.
//!
//! The function itself is in `main.rs`; nothing here reads configuration or starts anything.

mod caller;
mod handler;
mod orders;
mod page;
mod place;
mod ports;
mod refusal;
mod stock;
mod view;

pub use caller::Auth;
pub use handler::Storefront;
pub use page::{Paging, Position};
pub use place::DEADLINE_SECONDS;
pub use ports::{Catalogue, History, Page};
