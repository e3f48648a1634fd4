//! SES: sends an e-mail with a text and an HTML part.

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};

use crate::AwsError;

const OPERATION: &str = "SESv2 SendEmail";

/// An e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email<'a> {
    /// A sender that SES has verified.
    pub from: &'a str,
    /// The recipient.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// For readers without HTML.
    pub text: &'a str,
    /// For the others.
    pub html: &'a str,
}

/// The e-mail service.
///
/// SES has no idempotency key: who must not send twice records the intent first.
#[derive(Debug, Clone)]
pub struct Mailer(aws_sdk_sesv2::Client);

impl Mailer {
    pub(crate) fn new(client: aws_sdk_sesv2::Client) -> Self {
        Self(client)
    }

    /// Hands an e-mail over; answers with SES's message id.
    pub async fn send(&self, email: &Email<'_>) -> Result<String, AwsError> {
        let body = Body::builder().text(utf8(email.text)?).html(utf8(email.html)?).build();
        let message = Message::builder().subject(utf8(email.subject)?).body(body).build();
        let answer = self
            .0
            .send_email()
            .from_email_address(email.from)
            .destination(Destination::builder().to_addresses(email.to).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| AwsError::of(OPERATION, &error))?;
        Ok(answer.message_id().unwrap_or_default().to_owned())
    }
}

fn utf8(text: &str) -> Result<Content, AwsError> {
    Content::builder().data(text).charset("UTF-8").build().map_err(|error| {
        AwsError::new(semel_exactly_once::Class::Fatal, OPERATION, "ConstructionFailure", &error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use semel_exactly_once::Class;
    use serde_json::json as value;

    use super::*;
    use crate::wire::{Wire, json, refusal};

    const EMAIL: Email<'_> = Email {
        from: "shop@example.com",
        to: "ada@example.com",
        subject: "Grüße",
        text: "Hi",
        html: "<p>Hi",
    };

    #[tokio::test]
    async fn both_parts_are_sent_as_utf_8() {
        let wire = Wire::answering(|_| json(200, &value!({ "MessageId": "m-1" })));
        assert_eq!(wire.aws().mailer().send(&EMAIL).await.as_deref(), Ok("m-1"));
        let sent = wire.requests()[0].json();
        assert_eq!(sent["FromEmailAddress"], "shop@example.com");
        assert_eq!(sent["Destination"]["ToAddresses"], value!(["ada@example.com"]));
        let simple = &sent["Content"]["Simple"];
        assert_eq!(simple["Subject"], value!({ "Data": "Grüße", "Charset": "UTF-8" }));
        assert_eq!(simple["Body"]["Text"]["Data"], "Hi");
        assert_eq!(simple["Body"]["Html"]["Data"], "<p>Hi");
    }

    #[tokio::test]
    async fn a_refusal_is_classed() {
        for (code, class) in [("MessageRejected", Class::Fatal), ("SendingPausedException", Class::Transient)]
        {
            let wire = Wire::answering(move |_| refusal(400, code));
            let error = wire.aws().mailer().send(&EMAIL).await.expect_err("refused");
            assert_eq!((error.class, error.code.as_str()), (class, code));
        }
    }
}
