//! The analytics function: figures of the shop and its warehouses, from Kafka. Wiring only.

use std::time::Duration;

use analytics::Figures;
use mimalloc::MiMalloc;
use semel_exactly_once::batch::{Batches, Settings, Stream};
use semel_lambda::kafka::ExactlyOnce;

const NAME: &str = "analytics";
/// A deployment reads one cluster. To move to another is to begin its logs afresh: with a new epoch.
const CLUSTER: &str = "main";

/// A ledger, a payload and what is decoded of it are megabytes each: they want huge pages, and this asks for them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    semel_lambda::run_kafka(|start| async move {
        let fences = start.aws.fences(start.env.text("ANALYTICS_TABLE", "semel-analytics")?);
        let objects = start.aws.bucket(&start.env.text("LEDGER_BUCKET", "semel-ledger")?);
        let epoch = start.env.value_of("TOPIC_EPOCH", "a whole number", "1")?;
        let lateness: u32 =
            start.env.parsed("ALLOWED_LATENESS_SECONDS", "whole seconds from 1 to 86400", "300", |text| {
                text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds))
            })?;
        let settings =
            Settings { allowed_lateness: Duration::from_secs(lateness.into()), ..Settings::default() };
        let stream = Stream { consumer: NAME.to_owned(), cluster: CLUSTER.to_owned(), epoch };
        Ok(ExactlyOnce::new(NAME, Batches::new(Figures, fences, objects, start.clock, stream, settings)))
    })
}
