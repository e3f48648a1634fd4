//! The orders function: what other services tell about an order. Wiring only.

use orders::handler;
use semel_exactly_once::Committer;
use semel_lambda::config::WINDOW_SECONDS;

fn main() -> std::process::ExitCode {
    semel_lambda::run_sqs(|start| async move {
        let orders = start.aws.aggregates(start.env.text("ORDERS_TABLE", "semel-orders")?);
        let window = start.env.seconds("DEDUPLICATION_WINDOW_SECONDS", WINDOW_SECONDS, 300)?;
        Ok(handler::Orders::new(Committer::new(orders, start.clock, window)))
    })
}
