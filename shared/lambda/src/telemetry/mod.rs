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
const LEVELS: &str = "one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF in any case, \
                      or directives of them such as info,semel_aws=debug";

/// Sends this process's log events to standard output, those at `LOG_LEVEL` and above (`info` if it is not set):
/// a level as Lambda names them, in any case, or directives such as `info,semel_exactly_once=debug`.
///
/// Only the first call in a process has an effect.
pub fn init(env: &Environment) -> Result<(), ConfigError> {
    let filter = filter(env)?;
    // A subscriber that is there already, a test's for example, stays.
    let _ = tracing_subscriber::registry().with(filter).with(JsonLines::stdout()).try_init();
    Ok(())
}

fn filter(env: &Environment) -> Result<EnvFilter, ConfigError> {
    match env.optional(LOG_LEVEL) {
        None => Ok(EnvFilter::new(DEFAULT_LEVEL)),
        Some(_) => env.parsed(LOG_LEVEL, LEVELS, DEFAULT_LEVEL, |text| {
            let directives: Option<Vec<_>> = text.split(',').map(directive).collect();
            EnvFilter::try_new(directives?.join(",")).ok()
        }),
    }
}

/// A directive in the filter's own words.
///
/// The filter takes a word that is no level for the name of a module, logs that module and silences all others: a
/// level in another logger's spelling, such as `warning`, would go unnoticed until somebody looks for a line. So what
/// stands alone has to be a level; a module is named with one.
fn directive(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    match text.rsplit_once('=') {
        None if text.ends_with(']') => Some(text),
        None => level(&text).map(str::to_owned),
        // An equals sign inside brackets belongs to a span's field.
        Some((_, rest)) if rest.contains(']') => Some(text),
        Some((name, word)) => Some(format!("{name}={}", level(word)?)),
    }
}

fn level(word: &str) -> Option<&str> {
    match word {
        // Lambda's; nothing here is worse than an error.
        "fatal" => Some("error"),
        "trace" | "debug" | "info" | "warn" | "error" | "off" => Some(word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read_as(level: &str) -> String {
        filter(&Environment::of([(LOG_LEVEL, level)])).expect("a level").to_string()
    }

    #[test]
    fn every_level_of_lambda_is_one_in_any_case() {
        for level in ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] {
            assert_eq!(read_as(level), level.to_lowercase());
            assert_eq!(read_as(&level.to_lowercase()), level.to_lowercase());
        }
        assert_eq!(
            (read_as("Fatal"), read_as("OFF"), read_as("")),
            ("error".into(), "off".into(), "info".into())
        );
    }

    #[test]
    fn modules_and_spans_have_levels_of_their_own() {
        assert_eq!(read_as("info,semel_aws=debug"), read_as("INFO , Semel_aws=DEBUG"));
        let filter = read_as("info,semel_aws=debug,hyper=off");
        for directive in ["info", "semel_aws=debug", "hyper=off"] {
            assert!(filter.split(',').any(|other| other == directive), "{filter}");
        }
        assert!(
            read_as("warn,[invocation{request_id=r-1}]=debug").contains("[invocation{request_id=r-1}]=debug")
        );
        assert!(read_as("warn,[invocation]").contains("[invocation]=trace"));
        assert!(read_as("warn,semel_aws[invocation{request_id=r-1}]").contains("semel_aws[invocation"));
    }

    #[track_caller]
    fn refusal(level: &str) -> String {
        let error = init(&Environment::of([(LOG_LEVEL, level)])).expect_err("no level");
        assert_eq!(error.name(), LOG_LEVEL);
        error.to_string()
    }

    #[test]
    fn a_level_that_is_none_is_named_with_those_that_are() {
        for level in [
            "warning",
            "verbose",
            "semel=loud",
            "info,semel_aws=warning",
            "info,warning",
            "critical",
            ",",
            "[",
        ] {
            let text = refusal(level);
            for said in [LOG_LEVEL, level, "TRACE, DEBUG, INFO, WARN, ERROR, FATAL"] {
                assert!(text.contains(said), "{text:?} says {said:?}");
            }
        }
    }
}
