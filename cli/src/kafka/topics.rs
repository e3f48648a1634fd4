//! The topics, from the one list of them: infra/kafka/topics.json.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::error::Error;
use crate::project::Project;

const LIST: &str = "infra/kafka/topics.json";

/// One topic as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: i32,
    /// Its configuration, where it differs from the broker's.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    topics: Vec<Topic>,
}

/// Reads the list.
pub fn read(project: &Project) -> Result<Vec<Topic>, Error> {
    let path = project.path(LIST);
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Topic>, Error> {
    let wrong = |reason: String| Error::Unexpected(format!("{LIST}: {reason}"));
    let list: List = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let mut names: Vec<&str> = list.topics.iter().map(|topic| topic.name.as_str()).collect();
    names.sort_unstable();
    if let Some((name, _)) = names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next) {
        return Err(wrong(format!("{name} is named twice")));
    }
    match list.topics.iter().find(|topic| topic.name.is_empty() || topic.partitions < 1) {
        Some(topic) => Err(wrong(format!("topic {:?} has no name or no partitions", topic.name))),
        None => Ok(list.topics),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_list_is_valid_and_lets_the_broker_set_timestamps() {
        let topics = read(&Project::locate(None).expect("the project")).expect("a valid list");
        let names: Vec<_> = topics.iter().map(|topic| topic.name.as_str()).collect();
        assert_eq!(names, ["orders", "payments", "inventory", "shipping", "telemetry"]);
        for topic in &topics {
            let timestamps = topic.config.get("message.timestamp.type");
            assert_eq!(timestamps.map(String::as_str), Some("LogAppendTime"), "{}", topic.name);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, reason) in [
            (
                r#"{"topics": [{"name": "a", "partitions": 1}, {"name": "a", "partitions": 2}]}"#,
                "named twice",
            ),
            (r#"{"topics": [{"name": "a", "partitions": 0}]}"#, "no partitions"),
            (r#"{"topics": [{"name": "a", "partitions": 1, "replicas": 3}]}"#, "replicas"),
            ("[]", "topics.json"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
