//! The payments function: holds, takes and gives back the money of an order. Wiring only.

use payments::gateway::Chosen;
use payments::handler;
use payments::simulated::SimulatedGateway;
use payments::stripe::{self, SecretKey, StripeGateway};
use semel_exactly_once::Committer;
use semel_lambda::config::WINDOW_SECONDS;
use semel_lambda::{InitError, Start};

fn main() -> std::process::ExitCode {
    semel_lambda::run_sqs(|start| async move {
        let payments = start.aws.aggregates(start.env.text("PAYMENTS_TABLE", "semel-payments")?);
        let window = start.env.seconds("DEDUPLICATION_WINDOW_SECONDS", WINDOW_SECONDS, 300)?;
        let simulated = start.env.choice("PAYMENT_GATEWAY", &[("simulated", true), ("stripe", false)])?;
        let gateway = if simulated {
            let ledger = start.aws.ledger(start.env.text("GATEWAY_LEDGER_TABLE", "semel-gateway-ledger")?);
            Chosen::Simulated(SimulatedGateway::new(ledger, start.clock))
        } else {
            Chosen::Stripe(stripe(&start).await?)
        };
        Ok(handler::Payments::new(Committer::new(payments, start.clock, window), gateway))
    })
}

/// Reads Stripe's key once, so that a wrong deployment fails before its first event.
async fn stripe(start: &Start) -> Result<StripeGateway, InitError> {
    const SECRET: &str = "STRIPE_SECRET_ARN";
    let example = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-key-AbCdEf";
    let secret = start.env.text(SECRET, example)?;
    let text = start.aws.secrets().text(&secret).await;
    let text = text.map_err(|error| format!("the secret that {SECRET} names cannot be read: {error}"))?;
    let key = SecretKey::new(&text).map_err(|error| format!("the secret that {SECRET} names: {error}"))?;
    let base = start.env.optional("STRIPE_BASE_URL");
    let base = base.as_deref().unwrap_or(stripe::BASE_URL);
    StripeGateway::new(base, key).map_err(|error| format!("STRIPE_BASE_URL: {error}").into())
}
