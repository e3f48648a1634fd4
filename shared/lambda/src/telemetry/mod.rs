//! JSON lines on standard output: one per log event, and one wide line per invocation.
//!
//! Fields are flat, so that a log query names them without a path, and every line has its own time: the
//! collector's is when it arrived.

mod invocation;
mod layer;

pub use invocation::Invocation;
pub(crate) use layer::JsonLines;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{ConfigError, Environment};

const LOG_LEVEL: &str = "LOG_LEVEL";
const DEFAULT_LEVEL: &str = "info";

/// Sends this process's log events to standard output, those at `LOG_LEVEL` and above (`info` if it is not set):
/// a level, or directives such as `info,semel_exactly_once=debug`.
///
/// Only the first call in a process has an effect.
pub fn init(env: &Environment) -> Result<(), ConfigError> {
    let filter = match env.optional(LOG_LEVEL) {
        None => EnvFilter::new(DEFAULT_LEVEL),
        // Lambda's own level names are upper case; directives are understood in any case.
        Some(_) => env.parsed(LOG_LEVEL, "a level or tracing directives", DEFAULT_LEVEL, |text| {
            EnvFilter::try_new(text.to_ascii_lowercase()).ok()
        })?,
    };
    // A subscriber that is there already, a test's for example, stays.
    let _ = tracing_subscriber::registry().with(filter).with(JsonLines::stdout()).try_init();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_named() {
        let error = init(&Environment::of([(LOG_LEVEL, "semel=loud")])).expect_err("no level");
        assert_eq!(error.name(), LOG_LEVEL);
    }
}
