//! The Kafka path: gone without `KafkaMode`, whole with it, watched, and without a way to lose a record.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::conditions::Settings;
use crate::document::{Resource, Template, list, references, target, texts};
use crate::{binary, expect_none};

/// What a Kafka event source is to `CloudFormation`.
pub const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

/// The ways to have Kafka, each with the parameters that choose it.
const WAYS: [(&str, &[(&str, &str)]); 6] = [
    ("none", &[]),
    (
        "local",
        &[
            ("KafkaMode", "existing"),
            ("KafkaSecurity", "plaintext"),
            ("KafkaBootstrapServers", "127.0.0.1:9092"),
        ],
    ),
    (
        "brokers in a network",
        &[
            ("KafkaMode", "existing"),
            ("KafkaSecurity", "plaintext"),
            ("KafkaBootstrapServers", "b-1.example.com:9092"),
            ("KafkaSubnetIds", "subnet-1,subnet-2"),
            ("KafkaSecurityGroupId", "sg-1"),
        ],
    ),
    (
        "existing MSK",
        &[
            ("KafkaMode", "existing"),
            ("KafkaClusterArn", "arn:aws:kafka:eu-central-1:123456789012:cluster/shop/1"),
            ("KafkaSubnetIds", "subnet-1,subnet-2"),
            ("KafkaSecurityGroupId", "sg-1"),
        ],
    ),
    ("serverless", &[("KafkaMode", "serverless"), ("KafkaMaximumRetryAttempts", "50")]),
    ("express", &[("KafkaMode", "express")]),
];

