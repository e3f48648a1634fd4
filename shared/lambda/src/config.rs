//! Typed reading of environment variables. A missing or bad one fails at init with its name, what is expected and
//! an example, so that a wrong deployment is seen before its first event.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// What a deduplication window may be: a second to a day, which is as long as EventBridge retries.
pub const WINDOW_SECONDS: RangeInclusive<u32> = 1..=86_400;

/// Longest value that an error repeats.
const SHOWN_CHARS_MAX: usize = 80;

/// A variable that is missing or not usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    name: String,
    /// `None` if the variable is missing.
    found: Option<String>,
    expected: String,
    example: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            None => write!(f, "environment variable {} is not set", self.name)?,
            Some(found) => write!(f, "environment variable {} is {found:?}", self.name)?,
        }
        write!(f, "; expected {}, for example {:?}", self.expected, self.example)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Where Kafka is, and how to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaAccess {
    /// `host:port`, several by commas.
    pub brokers: String,
    /// The region of Amazon MSK's IAM; `None` where no encryption and no credentials are asked for.
    pub iam_region: Option<String>,
}

/// The variables of the process, or those of a test.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's variables, as they are now.
    pub fn process() -> Self {
        // Variables that are no Unicode are none of ours.
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(unicode).collect())
    }

    /// These variables and no others.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// A text that must be set. Set to nothing counts as not set: an empty parameter of the template.
    pub fn text(&self, name: &str, example: &str) -> Result<String, ConfigError> {
        self.parsed(name, "a text", example, |text| Some(text.to_owned()))
    }

    /// A text that may be left out.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.value(name).map(str::to_owned)
    }

    /// A value of a type that reads itself from text.
    pub fn value_of<T: FromStr>(&self, name: &str, expected: &str, example: &str) -> Result<T, ConfigError> {
        self.parsed(name, expected, example, |text| text.parse().ok())
    }

    /// A value that `read` understands.
    pub fn parsed<T>(
        &self,
        name: &str,
        expected: &str,
        example: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let found = self.value(name);
        found.and_then(read).ok_or_else(|| ConfigError {
            name: name.to_owned(),
            found: found.map(|text| text.chars().take(SHOWN_CHARS_MAX).collect()),
            expected: expected.to_owned(),
            example: example.to_owned(),
        })
    }

    /// A time in whole seconds within `range`; `default` if it is not set.
    pub fn seconds(
        &self,
        name: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> Result<Duration, ConfigError> {
        if self.value(name).is_none() {
            return Ok(Duration::from_secs(default.into()));
        }
        let expected = format!("whole seconds from {} to {}", range.start(), range.end());
        self.parsed(name, &expected, &default.to_string(), |text| {
            let seconds = text.parse().ok().filter(|seconds| range.contains(seconds))?;
            Some(Duration::from_secs(seconds.into()))
        })
    }

    /// The way to Kafka: `KAFKA_BROKERS`, `KAFKA_SECURITY` (`iam` or `plaintext`) and, for `iam`, `AWS_REGION`, which
    /// Lambda sets.
    pub fn kafka(&self) -> Result<KafkaAccess, ConfigError> {
        let brokers = self.brokers("KAFKA_BROKERS")?;
        let with_iam = self.choice("KAFKA_SECURITY", &[("iam", true), ("plaintext", false)])?;
        let iam_region = with_iam.then(|| self.text("AWS_REGION", "eu-central-1")).transpose()?;
        Ok(KafkaAccess { brokers, iam_region })
    }

    /// Kafka brokers: `host:port`, several by commas.
    fn brokers(&self, name: &str) -> Result<String, ConfigError> {
        let example = "b-1.semel.kafka.eu-central-1.amazonaws.com:9098";
        self.parsed(name, "host:port, several by commas", example, |text| {
            text.split(',').all(is_broker).then(|| text.to_owned())
        })
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let expected = format!("one of {}", names.join(", "));
        let example = names.first().copied().unwrap_or_default();
        self.parsed(name, &expected, example, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

/// Whether this is `host:port`. An address of IP version 6 stands in brackets.
fn is_broker(text: &str) -> bool {
    let Some((host, port)) = text.trim().rsplit_once(':') else { return false };
    let in_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    !host.is_empty() && host.chars().all(in_host) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: fmt::Debug>(read: Result<T, ConfigError>) -> String {
        read.expect_err("refused").to_string()
    }

    #[test]
    fn a_text_is_read_without_surrounding_space() {
        let env = Environment::of([("ORDERS_TABLE", " semel-orders\n")]);
        assert_eq!(env.text("ORDERS_TABLE", "x").as_deref(), Ok("semel-orders"));
        assert_eq!(env.optional("ORDERS_TABLE").as_deref(), Some("semel-orders"));
        assert_eq!(env.optional("OTHER"), None);
    }

    #[test]
    fn a_missing_or_empty_text_is_named() {
        let expected = r#"environment variable T is not set; expected a text, for example "semel-orders""#;
        assert_eq!(message(Environment::of([]).text("T", "semel-orders")), expected);
        assert_eq!(message(Environment::of([("T", " ")]).text("T", "semel-orders")), expected);
    }

    #[test]
    fn seconds_have_a_default_and_bounds() {
        let read = |text| Environment::of([("W", text)]).seconds("W", 60..=3600, 300);
        assert_eq!(read(""), Ok(Duration::from_mins(5)));
        assert_eq!(read("60"), Ok(Duration::from_mins(1)));
        for bad in ["59", "3601", "-1", "1.5", "soon", "99999999999"] {
            let text = message(read(bad));
            assert!(text.contains(bad) && text.contains("whole seconds from 60 to 3600"), "{text}");
        }
    }

    #[test]
    fn a_choice_is_one_of_its_words() {
        let read = |text| Environment::of([("G", text)]).choice("G", &[("simulated", 1), ("stripe", 2)]);
        assert_eq!(read("stripe"), Ok(2));
        assert_eq!(
            message(read("paypal")),
            r#"environment variable G is "paypal"; expected one of simulated, stripe, for example "simulated""#
        );
    }

    #[test]
    fn brokers_have_a_host_and_a_port() {
        let read = |text| Environment::of([("B", text)]).brokers("B");
        for good in ["127.0.0.1:9092", "b-1.kafka:9098,b-2.kafka:9098", "[::1]:9092", "a:1, b:2"] {
            assert_eq!(read(good).as_deref(), Ok(good));
        }
        for bad in
            ["kafka", ":9092", "kafka:", "kafka:0", "kafka:65536", "a:1,", "no=such=value", "http://a:1"]
        {
            let text = message(read(bad));
            assert!(text.contains("host:port") && text.contains(bad), "{text}");
        }
        assert!(message(read("")).contains("B is not set"));
    }

    #[test]
    fn a_type_reads_itself() {
        let env = Environment::of([("N", "7"), ("BAD", "x")]);
        assert_eq!(env.value_of::<u8>("N", "a number", "1"), Ok(7));
        assert!(message(env.value_of::<u8>("BAD", "a number", "1")).contains("a number"));
    }

    #[test]
    fn a_long_bad_value_is_cut() {
        let long = "é".repeat(1000);
        let text = message(Environment::of([("N", &long)]).value_of::<u8>("N", "a number", "1"));
        assert!(text.chars().count() < 200, "{text}");
    }
}
