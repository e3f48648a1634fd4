//! The inventory function: stock is held for orders, and goes back when they are cancelled. Wiring only.

use inventory::handler;
use semel_exactly_once::Committer;
use semel_lambda::config::WINDOW_SECONDS;

fn main() -> std::process::ExitCode {
    semel_lambda::run_sqs(|start| async move {
        let inventory = start.aws.aggregates(start.env.text("INVENTORY_TABLE", "semel-inventory")?);
        let window = start.env.seconds("DEDUPLICATION_WINDOW_SECONDS", WINDOW_SECONDS, 300)?;
        Ok(handler::Inventory::new(Committer::new(inventory, start.clock, window)))
    })
}