/// The kind of cluster that the nested stack is told of.
fn mode_of(way: &[(&str, &'static str)]) -> &'static str {
    way.iter().find(|(name, _)| *name == "KafkaMode").map_or("none", |(_, value)| value)
}

#[test]
fn without_kafka_nothing_of_it_exists() {
    let template = Template::load();
    let settings = Settings::new(&template, &[]);
    let mut findings = Vec::new();
    for resource in settings.resources() {
        let kind = resource.body["Type"].as_str().unwrap_or_default();
        let is_of_kafka = kind == MAPPING
            || resource.id == "KafkaStack"
            || kind.starts_with("AWS::IoT::")
            || ["ingest", "analytics"].contains(&binary(resource));
        if is_of_kafka {
            findings.push(format!("{} exists with the defaults: Condition: UsesKafka", resource.id));
        }
        let variables = settings.decided(&resource.property("Environment")["Variables"]).unwrap_or_default();
        for name in variables.as_object().into_iter().flatten().map(|(name, _)| name) {
            if name.starts_with("KAFKA_") {
                findings.push(format!(
                    "{} is told {name} with the defaults: it would wait for brokers",
                    resource.id
                ));
            }
        }
    }
    let api =
        settings.decided(template.resource("HttpApi").property("DefinitionBody")).expect("the API's body");
    if !api["paths"]["/events"].is_null() {
        findings.push("HttpApi takes events with the defaults, and has no function for them".to_owned());
    }
    expect_none(&findings);
}

#[test]
fn whichever_way_kafka_comes_every_reference_leads_to_something_that_exists() {
    let (template, nested) = (Template::load(), Template::nested());
    let mut findings = Vec::new();
    for (way, parameters) in WAYS {
        let settings = Settings::new(&template, parameters);
        let existing: BTreeSet<&str> = settings.resources().iter().map(|resource| resource.id).collect();
        let inside = Settings::new(&nested, &[("Mode", mode_of(parameters)), ("Zones", "3")]);
        let outputs = template.section("Outputs").iter();
        let outputs = outputs.filter(|(_, body)| settings.exists(body)).map(|(id, body)| (id.as_str(), body));
        for (id, body) in
            settings.resources().iter().map(|resource| (resource.id, resource.body)).chain(outputs)
        {
            let body = settings.decided(body).unwrap_or_default();
            for name in references(&body) {
                let is_resource = template.section("Resources").contains_key(&name);
                if is_resource && !existing.contains(name.as_str()) {
                    findings.push(format!("{way}: {id} refers to {name}, which does not exist then"));
                }
            }
            for output in outputs_of_nested(&body) {
                let declared = &nested.section("Outputs").get(&output).cloned().unwrap_or_default();
                if declared.is_null() || !inside.exists(declared) {
                    findings.push(format!(
                        "{way}: {id} reads {output} of infra/kafka.yaml, which it does not put out"
                    ));
                }
            }
        }
        let existing: BTreeSet<&str> = inside.resources().iter().map(|resource| resource.id).collect();
        for resource in inside.resources().into_iter().filter(|_| way != "none") {
            for name in references(&inside.decided(resource.body).unwrap_or_default()) {
                if nested.section("Resources").contains_key(&name) && !existing.contains(name.as_str()) {
                    findings.push(format!(
                        "{way}: {} in infra/kafka.yaml refers to {name}, which is not made",
                        resource.id
                    ));
                }
            }
        }
    }
    expect_none(&findings);
}

/// The names X of every `!GetAtt KafkaStack.Outputs.X`.
pub fn outputs_of_nested(value: &Value) -> Vec<String> {
    if value["Fn::GetAtt"][0] == "KafkaStack" {
        let attribute = value["Fn::GetAtt"][1].as_str().and_then(|text| text.strip_prefix("Outputs."));
        return attribute.into_iter().map(str::to_owned).collect();
    }
    match value {
        Value::Array(elements) => elements.iter().flat_map(outputs_of_nested).collect(),
        Value::Object(members) => members.values().flat_map(outputs_of_nested).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[test]
fn the_nested_stack_is_told_what_it_asks_for() {
    let (template, nested) = (Template::load(), Template::nested());
    let stack = template.resource("KafkaStack");
    assert_eq!(stack.property("TemplateURL"), "infra/kafka.yaml");
    let told = stack.property("Parameters").as_object().expect("the nested stack has parameters");
    let declared = nested.section("Parameters");
    let mut findings = Vec::new();
    for name in told.keys().filter(|name| !declared.contains_key(*name)) {
        findings.push(format!("KafkaStack is told {name}, which infra/kafka.yaml does not declare"));
    }
    for (name, _) in
        declared.iter().filter(|(name, body)| body["Default"].is_null() && !told.contains_key(*name))
    {
        findings.push(format!("infra/kafka.yaml asks for {name}, which KafkaStack is not told"));
    }
    expect_none(&findings);
}

/// A mapping's one topic.
pub fn topic(mapping: Resource<'_>) -> &str {
    let topics = texts(mapping.property("Topics"));
    assert_eq!(topics.len(), 1, "{}: Amazon MSK takes exactly one topic for each mapping", mapping.id);
    topics[0]
}

#[test]
fn kafka_mappings_lose_nothing_and_wait_for_nothing() {
    let template = Template::load();
    let mut findings = Vec::new();
    let mut groups = BTreeSet::new();
    for mapping in template.of_type(MAPPING) {
        let id = mapping.id;
        let reports = texts(mapping.property("FunctionResponseTypes")).contains(&"ReportBatchItemFailures");
        let keeps = mapping.property("StartingPosition") == "TRIM_HORIZON"
            && mapping.property("BisectBatchOnFunctionError") == &json!(true)
            && mapping.property("MaximumRecordAgeInSeconds") == &json!(-1)
            && mapping.property("FilterCriteria").is_null();
        if !reports || !keeps {
            findings.push(format!(
                "{id} can lose records: it needs TRIM_HORIZON, bisection, partial failures, no age limit, no filter"
            ));
        }
        if mapping.property("MaximumBatchingWindowInSeconds") != &json!(0) {
            findings.push(format!("{id} gathers for 500 ms by default: MaximumBatchingWindowInSeconds 0"));
        }
        if mapping.property("ProvisionedPollerConfig").is_null() {
            findings.push(format!("{id}: retries, bisection and partial failures need provisioned mode"));
        }
        // A destination caps unlimited retries at ten, and what is given up is never counted.
        let destination = &mapping.property("DestinationConfig")["Fn::If"];
        let gives_up = target(mapping.property("MaximumRetryAttempts")) == Some("KafkaMaximumRetryAttempts")
            && destination[0] == "GivesUpOnBatches"
            && destination[2]["Ref"] == "AWS::NoValue"
            && target(&destination[1]["OnFailure"]["Destination"]).is_some();
        if !gives_up {
            findings.push(format!("{id} must have a destination if, and only if, its retries have a limit"));
        }
        let group = format!("${{AWS::StackName}}-analytics-{}", topic(mapping));
        for config in ["AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"] {
            let given = &mapping.property(config)["Fn::If"][1]["ConsumerGroupId"]["Fn::Sub"];
            if *given != group.as_str() {
                findings.push(format!("{id}.{config} names the group {given}: it must be {group}"));
            }
        }
        if !groups.insert(group) {
            findings.push(format!("{id} shares its consumer group: Lambda wants one for each mapping"));
        }
    }
    assert_eq!(template.section("Parameters")["KafkaMaximumRetryAttempts"]["Default"], json!(-1));
    expect_none(&findings);
}

#[test]
fn kafka_consumers_are_watched_for_lag_halts_and_parked_records() {
    let (template, nested) = (Template::load(), Template::nested());
    let mut findings = Vec::new();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let filters = template.of_type("AWS::Logs::MetricFilter");
    for function in template.of_type(MAPPING).into_iter().filter_map(|m| target(m.property("FunctionName"))) {
        let lag = alarms.iter().any(|alarm| {
            alarm.property("MetricName") == "OffsetLag"
                && target(&alarm.property("Dimensions")[0]["Value"]) == Some(function)
        });
        if !lag {
            findings.push(format!("{function} has no alarm on OffsetLag: add one"));
        }
        let logs = target(&template.resource(function).property("LoggingConfig")["LogGroup"]);
        for counter in ["halted", "parked"] {
            let value = format!("$.{counter}");
            let filter = filters.iter().find(|filter| {
                let metric = &filter.property("MetricTransformations")[0];
                target(filter.property("LogGroupName")) == logs && metric["MetricValue"] == value.as_str()
            });
            let metric = filter.map(|filter| &filter.property("MetricTransformations")[0]);
            let watched = metric.is_some_and(|metric| {
                alarms.iter().any(|alarm| {
                    alarm.property("MetricName") == &metric["MetricName"]
                        && alarm.property("Namespace") == &metric["MetricNamespace"]
                        && !list(alarm.property("AlarmActions")).is_empty()
                })
            });
            if !watched {
                findings.push(format!("{function}: no alarm on the counter {counter} of its log"));
            }
        }
    }
    let watched: BTreeSet<&str> = nested
        .of_type("AWS::CloudWatch::Alarm")
        .iter()
        .filter(|alarm| alarm.property("MetricName") == "EstimatedMaxTimeLag")
        .filter_map(|alarm| alarm.property("Dimensions")[2]["Value"].as_str())
        .collect();
    for mapping in template.of_type(MAPPING) {
        if !watched.contains(topic(mapping)) {
            findings.push(format!("infra/kafka.yaml has no alarm on the time lag of {}", topic(mapping)));
        }
    }
    expect_none(&findings);
}
