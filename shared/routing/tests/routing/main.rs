//! The language's operators, its refusals, arrays, filter policies, many rules at once, and the check against schemas.
#![allow(clippy::unwrap_used)]

mod arrays;
mod check;
mod explain;
mod input;
mod operators;
mod properties;
mod refusals;
mod sns;
