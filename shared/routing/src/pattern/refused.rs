//! Why a pattern is none, in the words that the service itself answers with.

/// A pattern or filter policy that the service would refuse.
///
/// The reason is `EventBridge`'s own, as the source of its matcher has it (aws/event-ruler). Where that says the place
/// by line and column of the text, this says the path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {reason}{}", .by.words(), .path.is_empty().then(String::new).unwrap_or_else(|| format!(" at {path}")))]
pub struct Refused {
    /// Who would refuse it.
    pub by: Service,
    /// The field, its steps joined by dots; empty for the pattern itself.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// The services that match events or messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Event patterns.
    EventBridge,
    /// Filter policies.
    Sns,
}

impl Service {
    const fn words(self) -> &'static str {
        match self {
            Self::EventBridge => "Event pattern is not valid. Reason:",
            Self::Sns => "Invalid parameter: FilterPolicy:",
        }
    }
}

impl Refused {
    pub(crate) fn new(path: &str, reason: impl Into<String>) -> Self {
        Self { by: Service::EventBridge, path: path.to_owned(), reason: reason.into() }
    }
}
