//! Rules files, plans and policies, without a bus: what is sent is applied to a bus of the test's own.

mod bus;
mod files;
mod plans;
mod policies;
