//! `POST /events`: a batch of a web or mobile client. What is wrong with one event is told of that event; the request
//! is refused only if nobody can say where its events are.

use std::borrow::Cow;

use semel_exactly_once::{Clock, RecordStore};
use semel_lambda::http::{Request, Response};

use crate::batch::{Form, split};
use crate::body;
use crate::caller;
use crate::ingest::Ingest;
use crate::judge::{Sender, judge};
use crate::limits::BODY_BYTES_MAX;
use crate::ports::Publisher;
use crate::refusal;

/// Longest idempotency key; a UUID has 36 characters.
const KEY_CHARS_MAX: usize = 255;

/// Counters for the invocation's line.
pub(crate) type Counts = Vec<(&'static str, u64)>;

impl<P: Publisher, R: RecordStore, C: Clock, D: Send + Sync> Ingest<P, R, C, D> {
    /// Answers a request.
    pub(crate) async fn request(&self, request: &Request) -> (Response, Counts) {
        match request.route() {
            "POST /events" => {
                self.take_request(request).await.unwrap_or_else(|refusal| (refusal, Counts::new()))
            }
            _ if request.path() == "/events" => (refusal::method_not_allowed(), Counts::new()),
            _ => (refusal::not_found(), Counts::new()),
        }
    }

    async fn take_request(&self, request: &Request) -> Result<(Response, Counts), Response> {
        let subject = caller::subject(self.auth, request)?;
        let key = idempotency_key(request)?;
        let form = form_of(request)?;
        let bytes = request.body_within(BODY_BYTES_MAX)?;
        let text = text_of(request, &bytes)?;
        let events = split(&text, form).map_err(|error| refusal::batch(&error))?;

        let sender = subject.as_ref().map_or(Sender::Anyone, Sender::Customer);
        let verdicts = judge(&events, sender, self.now());
        let caller = subject.as_ref().map_or("", |subject| subject.as_str());
        let answer = self
            .take_once(caller, key, &events, verdicts)
            .await
            .map_err(|error| refusal::not_taken(&error, &self.clock))?;
        let status = if answer.is_all_taken() { 200 } else { 207 };
        Ok((Response::json(status, &answer), counts(&answer)))
    }
}

pub(crate) fn counts(answer: &crate::answer::Answer) -> Counts {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    vec![
        ("records", count(answer.events.len())),
        ("accepted", count(answer.accepted)),
        ("duplicate", count(answer.duplicate)),
        ("rejected", count(answer.rejected)),
        ("retry", count(answer.retry)),
        ("unsupported", count(answer.unsupported)),
    ]
}

fn idempotency_key(request: &Request) -> Result<Option<&str>, Response> {
    if !request.has_header("idempotency-key") {
        return Ok(None);
    }
    let visible = |key: &&str| {
        (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    request.header("idempotency-key").filter(visible).map(Some).ok_or_else(refusal::key)
}

fn form_of(request: &Request) -> Result<Form, Response> {
    let content_type = request.header("content-type").unwrap_or_default();
    let media_type = content_type.split_once(';').map_or(content_type, |(media_type, _)| media_type).trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        Ok(Form::Json)
    } else if media_type.eq_ignore_ascii_case("application/x-ndjson") {
        Ok(Form::Lines)
    } else {
        Err(refusal::media_type())
    }
}

fn text_of<'a>(request: &Request, bytes: &'a [u8]) -> Result<Cow<'a, str>, Response> {
    let encoding = request.header("content-encoding").map(str::trim).unwrap_or_default();
    let is_zipped = encoding.eq_ignore_ascii_case("gzip");
    if !(is_zipped || encoding.is_empty() || encoding.eq_ignore_ascii_case("identity")) {
        return Err(refusal::encoding());
    }
    // Whatever the headers say: who mangles it may have dropped one of them.
    let text = if body::is_mangled_gzip(bytes) {
        Err(body::BodyError::MangledGzip)
    } else if !is_zipped {
        std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(body::BodyError::NotText)
    } else if body::is_gzip(bytes) {
        body::text_of(bytes)
    } else {
        Err(body::BodyError::NotGzip)
    };
    text.map_err(|error| refusal::body(&error))
}
