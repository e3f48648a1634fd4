//! What went wrong, in the terms of the ports: an operation, a code, and whether trying again can help.

use krafka::error::{ErrorCode, KrafkaError, ProtocolErrorKind};
use semel_exactly_once::{Class, PublishError};

/// Longest message kept; brokers and clients write more than anyone reads.
const MESSAGE_BYTES_MAX: usize = 512;

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed with {code}: {message}")]
pub struct KafkaError {
    /// Whether trying again can help.
    pub class: Class,
    /// The request, for example `Kafka Produce`.
    pub operation: &'static str,
    /// The broker's error code by its name in Kafka's protocol (`MessageTooLarge`), or one of this crate's names:
    ///
    /// | code | meaning | class |
    /// | --- | --- | --- |
    /// | `EntryTooLarge` | above [`message_bytes_max`](crate::PublisherSettings::message_bytes_max); never sent | fatal |
    /// | `UnknownTopicOrPartition` | no such topic | fatal |
    /// | `TransactionAborted` | another record of the same call failed, and nothing of the call was written | transient |
    /// | `HeldBack` | an earlier event of the same aggregate failed | transient |
    /// | `Timeout`, `Network` | no answer, no connection; the record may or may not be written | transient |
    /// | `Fenced` | another producer took over the transactional id | transient |
    /// | `Authentication` | the brokers refused the credentials, or the certificate was refused | fatal |
    /// | `Configuration` | a setting is wrong | fatal |
    pub code: String,
    /// What the broker or the client said.
    pub message: String,
}

impl KafkaError {
    pub(crate) fn new(class: Class, operation: &'static str, code: &str, message: &str) -> Self {
        let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
        Self { class, operation, code: code.to_owned(), message: message[..end].to_owned() }
    }

    pub(crate) fn of(operation: &'static str, error: &KrafkaError) -> Self {
        let (class, code) = classify(error);
        Self::new(class, operation, &code, &error.to_string())
    }
}

impl From<KafkaError> for PublishError {
    fn from(error: KafkaError) -> Self {
        Self { class: error.class, operation: error.operation, code: error.code, message: error.message }
    }
}

/// Whether a client that met this error is of no further use, so that the next call must make a new one.
pub(crate) fn ends_client(error: &KrafkaError) -> bool {
    error.is_fatal()
        || matches!(
            error,
            KrafkaError::IllegalState { .. }
                | KrafkaError::Broker {
                    code: ErrorCode::InvalidProducerIdMapping | ErrorCode::UnsupportedVersion,
                    ..
                }
        )
}

fn classify(error: &KrafkaError) -> (Class, String) {
    let named = |class, code: &str| (class, code.to_owned());
    match error {
        KrafkaError::Network(_) => named(Class::Transient, "Network"),
        KrafkaError::Timeout { .. } | KrafkaError::DeliveryTimeout { .. } => {
            named(Class::Transient, "Timeout")
        }
        KrafkaError::Broker { code, .. } => (class_of(*code), format!("{code:?}")),
        KrafkaError::UnknownTopic { .. } => named(Class::Fatal, "UnknownTopicOrPartition"),
        KrafkaError::Auth { .. } => named(Class::Fatal, "Authentication"),
        KrafkaError::Protocol { kind: ProtocolErrorKind::FrameTooLarge, .. } => {
            named(Class::Fatal, "EntryTooLarge")
        }
        KrafkaError::Protocol { kind: ProtocolErrorKind::UnknownApiVersion, .. } => {
            named(Class::Fatal, "UnsupportedVersion")
        }
        // An answer cut or garbled on the way; a new connection may read it.
        KrafkaError::Protocol { .. } => named(Class::Transient, "Protocol"),
        // The producer that took over ends when this one is made anew: only a repeated call can tell.
        KrafkaError::Fenced { .. } => named(Class::Transient, "Fenced"),
        KrafkaError::TransactionAbortable { message } => aborted(message),
        // The log lost an earlier batch. This one was not written, and the producer has moved on to a new epoch.
        KrafkaError::OutOfOrderSequence { .. } => named(Class::Transient, "OutOfOrderSequenceNumber"),
        // Another call retired the client that this one was using.
        KrafkaError::Closed { .. } | KrafkaError::Wakeup => named(Class::Transient, "Closed"),
        KrafkaError::NoOffset { .. } => named(Class::Fatal, "NoOffset"),
        KrafkaError::IllegalState { .. } => named(Class::Transient, "IllegalState"),
        KrafkaError::Config { .. } => named(Class::Fatal, "Configuration"),
        KrafkaError::Compression { .. }
        | KrafkaError::Serialization { .. }
        | KrafkaError::RecordDeserialization { .. } => named(Class::Fatal, "Encoding"),
        // The enum is open; a kind nobody has met yet is retried, which loses nothing.
        _ => named(Class::Transient, "Unknown"),
    }
}

