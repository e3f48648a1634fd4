//! Which rule or subscription takes which events where.

use std::collections::BTreeSet;

use semel_routing::check::{self, Carrier, EventKind, Finding, Rule};
use serde_json::{Value, json};

use super::{EventType, Form, Input, Leg, Route, resource};
use crate::Fault;

/// The bus that rules look at if they name none.
pub const DEFAULT_BUS: &str = "DefaultBus";

/// Every way from a bus or a topic, sorted. What routes nothing, as an archive, is none.
pub fn read(input: &Input<'_>, events: &[EventType]) -> Result<Vec<Leg>, Fault> {
    let mut legs = Vec::new();
    for route in input.routes {
        let properties = resource::properties(input.template, &route.name);
        let from = match route.carrier {
            Carrier::Bus => resource::id(&properties["EventBusName"]).unwrap_or(DEFAULT_BUS),
            Carrier::MessageAttributes | Carrier::MessageBody => {
                let topic =
                    [&properties["TopicArn"], &properties["Topic"]].into_iter().find_map(resource::id);
                topic.ok_or_else(|| fault(route, "subscribes to a topic that is not in the template"))?
            }
        };
        let events: BTreeSet<String> =
            events.iter().filter(|event| may_take(route, event)).map(|event| event.name.clone()).collect();
        for to in &route.targets {
            legs.push(Leg {
                route: route.name.clone(),
                pattern: route.written.clone(),
                from: from.to_owned(),
                to: to.clone(),
                form: form(route, properties, to)?,
                events: events.clone(),
            });
        }
    }
    legs.sort_by(|one, other| (&one.route, &one.to).cmp(&(&other.route, &other.to)));
    Ok(legs)
}

/// Whether the route takes some event of this type. A type that a rule does not reach is one that the check of all
/// rules, asked about this one alone, calls unrouted.
fn may_take(route: &Route, event: &EventType) -> bool {
    // The only attribute that messages on a topic carry.
    let attributes = json!({
        "type": "object",
        "required": ["event_type"],
        "properties": { "event_type": { "const": event.name } },
    });
    let kind = EventKind::new(&event.source, &event.name, &event.schema, attributes);
    let rule = Rule {
        name: route.name.clone(),
        carrier: route.carrier,
        pattern: route.pattern.clone(),
        targets: vec![route.name.clone()],
    };
    let findings = check::check(&[rule], &[kind]);
    !findings.iter().any(|finding| matches!(finding, Finding::Unrouted { .. }))
}

/// What becomes of the event on the way.
fn form(route: &Route, properties: &Value, to: &str) -> Result<Form, Fault> {
    match route.carrier {
        Carrier::Bus => {
            let targets = properties["Targets"].as_array().into_iter().flatten();
            let target = targets.into_iter().find(|target| resource::id(&target["Arn"]) == Some(to));
            // A rule that stands in a function has one target, and says there what becomes of the event.
            let target = target.unwrap_or(properties);
            if !target["Input"].is_null() || !target["InputTransformer"].is_null() {
                return Err(fault(route, "changes events in a way that no schema describes"));
            }
            match target["InputPath"].as_str() {
                None | Some("$") => Ok(Form::OnBus),
                Some("$.detail") => Ok(Form::Envelope),
                Some(other) => {
                    Err(fault(route, &format!("takes {other} of events, which no schema describes")))
                }
            }
        }
        Carrier::MessageAttributes | Carrier::MessageBody => {
            // SNS calls functions with a form of its own, and queues too if the message is not raw.
            if properties["RawMessageDelivery"] == true {
                Ok(Form::Envelope)
            } else {
                Err(fault(
                    route,
                    "wraps messages, as RawMessageDelivery is not true, and no schema describes that",
                ))
            }
        }
    }
}

fn fault(route: &Route, why: &str) -> Fault {
    Fault::Template { resource: route.name.clone(), why: why.to_owned() }
}
