//! P2 in memory: the same end as a simple fold over the log, whatever fails, races or comes again.
// Numbers here are small.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_precision_loss)]
#![allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod chunks;
mod faults;
mod halting;
mod histories;
mod ledger;
mod reference;
mod segments;
mod stores;
mod verdicts;
mod world;
