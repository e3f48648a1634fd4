//! Which carriers a deployment of this binary has, and where they are, from the environment.
//!
//! | variables | the function publishes to |
//! | --- | --- |
//! | `BUS_NAME` and `TOPIC_ARN` | the bus and the topic |
//! | `KAFKA_BROKERS` (`host:port`, several by commas) and `KAFKA_SECURITY` (`iam` or `plaintext`) | Kafka; `iam` also takes `AWS_REGION`, which Lambda sets |
//!
//! One or the other. Both in one function would put the shop's events behind brokers that are away; none would leave
//! the streams to age.

use semel_aws::{Arns, EventBridge, Queue, Topic};
use semel_kafka::{Connection, KafkaEvents, Publisher, PublisherSettings};
use semel_lambda::config::{Environment, KafkaAccess};
use semel_lambda::{InitError, Start};

use crate::route::{BusAndTopic, Kafka};

/// What brokers know this client as.
const CLIENT_ID: &str = "semel-kafka-relay";

/// The carriers that an environment names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriers {
    /// The bus and the topic.
    BusAndTopic,
    /// Kafka.
    Kafka,
}

/// The carriers that `env` names.
///
/// Fails if it names none, or both. Whether each of them is named in full is seen when it is wired.
pub fn carriers(env: &Environment) -> Result<Carriers, InitError> {
    let named = |names: [&'static str; 2]| names.into_iter().find(|name| env.optional(name).is_some());
    match (named(["BUS_NAME", "TOPIC_ARN"]), named(["KAFKA_BROKERS", "KAFKA_SECURITY"])) {
        (Some(_), None) => Ok(Carriers::BusAndTopic),
        (None, Some(_)) => Ok(Carriers::Kafka),
        (Some(one), Some(other)) => Err(format!(
            "{one} and {other} are both set: a relay publishes to the bus and the topic or to Kafka, so that neither \
             waits for the other. Deploy it twice"
        )
        .into()),
        (None, None) => Err("there is no carrier: set BUS_NAME and TOPIC_ARN to publish to the bus and the topic, or \
                             KAFKA_BROKERS and KAFKA_SECURITY to publish to Kafka"
            .into()),
    }
}

/// The bus and the topic. Makes no request.
pub fn bus_and_topic(start: &Start) -> Result<BusAndTopic<EventBridge, Topic>, InitError> {
    carriers(&start.env)?;
    let topic = start.env.text("TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:semel-orders")?;
    let bus = start.aws.event_bus(start.env.text("BUS_NAME", "semel")?, Arns::beside(&topic)?);
    Ok(BusAndTopic { bus, topic: start.aws.topic(topic) })
}

/// Kafka. Makes no request: the first events connect, and brokers that are away at start are a carrier that could not
/// take them yet.
///
/// The publisher's own bound of 10 s a call is well inside the function's time. It is not transactional: an event that
/// is refused for good must not keep its neighbours from being written, and a repetition is recognised by its id.
pub fn kafka(start: &Start) -> Result<Kafka<KafkaEvents>, InitError> {
    carriers(&start.env)?;
    let KafkaAccess { brokers, iam_region } = start.env.kafka()?;
    let mut connection = match iam_region {
        None => Connection::plaintext(brokers),
        Some(region) => {
            let credentials = start.aws.credentials();
            let credentials =
                credentials.ok_or("Kafka with IAM needs AWS credentials, and there are none")?;
            Connection::iam(brokers, region, credentials)
        }
    };
    CLIENT_ID.clone_into(&mut connection.client_id);
    Ok(Kafka(KafkaEvents::new(Publisher::new(PublisherSettings::new(connection)))))
}

/// The function's own dead-letter queue.
pub fn dead_letters(start: &Start) -> Result<Queue, InitError> {
    let example = "https://sqs.eu-central-1.amazonaws.com/123456789012/semel-relay-dead-letters";
    Ok(start.aws.queue(start.env.text("DLQ_URL", example)?))
}

#[cfg(test)]
mod tests {
    use semel_aws::{Aws, SystemClock};
    use semel_kafka::Security as Way;
    use semel_testkit::block_on;

    use super::*;

    const BUS: (&str, &str) = ("BUS_NAME", "semel");
    const TOPIC: (&str, &str) = ("TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:semel-orders");
    const BROKERS: (&str, &str) = ("KAFKA_BROKERS", "b-1:9098,b-2:9098");
    const PLAINTEXT: (&str, &str) = ("KAFKA_SECURITY", "plaintext");

    fn start<const N: usize>(variables: [(&str, &str); N]) -> Start {
        let aws = block_on(Aws::local("http://127.0.0.1:1"));
        Start { env: Environment::of(variables), aws, clock: SystemClock }
    }

    fn refused<T>(wired: Result<T, InitError>) -> String {
        wired.map(drop).expect_err("refused").to_string()
    }

    #[test]
    fn the_environment_names_the_bus_and_the_topic_or_kafka() {
        let of = |start: Start| carriers(&start.env).expect("one of them");
        assert_eq!(of(start([BUS, TOPIC])), Carriers::BusAndTopic);
        assert_eq!(of(start([BROKERS, PLAINTEXT])), Carriers::Kafka);
        // A template's parameter that was left empty names nothing.
        assert_eq!(of(start([BUS, TOPIC, ("KAFKA_BROKERS", " ")])), Carriers::BusAndTopic);
        assert_eq!(of(start([BROKERS, PLAINTEXT, ("BUS_NAME", "")])), Carriers::Kafka);
    }

    #[test]
    fn none_or_both_is_refused_whichever_is_asked_for() {
        let none = start([("KAFKA_BROKERS", "")]);
        for said in [refused(bus_and_topic(&none)), refused(kafka(&none)), refused(carriers(&none.env))] {
            for name in ["BUS_NAME", "TOPIC_ARN", "KAFKA_BROKERS", "KAFKA_SECURITY"] {
                assert!(said.contains(name), "{said}");
            }
        }
        let both = start([BUS, TOPIC, BROKERS, PLAINTEXT]);
        for said in [refused(bus_and_topic(&both)), refused(kafka(&both)), refused(carriers(&both.env))] {
            assert!(said.contains("BUS_NAME and KAFKA_BROKERS are both set"), "{said}");
        }
        // What is left over of another deployment is a contradiction too, not something to pass over.
        let said = refused(bus_and_topic(&start([TOPIC, BUS, PLAINTEXT])));
        assert!(said.contains("BUS_NAME and KAFKA_SECURITY are both set"), "{said}");
    }

    #[test]
    fn half_a_carrier_is_refused_by_the_name_that_is_missing() {
        for (given, missing) in [(BUS, "TOPIC_ARN"), (TOPIC, "BUS_NAME")] {
            let said = refused(bus_and_topic(&start([given])));
            assert!(said.contains(&format!("environment variable {missing} is not set")), "{said}");
        }
        for (given, missing) in [(BROKERS, "KAFKA_SECURITY"), (PLAINTEXT, "KAFKA_BROKERS")] {
            let said = refused(kafka(&start([given])));
            assert!(said.contains(&format!("environment variable {missing} is not set")), "{said}");
        }
        assert!(refused(dead_letters(&start([BUS, TOPIC]))).contains("DLQ_URL"));
    }

    #[test]
    fn brokers_are_entered_as_the_environment_says() {
        let Kafka(plain) = kafka(&start([BROKERS, PLAINTEXT])).expect("wired");
        let connection = &plain.publisher().settings().connection;
        assert_eq!((connection.brokers.as_str(), connection.client_id.as_str()), (BROKERS.1, CLIENT_ID));
        assert!(matches!(connection.security, Way::Plaintext));

        let iam = [BROKERS, ("KAFKA_SECURITY", "iam"), ("AWS_REGION", "eu-north-1")];
        let Kafka(iam) = kafka(&start(iam)).expect("wired");
        let security = &iam.publisher().settings().connection.security;
        assert!(matches!(security, Way::SaslIam { region, .. } if region == "eu-north-1"), "{security:?}");
    }

    #[test]
    fn what_is_wrong_is_named_at_start() {
        for (variables, name) in [
            ([("KAFKA_BROKERS", "kafka"), PLAINTEXT], "KAFKA_BROKERS"),
            ([BROKERS, ("KAFKA_SECURITY", "sasl")], "KAFKA_SECURITY"),
            ([BROKERS, ("KAFKA_SECURITY", "iam")], "AWS_REGION"),
        ] {
            let said = refused(kafka(&start(variables)));
            assert!(said.contains(name), "{said}");
        }
    }
}
