//! Every event reaches its consumers by exactly one path, and whoever delivers it is let in.

use std::collections::BTreeMap;

use semel_contracts::EventType;
use semel_contracts::events::ShippingMethod;
use serde_json::json;

use crate::document::{Template, list, target, texts};
use crate::{FUNCTION, binary, dead_letters, expect_none, rights, routing};

/// The functions' names beside the logical ids of their queues.
fn queues_of_functions(template: &Template) -> BTreeMap<&str, &str> {
    let functions = template.of_type(FUNCTION).into_iter();
    functions
        .flat_map(|f| {
            f.events("SQS").into_iter().filter_map(move |(_, e)| Some((binary(f), target(&e["Queue"])?)))
        })
        .collect()
}

#[test]
fn every_event_reaches_each_of_its_consumers_by_exactly_one_path() {
    let template = Template::load();
    let queue_of = queues_of_functions(&template);
    let mut findings = Vec::new();
    for &event in EventType::ALL {
        for method in [ShippingMethod::Standard, ShippingMethod::Express] {
            let mut expected: Vec<&str> = routing::consumers(event)
                .iter()
                .map(|consumer| *queue_of.get(consumer).unwrap_or_else(|| panic!("{consumer} has no queue")))
                .collect();
            expected.sort_unstable();
            let reached = routing::queues(&template, event, method);
            if reached != expected {
                findings.push(format!(
                    "{} ({} shipping) reaches {reached:?}, and should reach {expected:?}: correct the rules and \
                     filter policies, or routing.rs if the plan changed",
                    event.as_str(),
                    method.as_str()
                ));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn rules_and_filters_name_known_events_of_the_right_source() {
    let template = Template::load();
    let mut findings = Vec::new();
    for rule in template.of_type("AWS::Events::Rule") {
        let sources = texts(&rule.property("EventPattern")["source"]);
        let types = texts(&rule.property("EventPattern")["detail-type"]);
        if sources.len() != 1 || types.is_empty() || target(rule.property("EventBusName")) != Some("Bus") {
            findings.push(format!("{} must be on Bus and name one source and its detail-types", rule.id));
        }
        for name in types {
            match EventType::parse(name) {
                None => findings.push(format!("{} waits for {name}, which no service emits", rule.id)),
                Some(event) if !sources.contains(&event.source()) => findings.push(format!(
                    "{} waits for {name} from {sources:?}, but it comes from {}",
                    rule.id,
                    event.source()
                )),
                Some(_) => {}
            }
        }
    }
    for subscription in template.of_type("AWS::SNS::Subscription") {
        if subscription.property("Protocol") != "sqs" {
            continue;
        }
        let names = texts(&subscription.property("FilterPolicy")["event_type"]);
        if names.is_empty() || !names.iter().all(|n| EventType::parse(n).is_some_and(routing::is_fanned_out))
        {
            findings.push(format!("{} must filter on event types that go to the topic", subscription.id));
        }
        if subscription.property("RawMessageDelivery") != &json!(true)
            || subscription.property("FilterPolicyScope") != "MessageAttributes"
        {
            findings.push(format!("{} must deliver raw and filter on MessageAttributes", subscription.id));
        }
    }
    let archive = template.of_type("AWS::Events::Archive");
    let prefix = archive[0].property("EventPattern")["source"][0]["prefix"].as_str().unwrap_or("(none)");
    for event in EventType::ALL.iter().filter(|event| !event.source().starts_with(prefix)) {
        findings.push(format!("{} is not archived: {prefix} is no prefix of its source", event.as_str()));
    }
    expect_none(&findings);
}

#[test]
fn whoever_delivers_to_a_queue_may_and_has_a_dead_letter_queue() {
    let template = Template::load();
    let mut findings = Vec::new();
    let mut check = |from: &str, service: &str, sender: &str, queue: Option<&str>, dlq: Option<&str>| {
        let queue = queue.unwrap_or_else(|| panic!("{from} has no queue as its target"));
        let own = dead_letters(template.resource(queue));
        if dlq.is_none() || dlq != own {
            findings.push(format!("{from} must give up to {own:?}, the dead-letter queue of {queue}"));
        }
        for queue in own.into_iter().chain([queue]) {
            if !rights::senders(&template, queue, service).contains(sender) {
                findings
                    .push(format!("{queue} refuses what {from} sends: allow {sender} in its queue policy"));
            }
        }
    };
    for rule in template.of_type("AWS::Events::Rule") {
        for to in list(rule.property("Targets")) {
            let dlq = target(&to["DeadLetterConfig"]["Arn"]);
            check(rule.id, "events.amazonaws.com", rule.id, target(&to["Arn"]), dlq);
            assert!(
                to["RetryPolicy"].is_object(),
                "{}: say for how long EventBridge retries (RetryPolicy)",
                rule.id
            );
        }
    }
    for subscription in template.of_type("AWS::SNS::Subscription") {
        if subscription.property("Protocol") == "sqs" {
            let topic = target(subscription.property("TopicArn")).expect("a subscription names its topic");
            let queue = target(subscription.property("Endpoint"));
            check(subscription.id, "sns.amazonaws.com", topic, queue, dead_letters(subscription));
        }
    }
    expect_none(&findings);
}
