//! The topic in Kafka, and where the brokers are, from the environment.
//!
//! | variable | what |
//! | --- | --- |
//! | `KAFKA_BROKERS` | `host:port`, several by commas |
//! | `KAFKA_SECURITY` | `iam` (Amazon MSK) or `plaintext` |
//! | `AWS_REGION` | the cluster's region, for `iam`; Lambda sets it |
//! | `TELEMETRY_TOPIC` | the topic, which must exist |
//! | `AWS_LAMBDA_FUNCTION_NAME` | begins the transactional id, as the function's rights have it; Lambda sets it |

use std::ops::Range;

use bytes::Bytes;
use semel_aws::Aws;
use semel_exactly_once::{Class, Clock};
use semel_kafka::{Connection, PublisherSettings, Record};
use semel_lambda::InitError;
use semel_lambda::config::{Environment, KafkaAccess};

use crate::ports::{Outgoing, Publisher, Unpublished};

/// One topic. Each batch is one transaction: all its events are there, or none.
pub struct Topic {
    publisher: semel_kafka::Publisher,
    name: String,
}

impl Topic {
    /// The topic that the environment names. Makes no request: the first batch connects, and a broker that is away at
    /// start is an answer to that batch.
    ///
    /// The transactional id is this process's own: a second one with the same id would put the first out.
    pub fn of(env: &Environment, aws: &Aws, clock: &impl Clock) -> Result<Self, InitError> {
        let KafkaAccess { brokers, iam_region } = env.kafka()?;
        let mut connection = match iam_region {
            None => Connection::plaintext(brokers),
            Some(region) => {
                let credentials =
                    aws.credentials().ok_or("Kafka with IAM needs AWS credentials, and there are none")?;
                Connection::iam(brokers, region, credentials)
            }
        };
        "semel-ingest".clone_into(&mut connection.client_id);
        let function = env.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "semel-ingest".to_owned());
        let settings =
            PublisherSettings::new(connection).transactional(format!("{function}-{:016x}", clock.random()));
        let name = env.text("TELEMETRY_TOPIC", "telemetry")?;
        Ok(Self { publisher: semel_kafka::Publisher::new(settings), name })
    }

    /// The records of a batch: one buffer holds the bytes of all of them.
    fn records(&self, events: &[Outgoing<'_>]) -> Vec<Record<'_>> {
        let bytes = events.iter().map(|event| event.key.len() + event.value.len()).sum();
        let mut buffer = Vec::with_capacity(bytes);
        let mut put = |text: &str| -> Range<usize> {
            let start = buffer.len();
            buffer.extend_from_slice(text.as_bytes());
            start..buffer.len()
        };
        let places: Vec<_> = events.iter().map(|event| (put(event.key), put(event.value))).collect();
        let buffer = Bytes::from(buffer);
        let record = |(key, value)| Record::new(&self.name, buffer.slice(key), buffer.slice(value));
        places.into_iter().map(record).collect()
    }
}

impl Publisher for Topic {
    async fn publish(&self, events: &[Outgoing<'_>]) -> Result<(), Unpublished> {
        let outcomes = self.publisher.publish(&self.records(events)).await;
        let errors =
            outcomes.into_iter().enumerate().filter_map(|(place, outcome)| Some((place, outcome.err()?)));
        let (failed, mut errors): (Vec<_>, Vec<_>) = errors.unzip();
        // If one of them can be helped by sending it again, all shall be sent again.
        let place = errors.iter().position(|error| error.class == Class::Transient).unwrap_or(0);
        if errors.is_empty() {
            return Ok(());
        }
        let error = errors.swap_remove(place);
        Err(Unpublished { failed, class: error.class, source: error.into() })
    }
}

#[cfg(test)]
mod tests {
    use semel_kafka::Security as Way;
    use semel_testkit::{SimulatedClock, block_on};

    use super::*;

    fn of<const N: usize>(variables: [(&str, &str); N]) -> Result<Topic, InitError> {
        let aws = block_on(Aws::local("http://127.0.0.1:1"));
        Topic::of(&Environment::of(variables), &aws, &SimulatedClock::default())
    }

    #[test]
    fn brokers_are_entered_as_the_environment_says() {
        let brokers = ("KAFKA_BROKERS", "b-1:9098,b-2:9098");
        let plain =
            of([brokers, ("KAFKA_SECURITY", "plaintext"), ("TELEMETRY_TOPIC", "t-2")]).expect("wired");
        let settings = plain.publisher.settings();
        assert_eq!((settings.connection.brokers.as_str(), plain.name.as_str()), (brokers.1, "t-2"));
        assert!(matches!(settings.connection.security, Way::Plaintext));

        let iam = of([
            brokers,
            ("KAFKA_SECURITY", "iam"),
            ("AWS_REGION", "eu-north-1"),
            ("TELEMETRY_TOPIC", "telemetry"),
            ("AWS_LAMBDA_FUNCTION_NAME", "shop-ingest"),
        ])
        .expect("wired");
        let settings = iam.publisher.settings();
        assert!(
            matches!(&settings.connection.security, Way::SaslIam { region, .. } if region == "eu-north-1")
        );
        let id = settings.transactional_id.as_deref().unwrap_or_default();
        assert!(id.starts_with("shop-ingest-") && id.len() == 28, "{id}");
        assert_eq!(iam.name, "telemetry");
    }

    #[test]
    fn what_is_missing_is_named_at_start() {
        let brokers = ("KAFKA_BROKERS", "b-1:9098");
        for (variables, name) in [
            ([("KAFKA_BROKERS", ""), ("KAFKA_SECURITY", "plaintext")], "KAFKA_BROKERS"),
            ([brokers, ("KAFKA_SECURITY", "")], "KAFKA_SECURITY"),
            ([brokers, ("KAFKA_SECURITY", "iam")], "AWS_REGION"),
            ([brokers, ("KAFKA_SECURITY", "plaintext")], "TELEMETRY_TOPIC"),
        ] {
            let error = of(variables).map(|topic| topic.name).expect_err("refused").to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn records_hold_the_events_bytes() {
        let topic =
            of([("KAFKA_BROKERS", "b:1"), ("KAFKA_SECURITY", "plaintext"), ("TELEMETRY_TOPIC", "telemetry")]);
        let topic = topic.expect("wired");
        let events = [Outgoing { key: "s-1", value: "{ }" }, Outgoing { key: "d-1", value: "{\"a\": 1}" }];
        let records = topic.records(&events);
        for (record, event) in records.iter().zip(events) {
            assert_eq!(record.key.as_deref(), Some(event.key.as_bytes()));
            assert_eq!((&record.value[..], record.topic), (event.value.as_bytes(), "telemetry"));
        }
        assert_eq!(records.len(), 2);
    }
}
