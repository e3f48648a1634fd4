//! Routing as data: `EventBridge` event patterns and SNS filter policies that are matched, explained, and checked
//! against schemas, without AWS and without IO.
//!
//! - [`Pattern`] is one event pattern: [`Pattern::parse`] refuses what `EventBridge` refuses, in its words;
//!   [`Pattern::matches`] and [`Pattern::explain`] answer for one event.
//! - [`RuleSet`] matches many patterns at once.
//! - [`sns::FilterPolicy`] is a subscription's filter policy, on attributes or on the body.
//! - [`input::Input`] is what a target receives of an event: a part of it, or what a template makes of it.
//! - [`check::check`] holds rules against the schemas of the events that there are.
//!
//! Why no other crate: of those that were there, `event-ruler` 0.1.0 is an empty shell, and `quamina` 0.6 matches fast
//! but is another language (no `$or`, none of `EventBridge`'s refusals, no word about why an event did not match).
//!
//! # How it differs from `EventBridge`
//!
//! It follows the matcher that `EventBridge` is built on, aws/event-ruler, except where stated:
//!
//! - A path that stands twice in one alternative is refused. The matcher can be set to that; by default it silently
//!   takes the later.
//! - A list inside `anything-but` that is empty is refused; the matcher takes some of them and never matches.
//! - An IPv6 address is never in an IPv4 range. The matcher compares hexadecimal digits, of which a long address has
//!   those of a short one.
//! - Numbers come from `serde_json`: of a fraction with more digits than a double holds, the nearest double is compared,
//!   where the matcher would compare the digits as text.
//! - How complex a pattern with wildcards may be is not judged; `EventBridge` has a limit that it does not publish. Nor
//!   is the length of the pattern's text.

mod address;
pub mod check;
mod condition;
mod event;
pub mod input;
mod number;
mod pattern;
mod rules;
pub mod sns;
mod text;

pub use event::NotAnEvent;
pub use pattern::{Failure, Found, MAX_ALTERNATIVES, Pattern, Refused, Service};
pub use rules::RuleSet;
