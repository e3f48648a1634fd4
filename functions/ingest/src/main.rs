//! The ingest function: clients and devices send telemetry, which goes to Kafka. Wiring only.

use ingest::limits::{LEASE, MEMORY_SECONDS, MEMORY_SECONDS_DEFAULT};
use ingest::{Auth, Ingest, Topic};
use semel_exactly_once::Idempotency;

fn main() -> std::process::ExitCode {
    semel_lambda::run_intake(|start| async move {
        let publisher = Topic::of(&start.env, &start.aws, &start.clock)?;
        let records = start.aws.records(start.env.text("IDEMPOTENCY_TABLE", "semel-idempotency")?);
        let memory = start.env.seconds("BATCH_MEMORY_SECONDS", MEMORY_SECONDS, MEMORY_SECONDS_DEFAULT)?;
        let example = "https://sqs.eu-central-1.amazonaws.com/123456789012/semel-ingest-dead-letters";
        Ok(Ingest {
            publisher,
            batches: Idempotency::new(records, start.clock, ingest::NAME, LEASE, memory),
            dead_letters: start.aws.queue(start.env.text("DLQ_URL", example)?),
            clock: start.clock,
            auth: start.env.choice("API_AUTH", &[("jwt", Auth::Jwt), ("anonymous", Auth::Anonymous)])?,
        })
    })
}
