//! The relay function, which is deployed twice: publishes what the tables committed, to the bus and the topic or to
//! Kafka. Wiring only.

use relay::handler::Relay;
use relay::wiring::{self, Carriers};
use semel_lambda::config::Environment;

fn main() -> std::process::ExitCode {
    match wiring::carriers(&Environment::process()) {
        Ok(Carriers::Kafka) => semel_lambda::run_stream(|start| async move {
            Ok(Relay::new(wiring::kafka(&start)?, wiring::dead_letters(&start)?, start.clock))
        }),
        // Without a choice it does not start either, and says why as every function does.
        Ok(Carriers::BusAndTopic) | Err(_) => semel_lambda::run_stream(|start| async move {
            Ok(Relay::new(wiring::bus_and_topic(&start)?, wiring::dead_letters(&start)?, start.clock))
        }),
    }
}
