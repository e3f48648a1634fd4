//! The shipping function: a parcel for every confirmed and paid order. Wiring only.

use semel_exactly_once::Committer;
use semel_lambda::config::WINDOW_SECONDS;
use shipping::carrier::SimulatedCarrier;
use shipping::handler;

fn main() -> std::process::ExitCode {
    semel_lambda::run_sqs(|start| async move {
        let shipments = start.aws.aggregates(start.env.text("SHIPMENTS_TABLE", "semel-shipments")?);
        let window = start.env.seconds("DEDUPLICATION_WINDOW_SECONDS", WINDOW_SECONDS, 300)?;
        let transit = start.env.seconds("TRANSIT_SECONDS", 0..=2_592_000, 3_600)?;
        let carrier = SimulatedCarrier::new(start.clock, transit);
        Ok(handler::Shipping::new(Committer::new(shipments, start.clock, window), carrier))
    })
}
