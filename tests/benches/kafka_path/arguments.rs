//! Arguments by name: `--brokers 127.0.0.1:9092`.

use std::str::FromStr;

/// The argument after `name`.
pub fn text(name: &str) -> String {
    optional(name).unwrap_or_else(|| panic!("{name} is missing"))
}

/// The argument after `name`, or `usual`.
pub fn number<T: FromStr>(name: &str, usual: T) -> T {
    let Some(text) = optional(name) else { return usual };
    text.parse().unwrap_or_else(|_| panic!("{name} {text}: not a number"))
}

fn optional(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}
