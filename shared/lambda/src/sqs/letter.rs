//! A dead letter: the message as it was, with what a person needs to decide about it as attributes.

use aws_lambda_events::sqs::SqsMessage;
use semel_aws::Message;
use semel_contracts::{EventId, Timestamp};

use super::Reason;

/// SQS takes 10 attributes.
const ATTRIBUTES_MAX: usize = 10;
/// Longest attribute of ours. Attributes count towards the message's size.
const VALUE_BYTES_MAX: usize = 1024;
/// SQS refuses an empty body, and does not deliver one either: only a hand-made invocation has it.
const NO_BODY: &str = "(no body)";

/// What is known about a record that failed.
pub(super) struct Facts<'a> {
    pub consumer: &'a str,
    pub reason: &'a Reason,
    pub failed_at: Timestamp,
    pub receive_count: u32,
    pub event_id: Option<EventId>,
    pub event_type: Option<&'a str>,
}

/// The dead letter of `record`.
///
/// Attributes that the record came with are kept while there is room, so that a redriven message still matches what
/// looks at them; ours replace those of the same name.
pub(super) fn dead_letter(record: &SqsMessage, facts: &Facts<'_>) -> Message {
    let mut attributes = Vec::with_capacity(ATTRIBUTES_MAX);
    let mut put = |name: &str, value: &str| {
        let value = text(value);
        if !value.is_empty()
            && attributes.len() < ATTRIBUTES_MAX
            && !attributes.iter().any(|(n, _)| n == name)
        {
            attributes.push((name.to_owned(), value));
        }
    };
    put("error", &facts.reason.detail);
    put("error_class", facts.reason.code);
    put("failed_at", &facts.failed_at.to_string());
    put("consumer", facts.consumer);
    put("receive_count", &facts.receive_count.to_string());
    put("event_id", &facts.event_id.map(|id| id.to_string()).unwrap_or_default());
    put("event_type", facts.event_type.unwrap_or_default());
    put("message_id", record.message_id.as_deref().unwrap_or_default());
    let mut own: Vec<_> = record
        .message_attributes
        .iter()
        .filter_map(|(name, attribute)| Some((name, attribute.string_value.as_deref()?)))
        .collect();
    own.sort_unstable();
    for (name, value) in own {
        put(name, value);
    }
    let body = record.body.as_deref().filter(|body| !body.is_empty()).unwrap_or(NO_BODY);
    Message { body: body.to_owned(), attributes }
}

/// What SQS takes as text: no control characters but tab and line ends, no noncharacters (API reference of
/// `SendMessage`). Others are replaced, for an unsent letter explains nothing.
fn text(value: &str) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        c => c >= ' ',
    };
    let clean: String =
        value.chars().map(|c| if allowed(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
    clean[..clean.floor_char_boundary(VALUE_BYTES_MAX)].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(value: &Value) -> SqsMessage {
        serde_json::from_value(value.clone()).expect("a message")
    }

    fn letter(record: &SqsMessage, detail: &str) -> Message {
        let facts = Facts {
            consumer: "orders",
            reason: &Reason::new("not_json", detail),
            failed_at: Timestamp::from_secs(1_795_366_200),
            receive_count: 2,
            event_id: Some(EventId::from_bytes([1; 16])),
            event_type: Some("OrderCreated"),
        };
        dead_letter(record, &facts)
    }

    fn value<'a>(letter: &'a Message, name: &str) -> Option<&'a str> {
        letter.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_letter_says_what_when_who_and_how_often() {
        let letter = letter(&record(&json!({ "messageId": "m-1", "body": "{" })), "the body is not JSON");
        assert_eq!(letter.body, "{");
        for (name, expected) in [
            ("error", "the body is not JSON"),
            ("error_class", "not_json"),
            ("failed_at", "2026-11-22T16:50:00.000Z"),
            ("consumer", "orders"),
            ("receive_count", "2"),
            ("event_id", "01010101-0101-0101-0101-010101010101"),
            ("event_type", "OrderCreated"),
            ("message_id", "m-1"),
        ] {
            assert_eq!(value(&letter, name), Some(expected), "{name}");
        }
    }

    #[test]
    fn the_records_own_attributes_are_kept_while_there_is_room() {
        let own: serde_json::Map<_, _> = (0..20)
            .map(|n| (format!("own{n:02}"), json!({ "stringValue": "x", "dataType": "String" })))
            .chain([(
                "error".to_owned(),
                json!({ "stringValue": "of an earlier life", "dataType": "String" }),
            )])
            .collect();
        let letter =
            letter(&record(&json!({ "messageId": "m", "body": "{", "messageAttributes": own })), "now");
        assert_eq!(letter.attributes.len(), ATTRIBUTES_MAX);
        assert_eq!(value(&letter, "error"), Some("now"));
        assert_eq!((value(&letter, "own00"), value(&letter, "own01")), (Some("x"), Some("x")));
    }

    #[test]
    fn text_is_bounded_and_clean() {
        let letter = letter(&record(&json!({})), &format!("a\u{0}b\u{FFFF}\n{}", "é".repeat(4000)));
        let error = value(&letter, "error").expect("there");
        assert!(error.starts_with("a\u{FFFD}b\u{FFFD}\n") && error.len() <= VALUE_BYTES_MAX, "{error}");
        assert_eq!(letter.body, NO_BODY);
        assert_eq!(value(&letter, "message_id"), None, "an empty value would be refused");
    }
}