/// Whether a broker's refusal may pass. A topic that does not exist is retriable to Kafka's clients, which wait for it;
/// by the time it gets here they have waited.
fn class_of(code: ErrorCode) -> Class {
    let passes = code != ErrorCode::UnknownTopicOrPartition && code != ErrorCode::UnknownTopicId;
    // Members that were passed over by a rebalance join again at their next poll.
    let rejoins = matches!(
        code,
        ErrorCode::IllegalGeneration
            | ErrorCode::UnknownMemberId
            | ErrorCode::RebalanceInProgress
            | ErrorCode::FencedMemberEpoch
            | ErrorCode::StaleMemberEpoch
            | ErrorCode::UnknownServerError
            | ErrorCode::ProducerFenced
            | ErrorCode::InvalidProducerEpoch
            | ErrorCode::UnknownProducerId
            | ErrorCode::InvalidProducerIdMapping
            | ErrorCode::OutOfOrderSequenceNumber
            | ErrorCode::TransactionAbortable
    );
    if passes && (code.is_retriable() || rejoins) { Class::Transient } else { Class::Fatal }
}

/// In a transaction the client reports every refusal of a broker as "must be aborted", with the code as the last word
/// of the message. A refusal that concerns the record alone must be told from one that passes.
fn aborted(message: &str) -> (Class, String) {
    const FINAL: [&str; 6] = [
        "MessageTooLarge",
        "RecordListTooLarge",
        "InvalidRecord",
        "InvalidTimestamp",
        "TopicAuthorizationFailed",
        "UnknownTopicOrPartition",
    ];
    let last = message.rsplit(' ').next().unwrap_or_default();
    if FINAL.contains(&last) {
        return (Class::Fatal, last.to_owned());
    }
    (Class::Transient, "TransactionAborted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_classed_by_whether_they_pass() {
        let broker = |code| KrafkaError::broker(code, "");
        let cases = [
            (KrafkaError::timeout("produce"), Class::Transient, "Timeout"),
            (KrafkaError::delivery_timeout(true, ""), Class::Transient, "Timeout"),
            (KrafkaError::network(std::io::ErrorKind::ConnectionRefused.into()), Class::Transient, "Network"),
            (KrafkaError::fenced(""), Class::Transient, "Fenced"),
            (KrafkaError::auth("Access denied"), Class::Fatal, "Authentication"),
            (KrafkaError::config("linger"), Class::Fatal, "Configuration"),
            (broker(ErrorCode::NotEnoughReplicas), Class::Transient, "NotEnoughReplicas"),
            (broker(ErrorCode::IllegalGeneration), Class::Transient, "IllegalGeneration"),
            (broker(ErrorCode::UnknownTopicOrPartition), Class::Fatal, "UnknownTopicOrPartition"),
            (broker(ErrorCode::TopicAuthorizationFailed), Class::Fatal, "TopicAuthorizationFailed"),
            (broker(ErrorCode::MessageTooLarge), Class::Fatal, "MessageTooLarge"),
            (KrafkaError::transaction_abortable("some reason"), Class::Transient, "TransactionAborted"),
        ];
        for (error, class, code) in cases {
            let mapped = KafkaError::of("Kafka Produce", &error);
            assert_eq!((mapped.class, mapped.code.as_str()), (class, code), "{error:?}");
        }
    }

    #[test]
    fn a_client_is_given_up_after_what_ends_it_and_kept_after_what_passes() {
        for error in [KrafkaError::fenced(""), KrafkaError::auth(""), KrafkaError::illegal_state("")] {
            assert!(ends_client(&error), "{error:?}");
        }
        for error in [KrafkaError::timeout(""), KrafkaError::broker(ErrorCode::MessageTooLarge, "")] {
            assert!(!ends_client(&error), "{error:?}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let error = KafkaError::new(Class::Fatal, "Kafka Produce", "X", &"é".repeat(MESSAGE_BYTES_MAX));
        assert_eq!(error.message.len(), MESSAGE_BYTES_MAX);
    }
}
