//! What a rule of AWS `IoT` Core hands over: an MQTT message in base64, byte for byte, with the topic that it came on.
//!
//! The rule encodes (`SELECT encode(*, 'base64') AS payload, ...`), so that what is published is what the device sent,
//! and a message that is no JSON arrives too. No other shape is taken: fields of a message that lay bare in the event
//! could pass for those of an HTTP request.
//!
//! Nobody reads an answer: rejected events go to the dead-letter queue with their reason, and when that or Kafka
//! fails, the invocation fails, Lambda repeats it, and consumers drop what was published already.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use semel_aws::Message;
use semel_exactly_once::{Clock, RecordStore};
use semel_lambda::Failure;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Status};
use crate::batch::{Form, split};
use crate::body;
use crate::http::{Counts, counts};
use crate::ingest::Ingest;
use crate::judge::{Rejection, Sender, Verdict, judge};
use crate::limits::BODY_BYTES_MAX;
use crate::ports::{DeadLetters, Publisher};

/// What the rule selects.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Selected {
    /// The message in base64.
    payload: Option<String>,
    /// The topic it came on.
    topic: Option<String>,
    /// The device that the topic names.
    device_id: Option<String>,
    /// Who is connected, by its own word.
    client_id: Option<String>,
}

/// SQS takes attributes of any size, but they count towards the message's; nobody reads more of a reason.
const VALUE_BYTES_MAX: usize = 1024;

impl<P: Publisher, R: RecordStore, C: Clock, D: DeadLetters> Ingest<P, R, C, D> {
    /// Takes a message.
    pub(crate) async fn message(&self, payload: &RawValue) -> Result<(Answer, Counts), Failure> {
        let selected: Selected = serde_json::from_str(payload.get()).unwrap_or_default();
        let text = match text_of(&selected) {
            Ok(text) => text,
            Err(rejection) => return self.refuse(payload.get(), rejection, &selected).await,
        };
        let events = match split(&text, Form::Any) {
            Ok(events) => events,
            Err(error) => {
                return self.refuse(&text, rejection("not_json", error.to_string()), &selected).await;
            }
        };
        let sender = selected.device_id.as_deref().map_or(Sender::Anyone, Sender::Device);
        let verdicts = judge(&events, sender, self.now());
        self.take(&events, &verdicts).await.map_err(|error| Failure::of("Ingest.Unpublished", &error))?;
        let letters: Vec<Message> = events
            .iter()
            .zip(&verdicts)
            .filter_map(|(event, verdict)| match verdict {
                Verdict::Rejected(rejection) => Some(self.letter(event, rejection, &selected)),
                Verdict::Good { .. } | Verdict::Repeated { .. } => None,
            })
            .collect();
        self.keep(&letters).await?;
        Ok(told(verdicts, letters.len()))
    }

    /// Keeps a message of which no event can be told apart, as one dead letter.
    async fn refuse(
        &self,
        body: &str,
        rejection: Rejection,
        selected: &Selected,
    ) -> Result<(Answer, Counts), Failure> {
        self.keep(&[self.letter(body, &rejection, selected)]).await?;
        Ok(told(vec![Verdict::Rejected(rejection)], 1))
    }

    async fn keep(&self, letters: &[Message]) -> Result<(), Failure> {
        if letters.is_empty() {
            return Ok(());
        }
        let kept = self.dead_letters.keep(letters).await;
        kept.map_err(|error| Failure::of("Ingest.DeadLetters", error.as_ref()))
    }

    fn letter(&self, body: &str, rejection: &Rejection, selected: &Selected) -> Message {
        let id = rejection.id.map(|id| id.to_string()).unwrap_or_default();
        let attributes = [
            ("error", rejection.detail.as_str()),
            ("error_class", rejection.reason),
            ("failed_at", &self.now().to_string()),
            ("consumer", crate::NAME),
            ("event_id", &id),
            ("event_type", rejection.event_type.as_deref().unwrap_or_default()),
            ("mqtt_topic", selected.topic.as_deref().unwrap_or_default()),
            ("client_id", selected.client_id.as_deref().unwrap_or_default()),
        ];
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), clean(value)));
        // SQS refuses an empty attribute.
        let attributes = attributes.filter(|(_, value)| !value.is_empty()).collect();
        Message { body: if body.is_empty() { "(no body)".to_owned() } else { clean_body(body) }, attributes }
    }
}

/// The answer and its counters, when everything that passes is published and everything else is kept.
fn told(verdicts: Vec<Verdict<'_>>, letters: usize) -> (Answer, Counts) {
    let answer = Answer::new(verdicts, |_| Status::Accepted);
    let mut counts = counts(&answer);
    counts.push(("dead_lettered", u64::try_from(letters).unwrap_or(u64::MAX)));
    (answer, counts)
}

/// The message's text.
fn text_of(selected: &Selected) -> Result<String, Rejection> {
    let Some(payload) = &selected.payload else {
        let detail =
            "this is neither an HTTP request nor what the rule for devices selects: there is no payload";
        return Err(rejection("not_a_message", detail.to_owned()));
    };
    // Base64 has four characters for three bytes: a longer text is refused before room is made for it.
    if payload.len() / 4 * 3 > BODY_BYTES_MAX + 2 {
        return Err(rejection("too_large", body::BodyError::TooLarge.to_string()));
    }
    let bytes = STANDARD.decode(payload).map_err(|error| rejection("not_base64", error.to_string()))?;
    body::text_of(&bytes).map(std::borrow::Cow::into_owned).map_err(|error| {
        let reason = match error {
            body::BodyError::TooLarge => "too_large",
            body::BodyError::NotGzip | body::BodyError::MangledGzip | body::BodyError::BrokenGzip(_) => {
                "broken_gzip"
            }
            body::BodyError::NotText(_) => "not_json",
        };
        rejection(reason, semel_lambda::chain(&error))
    })
}

fn rejection(reason: &'static str, detail: String) -> Rejection {
    Rejection { id: None, event_type: None, reason, field: None, detail, is_newer: false }
}

/// What SQS takes as text, and not more of it than anybody reads.
fn clean(value: &str) -> String {
    let text = clean_body(value);
    text[..text.floor_char_boundary(VALUE_BYTES_MAX)].to_owned()
}

/// What SQS takes as text: no control characters but tab and line ends, no noncharacters (API reference of
/// `SendMessage`). Others are replaced, for an unsent letter explains nothing; JSON has none of them bare.
fn clean_body(value: &str) -> String {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        c => c >= ' ',
    };
    value.chars().map(|c| if allowed(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}
