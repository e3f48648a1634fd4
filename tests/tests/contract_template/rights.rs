//! Who may do what, as the template says it: the statements of a role, and the senders a queue's policy lets in.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{Resource, Template, list, target, texts};

/// The role that a function runs under.
pub fn role<'a>(template: &'a Template, function: Resource<'_>) -> Resource<'a> {
    let id = target(function.property("Role")).unwrap_or_else(|| {
        panic!(
            "{} has no role of its own: SAM would generate one with rights on every queue, stream and log. \
             Add Role: !GetAtt <its role>.Arn",
            function.id
        )
    });
    template.resource(id)
}

/// Every statement of a role or a policy resource, whichever way its conditions turn out.
pub fn statements(resource: Resource<'_>) -> Vec<&Value> {
    let inline = list(resource.property("Policies")).into_iter().map(|policy| &policy["PolicyDocument"]);
    let own = std::iter::once(resource.property("PolicyDocument"));
    let mut found = Vec::new();
    for statement in inline.chain(own).flat_map(|document| list(&document["Statement"])) {
        flatten(statement, &mut found);
    }
    found
}

fn flatten<'a>(statement: &'a Value, found: &mut Vec<&'a Value>) {
    if statement["Effect"].is_string() {
        found.push(statement);
    }
    for branch in statement["Fn::If"].as_array().into_iter().flatten().skip(1) {
        flatten(branch, found);
    }
}

/// The resources that a role may use with any action that starts with `prefix`, by logical id.
pub fn usable(role: Resource<'_>, prefix: &str) -> BTreeSet<String> {
    let granted = statements(role).into_iter().filter(|statement| statement["Effect"] == "Allow");
    let chosen = granted.filter(|s| texts(&s["Action"]).iter().any(|action| action.starts_with(prefix)));
    chosen.flat_map(|statement| crate::document::references(&statement["Resource"])).collect()
}

/// The rules and topics (by logical id) that a queue's policies let `service` send for.
pub fn senders(template: &Template, queue: &str, service: &str) -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    for policy in template.of_type("AWS::SQS::QueuePolicy") {
        if !list(policy.property("Queues")).into_iter().any(|q| target(q) == Some(queue)) {
            continue;
        }
        for statement in statements(policy) {
            let fits = statement["Effect"] == "Allow"
                && texts(&statement["Principal"]["Service"]).contains(&service)
                && texts(&statement["Action"]).contains(&"sqs:SendMessage")
                && list(&statement["Resource"]).into_iter().any(|r| target(r) == Some(queue));
            if fits {
                let sources = list(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]);
                allowed.extend(sources.into_iter().filter_map(target).map(str::to_owned));
            }
        }
    }
    allowed
}
