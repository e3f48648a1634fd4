//! Dead letters of a relay: what can never be published, with its payload, so that nothing is lost and the shard
//! moves on.
//!
//! | what failed | body |
//! | --- | --- |
//! | an event that a carrier refuses for good | its envelope, ready to be published again |
//! | a record whose outbox cannot be read | the whole stream record, ready to be handed to the relay again |

use semel_aws::Message;
use semel_contracts::{RawEnvelope, Timestamp};
use semel_exactly_once::{Class, PublishError};
use semel_lambda::stream::StreamRecord;

use crate::record::{self, Unreadable};

/// Longest attribute. Attributes count towards the message's size.
const VALUE_BYTES_MAX: usize = 1024;

/// Whether a carrier refuses this one event, whatever is done about the carrier. Any other failure (a missing right,
/// a bus that is gone, a code nobody has met yet) concerns every event alike: passing over them all would empty the
/// stream into the dead-letter queue, so the shard waits instead, and the alarm on its age speaks.
pub fn is_final(error: &PublishError) -> bool {
    error.class == Class::Fatal
        && matches!(
            error.code.as_str(),
            // The adapters' own names for what they never sent.
            "EntryTooLarge" | "ConstructionFailure" | "too_large" | "not_json"
            // EventBridge.
            | "MalformedDetail" | "InvalidArgument" | "ValidationException" | "ValidationError"
            // SNS.
            | "InvalidParameter" | "InvalidParameterException" | "InvalidParameterValue"
            | "ParameterValueInvalid" | "BatchRequestTooLong"
            // Kafka, by its protocol's names. Not `InvalidTimestamp` or an unknown topic: those concern every event.
            | "MessageTooLarge" | "RecordListTooLarge" | "InvalidRecord"
        )
}

/// The letter of the function `consumer` for an event that `error` says can never be published.
pub fn of_event(
    consumer: &str,
    record: &StreamRecord,
    event: &RawEnvelope<'_>,
    error: &PublishError,
    now: Timestamp,
) -> Message {
    let mut letter = letter(consumer, record, &error.code, &error.to_string(), now);
    // Not `encode`: it refuses what is too large to travel, which may be why this is a letter.
    letter.body = body(event);
    put(&mut letter, "operation", error.operation);
    put(&mut letter, "event_id", &event.event_id.to_string());
    put(&mut letter, "event_type", event.event_type.as_str());
    letter
}

/// The letter of the function `consumer` for a record that cannot be read.
pub fn of_record(consumer: &str, record: &StreamRecord, reason: &Unreadable, now: Timestamp) -> Message {
    let mut letter = letter(consumer, record, reason.code, &reason.detail, now);
    letter.body = body(record);
    letter
}

fn letter(consumer: &str, record: &StreamRecord, class: &str, error: &str, now: Timestamp) -> Message {
    let mut letter = Message { body: String::new(), attributes: Vec::new() };
    put(&mut letter, "error", error);
    put(&mut letter, "error_class", class);
    put(&mut letter, "failed_at", &now.to_string());
    put(&mut letter, "consumer", consumer);
    put(&mut letter, "record_id", &record.event_id);
    put(&mut letter, "stream", record.event_source_arn.as_deref().unwrap_or_default());
    put(&mut letter, "key", record::text(&record.change.new_image, "pk").unwrap_or_default());
    letter
}

/// SQS refuses two noncharacters, which JSON may hold as they are: escaped they mean the same.
fn body(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"unwritable\":\"{error}\"}}"));
    if json.contains(['\u{FFFE}', '\u{FFFF}']) {
        return json.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff");
    }
    json
}

/// Adds an attribute, of characters that SQS takes and within bounds. An empty one would be refused.
fn put(letter: &mut Message, name: &str, value: &str) {
    let allowed = |c: char| c >= ' ' && c != '\u{FFFE}' && c != '\u{FFFF}';
    let clean: String = value.chars().map(|c| if allowed(c) { c } else { ' ' }).collect();
    let clean = &clean[..clean.floor_char_boundary(VALUE_BYTES_MAX)];
    if !clean.is_empty() {
        letter.attributes.push((name.to_owned(), clean.to_owned()));
    }
}
