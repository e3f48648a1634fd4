//! The same topics in every place that names them, and for each function the rights to its own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::document::{Resource, Template, list, root, texts};
use crate::kafka::{MAPPING, outputs_of_nested, topic};
use crate::{FUNCTION, expect_none, rights};

/// infra/kafka/topics.json: names beside their settings.
fn listed_topics() -> BTreeMap<String, Value> {
    let text =
        std::fs::read_to_string(root().join("infra/kafka/topics.json")).expect("topics.json can be read");
    let list: Value = serde_json::from_str(&text).expect("topics.json is JSON");
    let topics = list["topics"].as_array().expect("a list of topics").iter();
    topics.map(|topic| (topic["name"].as_str().expect("a name").to_owned(), topic.clone())).collect()
}

#[test]
fn topics_on_aws_are_those_of_the_list() {
    let nested = Template::nested();
    let mut found = BTreeMap::new();
    for made in nested.of_type("AWS::MSK::Topic") {
        let name = made.property("TopicName").as_str().expect("a topic has a name");
        let settings = made.property("Configs")["Fn::Base64"].as_str().unwrap_or_default().lines();
        let config: BTreeMap<&str, &str> = settings.filter_map(|line| line.split_once('=')).collect();
        let partitions = made.property("PartitionCount").as_u64();
        assert_eq!(made.property("ReplicationFactor"), &json!(3), "{name} must be on three brokers");
        found.insert(name.to_owned(), (partitions, json!(config)));
    }
    let listed: BTreeMap<String, (Option<u64>, Value)> = listed_topics()
        .into_iter()
        .map(|(name, topic)| {
            // On AWS a parameter says how many partitions telemetry has.
            let partitions = topic["partitions"].as_u64().filter(|_| name != "telemetry");
            (name, (partitions, topic["config"].clone()))
        })
        .collect();
    assert_eq!(found, listed, "infra/kafka.yaml and infra/kafka/topics.json must name the same topics");
}

/// The topics that statements allow with `action`.
fn topics_of(policy: Resource<'_>, action: &str) -> BTreeSet<String> {
    let granted = rights::statements(policy).into_iter().filter(|s| texts(&s["Action"]).contains(&action));
    let resources = granted.flat_map(|statement| list(&statement["Resource"]));
    let patterns = resources.filter_map(|resource| resource["Fn::Sub"].as_str());
    patterns.filter_map(|pattern| pattern.rsplit_once('/')).map(|(_, topic)| topic.to_owned()).collect()
}

#[test]
fn each_function_may_use_its_topics_and_nobody_may_make_one() {
    const NOBODY_MAY: [&str; 5] = ["CreateTopic", "DeleteTopic", "AlterTopic", "AlterCluster", "DeleteGroup"];
    let (template, nested) = (Template::load(), Template::nested());
    let listed: BTreeSet<String> = listed_topics().into_keys().collect();
    let written = |policy: &str| topics_of(nested.resource(policy), "kafka-cluster:WriteData");
    let telemetry = BTreeSet::from(["telemetry".to_owned()]);
    assert_eq!(written("IngestPolicy"), telemetry, "ingest publishes telemetry and nothing else");
    assert_eq!(written("KafkaRelayPolicy"), &listed - &telemetry, "the relay publishes every other topic");
    let mapped: BTreeSet<String> =
        template.of_type(MAPPING).into_iter().map(|m| topic(m).to_owned()).collect();
    let read = topics_of(nested.resource("AnalyticsPolicy"), "kafka-cluster:ReadData");
    assert_eq!(read, mapped, "analytics may read exactly the topics that it is mapped to");
    let mut findings = Vec::new();
    for policy in nested.of_type("AWS::IAM::ManagedPolicy") {
        for action in rights::statements(policy).into_iter().flat_map(|s| texts(&s["Action"])) {
            if NOBODY_MAY.iter().any(|verb| action.ends_with(verb)) {
                findings.push(format!("{} allows {action}", policy.id));
            }
        }
    }
    for function in template.of_type(FUNCTION) {
        let role = rights::role(&template, function);
        let attached = list(role.property("ManagedPolicyArns")).into_iter().flat_map(outputs_of_nested);
        for output in attached {
            let own = function.id.strip_suffix("Function").is_some_and(|name| output.starts_with(name));
            if !own {
                findings.push(format!("{} has {output}, the rights of another function", role.id));
            }
        }
    }
    expect_none(&findings);
}
