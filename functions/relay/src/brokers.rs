//! Where Kafka is, from the environment: no brokers, no Kafka.
//!
//! | variable | what |
//! | --- | --- |
//! | `KAFKA_BROKERS` | `host:port`, several by commas; unset or empty: events go to the bus and the topic only |
//! | `KAFKA_SECURITY` | `iam` (Amazon MSK) or `plaintext`; needed with brokers |
//! | `AWS_REGION` | the cluster's region, for `iam`; Lambda sets it |

use semel_aws::Aws;
use semel_kafka::{Connection, KafkaEvents, Publisher, PublisherSettings};
use semel_lambda::InitError;
use semel_lambda::config::{Environment, KafkaAccess};

/// Kafka, if there are brokers. Makes no request: the first events connect, and a broker that is away at start is a
/// carrier that could not take them yet.
///
/// The publisher's own bound of 10 s a call is well inside the function's time. It is not transactional: an event that
/// is refused for good must not keep its neighbours from being written, and a repetition is recognised by its id.
pub fn kafka(env: &Environment, aws: &Aws) -> Result<Option<KafkaEvents>, InitError> {
    if env.optional("KAFKA_BROKERS").is_none() {
        return Ok(None);
    }
    let KafkaAccess { brokers, iam_region } = env.kafka()?;
    let mut connection = match iam_region {
        None => Connection::plaintext(brokers),
        Some(region) => {
            let credentials =
                aws.credentials().ok_or("Kafka with IAM needs AWS credentials, and there are none")?;
            Connection::iam(brokers, region, credentials)
        }
    };
    "semel-relay".clone_into(&mut connection.client_id);
    Ok(Some(KafkaEvents::new(Publisher::new(PublisherSettings::new(connection)))))
}

#[cfg(test)]
mod tests {
    use semel_kafka::Security as Way;
    use semel_testkit::block_on;

    use super::*;

    fn of<const N: usize>(variables: [(&str, &str); N]) -> Result<Option<KafkaEvents>, InitError> {
        kafka(&Environment::of(variables), &block_on(Aws::local("http://127.0.0.1:1")))
    }

    #[test]
    fn without_brokers_there_is_no_kafka() {
        for brokers in ["", "  "] {
            assert!(of([("KAFKA_BROKERS", brokers)]).expect("wired").is_none());
        }
        assert!(of([("KAFKA_SECURITY", "iam")]).expect("wired").is_none());
    }

    #[test]
    fn brokers_are_entered_as_the_environment_says() {
        let brokers = ("KAFKA_BROKERS", "b-1:9098,b-2:9098");
        let plain = of([brokers, ("KAFKA_SECURITY", "plaintext")]).expect("wired").expect("Kafka");
        let connection = &plain.publisher().settings().connection;
        assert_eq!((connection.brokers.as_str(), connection.client_id.as_str()), (brokers.1, "semel-relay"));
        assert!(matches!(connection.security, Way::Plaintext));

        let iam = [brokers, ("KAFKA_SECURITY", "iam"), ("AWS_REGION", "eu-north-1")];
        let iam = of(iam).expect("wired").expect("Kafka");
        let security = &iam.publisher().settings().connection.security;
        assert!(matches!(security, Way::SaslIam { region, .. } if region == "eu-north-1"), "{security:?}");
    }

    #[test]
    fn what_is_missing_is_named_at_start() {
        let brokers = ("KAFKA_BROKERS", "b-1:9098");
        for (variables, name) in [
            ([("KAFKA_BROKERS", "kafka"), ("KAFKA_SECURITY", "plaintext")], "KAFKA_BROKERS"),
            ([brokers, ("KAFKA_SECURITY", "")], "KAFKA_SECURITY"),
            ([brokers, ("KAFKA_SECURITY", "sasl")], "KAFKA_SECURITY"),
            ([brokers, ("KAFKA_SECURITY", "iam")], "AWS_REGION"),
        ] {
            let error = of(variables).expect_err("refused").to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
