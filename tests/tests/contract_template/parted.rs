//! The shop does not wait for Kafka: whoever publishes there reads the streams alone, by mappings of its own, and what
//! an order needs has neither its brokers nor its network.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::conditions::Settings;
use crate::document::{Resource, Template, references, target, texts};
use crate::{FUNCTION, expect_none, rights};

/// Readers of one shard; with a third `DynamoDB` Streams may throttle them all.
const READERS_MAX: usize = 2;

/// Where a function publishes what it reads from the streams, by the variables that it is given.
fn carriers(function: Resource<'_>) -> BTreeSet<&'static str> {
    let told: BTreeSet<&str> = function.environment().map(|(name, _)| name).collect();
    let known = [("BUS_NAME", "bus and topic"), ("TOPIC_ARN", "bus and topic"), ("KAFKA_BROKERS", "Kafka")];
    known.into_iter().filter(|(name, _)| told.contains(name)).map(|(_, carrier)| carrier).collect()
}

/// The tables whose streams a function reads.
fn streams(function: Resource<'_>) -> BTreeSet<&str> {
    function.events("DynamoDB").into_iter().filter_map(|(_, event)| target(&event["Stream"])).collect()
}

#[test]
fn each_stream_is_read_once_for_the_shop_and_once_for_kafka() {
    let template = Template::load();
    let mut findings = Vec::new();
    for (mode, expected) in [("none", vec!["bus and topic"]), ("express", vec!["Kafka", "bus and topic"])] {
        let settings = Settings::new(&template, &[("KafkaMode", mode)]);
        let mut readers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for function in settings.resources().into_iter().filter(|each| each.body["Type"] == FUNCTION) {
            let read = streams(function);
            let carriers = carriers(function);
            if !read.is_empty() && carriers.len() != 1 {
                findings.push(format!(
                    "{mode}: {} publishes to {carriers:?}: one that is away would hold the other's events back",
                    function.id
                ));
            }
            for stream in read {
                readers.entry(stream).or_default().extend(&carriers);
            }
        }
        for (stream, mut carriers) in readers {
            carriers.sort_unstable();
            if carriers != expected || carriers.len() > READERS_MAX {
                findings
                    .push(format!("{mode}: {stream}'s stream is read for {carriers:?}, not {expected:?}"));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn only_who_talks_to_brokers_is_in_their_network() {
    let template = Template::load();
    let settings = Settings::new(&template, &[("KafkaMode", "express")]);
    let mut findings = Vec::new();
    for function in template.of_type(FUNCTION) {
        let talks = function.environment().any(|(name, _)| name == "KAFKA_BROKERS");
        let inside =
            settings.decided(function.property("VpcConfig")).is_some_and(|config| config.is_object());
        if talks != inside {
            findings.push(format!(
                "{} is told of brokers: {talks}; is in their network: {inside}. It reaches no service from there that \
                 has no endpoint, and no broker from outside",
                function.id
            ));
        }
    }
    expect_none(&findings);
}

/// The services that a role may call while its function runs, by the prefixes of their actions.
fn called(role: Resource<'_>) -> BTreeSet<&str> {
    // Lambda itself does these, under the role but not from inside: it writes logs, reads the stream, and keeps what it
    // gave up.
    const DONE_BY_LAMBDA: [&str; 3] = ["WriteOwnLog", "ReadStreams", "ListStreams"];
    let granted = rights::statements(role).into_iter().filter(|statement| {
        statement["Effect"] == "Allow"
            && !DONE_BY_LAMBDA.iter().any(|sid| statement["Sid"] == *sid)
            && !statement["Sid"].as_str().is_some_and(|sid| sid.contains("Undelivered"))
    });
    let actions = granted.flat_map(|statement| texts(&statement["Action"]));
    actions.filter_map(|action| Some(action.split_once(':')?.0)).collect()
}

#[test]
fn the_network_has_an_endpoint_for_each_service_that_is_called_from_inside_and_for_no_other() {
    let (template, nested) = (Template::load(), Template::nested());
    let settings = Settings::new(&template, &[("KafkaMode", "express")]);
    let mut needed = BTreeSet::new();
    for function in template.of_type(FUNCTION) {
        if settings.decided(function.property("VpcConfig")).is_some_and(|config| config.is_object()) {
            needed.extend(called(rights::role(&template, function)));
        }
    }
    // Costs nothing, and is how batches that were given up get out of the brokers' network.
    needed.insert("s3");
    let endpoints: BTreeSet<String> = nested
        .of_type("AWS::EC2::VPCEndpoint")
        .into_iter()
        .filter_map(|endpoint| {
            let name: &Value = &endpoint.property("ServiceName")["Fn::Sub"];
            name.as_str()?.rsplit_once('.').map(|(_, service)| service.to_owned())
        })
        .collect();
    assert_eq!(endpoints, needed.into_iter().map(str::to_owned).collect());
}

#[test]
fn what_kafka_was_not_given_is_kept_apart_from_what_the_shop_was_not_given() {
    let template = Template::load();
    let mut kept: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for function in template.of_type(FUNCTION).into_iter().filter(|each| !streams(*each).is_empty()) {
        let destinations = function.events("DynamoDB").into_iter();
        let destinations: BTreeSet<String> = destinations
            .flat_map(|(_, event)| references(&event["DestinationConfig"]))
            .chain(
                function
                    .environment()
                    .filter(|(name, _)| *name == "DLQ_URL")
                    .flat_map(|(_, url)| references(url)),
            )
            .collect();
        if destinations.len() != 2 {
            findings.push(format!("{} must have one bucket and one dead-letter queue", function.id));
        }
        for destination in destinations {
            if let Some(other) = kept.insert(destination.clone(), function.id) {
                findings
                    .push(format!("{} and {other} share {destination}: whose letter is it?", function.id));
            }
        }
    }
    expect_none(&findings);
}
