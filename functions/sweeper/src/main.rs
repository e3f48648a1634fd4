//! The sweeper function: what time alone sets off. Wiring only.

mod due;
mod handler;

use handler::{Sweeper, Table};
use semel_exactly_once::Committer;
use semel_lambda::config::WINDOW_SECONDS;
use shipping::carrier::SimulatedCarrier;

fn main() -> std::process::ExitCode {
    semel_lambda::run_schedule(|start| async move {
        let window = start.env.seconds("DEDUPLICATION_WINDOW_SECONDS", WINDOW_SECONDS, 300)?;
        let transit = start.env.seconds("TRANSIT_SECONDS", 0..=2_592_000, 3_600)?;
        let table = |name: String| {
            let committer = Committer::new(start.aws.aggregates(&name), start.clock, window);
            Table { committer, due: start.aws.reads(name) }
        };
        let orders = table(start.env.text("ORDERS_TABLE", "semel-orders")?);
        let shipments = table(start.env.text("SHIPMENTS_TABLE", "semel-shipments")?);
        Ok(Sweeper::new(orders, shipments, SimulatedCarrier::new(start.clock, transit)))
    })
}
