//! The notifications function: one e-mail per event that a customer cares about. Wiring only.

use notifications::handler;
use semel_contracts::EmailAddress;

fn main() -> std::process::ExitCode {
    semel_lambda::run_sqs(|start| async move {
        let records = start.aws.records(start.env.text("IDEMPOTENCY_TABLE", "semel-idempotency")?);
        let expected = "an e-mail address that SES has verified";
        let sender: EmailAddress = start.env.value_of("SENDER_EMAIL", expected, "shop@example.com")?;
        Ok(handler::Notifications::new(records, start.clock, start.aws.mailer(), sender))
    })
}
