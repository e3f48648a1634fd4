//! A whole queue consumer: it greets every order by its id, and refuses those that were cancelled.
//!
//! `QUEUE_URL` and `DLQ_URL` name its queues, `GREETING` is its own setting.

use std::process::ExitCode;

use semel_contracts::{Envelope, Event};
use semel_lambda::sqs::{Consumer, Outcome, Reason, Received};

struct Greeter {
    greeting: String,
}

impl Consumer for Greeter {
    const NAME: &'static str = "greeter";

    fn route(&self, envelope: &Envelope) -> Option<String> {
        Some(envelope.order_id().to_string())
    }

    async fn handle(&self, key: &str, group: Vec<Received>) -> Vec<Outcome> {
        let greet = |received: Received| {
            if matches!(received.envelope.data, Event::OrderCancelled(_)) {
                return Outcome::Fatal(Reason::new("too_late", "the order is cancelled"));
            }
            tracing::info!(order = key, "{}", self.greeting);
            Outcome::Applied
        };
        group.into_iter().map(greet).collect()
    }
}

fn main() -> ExitCode {
    semel_lambda::run_sqs(
        |start| async move { Ok(Greeter { greeting: start.env.text("GREETING", "hello")? }) },
    )
}
