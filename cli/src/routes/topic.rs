//! What is published to the topic of events, and how its subscriptions deliver it. Knows the template's forms.

use semel_contracts::EventType;
use serde_json::{Value, json};

use super::template::{list, name_of};

/// The environment variable that tells a function which topic it publishes events to.
const VARIABLE: &str = "TOPIC_ARN";

/// The filter policy of a subscription that has none: everything that is published.
pub fn everything() -> Value {
    let published = EventType::ALL.iter().filter(|event_type| event_type.is_fanned_out());
    json!({ "event_type": published.map(|event_type| event_type.as_str()).collect::<Vec<_>>() })
}

/// Whether the topic of a subscription, or of a function's event, is one that a function publishes events to.
pub fn is_of_events(template: &Value, subscription: &Value) -> bool {
    let arn = &subscription["TopicArn"];
    let topic = if arn.is_null() { &subscription["Topic"] } else { arn };
    let resources = template["Resources"].as_object().into_iter().flatten();
    let mut published =
        resources.map(|(_, resource)| &resource["Properties"]["Environment"]["Variables"][VARIABLE]);
    !topic.is_null() && published.any(|arn| arn == topic)
}

/// Subscriptions of queues to which SNS sends its own envelope, in which consumers would not find the event.
pub fn delivery_faults(template: &str) -> Result<Vec<String>, String> {
    let template = super::template::json(template)?;
    let mut faults = Vec::new();
    for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
        let properties = &resource["Properties"];
        let is_of_queue = resource["Type"] == "AWS::SNS::Subscription" && properties["Protocol"] == "sqs";
        if is_of_queue
            && is_of_events(&template, properties)
            && properties["RawMessageDelivery"] != json!(true)
        {
            let queue = name_of(&properties["Endpoint"], &Value::Null);
            faults.push(format!(
                "{id}: RawMessageDelivery: is not true, so {queue} gets SNS's envelope, not the event"
            ));
        }
        for (name, event) in properties["Events"].as_object().into_iter().flatten() {
            // With `SqsSubscription` SAM makes a queue, and a subscription that is not raw.
            let sam_made = list(&event["Properties"]["SqsSubscription"]).next().is_some()
                || !matches!(event["Properties"]["SqsSubscription"], Value::Null | Value::Bool(false));
            if event["Type"] == "SNS" && sam_made && is_of_events(&template, &event["Properties"]) {
                faults.push(format!("{id}.{name}: SqsSubscription: delivers SNS's envelope, not the event"));
            }
        }
    }
    Ok(faults)
}
