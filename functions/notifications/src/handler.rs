//! Sends one e-mail per event, through an idempotency record.
//!
//! What is guaranteed: an event's mail is sent, and is not sent again as long as any copy of the event can come.
//! SES has no idempotency key, so there is one exception, and it is a repetition, never a loss: if the process dies,
//! or SES's answer is lost, after SES took the mail and before the record says so, the mail is sent again, in the
//! first case once the lease is over. Nothing else repeats it: two deliveries at once meet in the record's claim, and
//! late ones in what it stored.
//!
//! Knows the e-mail service as a port.

use std::future::Future;
use std::time::Duration;

use semel_aws::{AwsError, Email, Mailer};
use semel_contracts::{EmailAddress, Envelope};
use semel_exactly_once::{Clock, Idempotency, Once, OnceError, RecordStore};
use semel_lambda::sqs::{Consumer, Outcome, Reason, Received};

use crate::mail::News;
use crate::{html, text};

/// How long one attempt holds an event. Longer than the longest timeout that template.yaml allows the function
/// (30 s), so that nobody takes over from an attempt that may still be sending.
const LEASE: Duration = Duration::from_secs(35);

/// How long a sent mail is remembered: a day in which EventBridge tries to deliver, 14 days in the queue, 14 in the
/// dead-letter queue, and a day to spare. There is no state machine here that could refuse a later copy.
const WINDOW: Duration = Duration::from_hours(30 * 24);

/// Sends mail.
pub trait Post: Send + Sync {
    /// Hands a mail over; answers with the service's id for it.
    fn send(&self, email: &Email<'_>) -> impl Future<Output = Result<String, AwsError>> + Send;
}

impl Post for Mailer {
    fn send(&self, email: &Email<'_>) -> impl Future<Output = Result<String, AwsError>> + Send {
        Mailer::send(self, email)
    }
}

/// Consumes the notifications queue.
#[derive(Debug)]
pub struct Notifications<R, C, P> {
    once: Idempotency<R, C>,
    post: P,
    sender: EmailAddress,
}

impl<R: RecordStore, C: Clock, P: Post> Notifications<R, C, P> {
    /// Sends through `post` in the name of `sender`, once as far as `records` remember.
    pub fn new(records: R, clock: C, post: P, sender: EmailAddress) -> Self {
        Self { once: Idempotency::new(records, clock, Self::NAME, LEASE, WINDOW), post, sender }
    }

    async fn notify(&self, envelope: &Envelope) -> Outcome {
        let Some(news) = News::of(&envelope.data) else {
            return Outcome::Fatal(Reason::new("not_for_consumer", "no customer is told of this event"));
        };
        let payload = match serde_json::to_vec(&envelope.data) {
            Ok(payload) => payload,
            Err(error) => return Outcome::Fatal(Reason::new("encode", error.to_string())),
        };
        let sent = self.once.run(&envelope.event_id.to_string(), &payload, || self.send(news)).await;
        match sent {
            Ok(Once::Fresh(_message_id)) => Outcome::Applied,
            Ok(Once::Replayed(_message_id)) => Outcome::Duplicate,
            Err(error) => failed(&error),
        }
    }

    async fn send(&self, news: News<'_>) -> Result<String, AwsError> {
        let mail = news.mail();
        let (text, html) = (text::render(&mail), html::render(&mail));
        let email = Email {
            from: self.sender.as_str(),
            to: mail.to.as_str(),
            subject: &mail.subject,
            text: &text,
            html: &html,
        };
        self.post.send(&email).await
    }
}

impl<R: RecordStore, C: Clock, P: Post> Consumer for Notifications<R, C, P> {
    const NAME: &'static str = "notifications";

    /// Grouped by order, so that the mails of one order leave in the order in which its events came.
    fn route(&self, envelope: &Envelope) -> Option<String> {
        News::of(&envelope.data).map(|_| envelope.order_id().to_string())
    }

    async fn handle(&self, _order_id: &str, group: Vec<Received>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(group.len());
        for received in group {
            outcomes.push(self.notify(&received.envelope).await);
        }
        outcomes
    }
}

fn failed(error: &OnceError<AwsError>) -> Outcome {
    let code = match error {
        OnceError::InProgress { .. } => "in_progress",
        OnceError::KeyReused => "key_reused",
        OnceError::Fenced { .. } => "fenced",
        OnceError::Work(_) => "mail_refused",
        OnceError::Store(_) => "store",
        OnceError::Response(_) => "response",
    };
    Outcome::failed(error.class(|refusal| refusal.class), code, error)
}

#[cfg(test)]
mod tests;
