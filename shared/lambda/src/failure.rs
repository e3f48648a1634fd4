//! How an invocation fails: with a stable kind and the whole chain of causes.
//!
//! The runtime's own conversions lose both: a boxed error is called `&alloc::boxed::Box<..>` and shows only its
//! outermost message.

use std::fmt;

use lambda_runtime::Diagnostic;

/// An invocation that failed as a whole, so that Lambda repeats or reports it.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    kind: &'static str,
    message: String,
}

impl Failure {
    /// `kind` is what alarms and searches look for, such as `Relay.StreamRecord`.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Keeps the error's whole chain.
    pub fn of(kind: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(kind, chain(error))
    }

    /// The stable kind.
    pub fn kind(&self) -> &'static str {
        self.kind
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

/// The runtime logs a handler's error by `Debug`: it shall read like a sentence.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.kind.to_owned(), error_message: failure.message }
    }
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a text").to_owned()
}

/// An error with its causes, joined by colons.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        // A transparent error says the same as its source.
        if !text.ends_with(&line) {
            text.push_str(": ");
            text.push_str(&line);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the order cannot be read")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Middle(#[from] std::num::ParseIntError);

    fn error() -> Outer {
        Outer(Middle::from("x".parse::<u8>().expect_err("no number")))
    }

    #[test]
    fn every_cause_is_told_once() {
        assert_eq!(chain(&error()), "the order cannot be read: invalid digit found in string");
    }

    #[test]
    fn the_runtime_reports_kind_and_chain() {
        let diagnostic = Diagnostic::from(Failure::of("Orders.State", &error()));
        assert_eq!(diagnostic.error_type, "Orders.State");
        assert_eq!(diagnostic.error_message, "the order cannot be read: invalid digit found in string");
    }
}
