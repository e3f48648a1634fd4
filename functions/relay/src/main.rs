//! The relay function: publishes what the tables committed. Wiring only.

use relay::{brokers, handler};
use semel_aws::Arns;

fn main() -> std::process::ExitCode {
    semel_lambda::run_stream(|start| async move {
        let topic = start.env.text("TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:semel-orders")?;
        let bus = start.aws.event_bus(start.env.text("BUS_NAME", "semel")?, Arns::beside(&topic)?);
        let example = "https://sqs.eu-central-1.amazonaws.com/123456789012/semel-relay-dead-letters";
        let dead_letters = start.aws.queue(start.env.text("DLQ_URL", example)?);
        let kafka = brokers::kafka(&start.env, &start.aws)?;
        Ok(handler::Relay::new(bus, start.aws.topic(topic), dead_letters, start.clock).with_kafka(kafka))
    })
}
