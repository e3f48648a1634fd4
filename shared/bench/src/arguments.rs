//! Arguments by name: `--brokers 127.0.0.1:9092`.

use std::str::FromStr;

/// The values after `name`; none if it is not there, or the last of all.
///
/// # Panics
///
/// If there are some, but fewer.
pub fn after<const N: usize>(name: &str) -> Option<[String; N]> {
    let mut values = std::env::args().skip_while(|argument| argument != name).skip(1).peekable();
    values.peek()?;
    Some(std::array::from_fn(|_| values.next().unwrap_or_else(|| panic!("{name} needs {N} values"))))
}

/// The value after `name`.
///
/// # Panics
///
/// If there is none.
pub fn text(name: &str) -> String {
    after(name).map_or_else(|| panic!("{name} is missing"), |[text]| text)
}

/// The value after `name`, or `usual`.
///
/// # Panics
///
/// If it is no number.
pub fn number<T: FromStr>(name: &str, usual: T) -> T {
    let Some([text]) = after(name) else { return usual };
    text.parse().unwrap_or_else(|_| panic!("{name} {text}: not a number"))
}
