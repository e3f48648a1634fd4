//! Nobody may do more than they need: roles, routes of the API, and what production refuses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::conditions::Settings;
use crate::document::{Template, list, references, target, texts};
use crate::{FUNCTION, TABLE, dead_letters, expect_none, rights};

#[test]
fn no_right_is_wider_than_it_need_be() {
    // Where AWS grants an action on `*` only, and nowhere else.
    const ON_EVERYTHING: [(&str, &str); 2] = [
        ("TracingPolicy", "X-Ray has no resources to name"),
        ("NetworkPolicy", "EC2 describes everything or nothing; the function's own code is denied all of it"),
    ];
    let (template, nested) = (Template::load(), Template::nested());
    let kinds =
        ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"];
    let mut findings = Vec::new();
    let templates = [&template, &nested];
    for policy in templates.iter().flat_map(|each| kinds.iter().flat_map(|kind| each.of_type(kind))) {
        for statement in rights::statements(policy).into_iter().filter(|s| s["Effect"] == "Allow") {
            for action in texts(&statement["Action"]).into_iter().filter(|action| action.contains('*')) {
                findings.push(format!("{} allows {action}: name the actions that are used", policy.id));
            }
            let service = statement["Principal"]["Service"].as_str();
            if service.is_some_and(|s| s != "lambda.amazonaws.com") && statement["Condition"].is_null() {
                findings.push(format!(
                    "{} lets in a service for anybody: add a condition on aws:SourceArn",
                    policy.id
                ));
            }
            let excused = ON_EVERYTHING.iter().any(|(id, _)| *id == policy.id);
            if texts(&statement["Resource"]).contains(&"*") && !excused {
                findings.push(format!(
                    "{} allows {} on everything: name the resource",
                    policy.id, statement["Action"]
                ));
            }
        }
        for managed in list(policy.property("ManagedPolicyArns")) {
            let ours = target(managed).or_else(|| target(&managed["Fn::If"][1]));
            if ours.is_none() {
                findings.push(format!("{} uses {managed}: write the statements by hand", policy.id));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn a_function_may_use_exactly_what_it_is_told_of() {
    let template = Template::load();
    let tables: BTreeSet<&str> = template.of_type(TABLE).iter().map(|table| table.id).collect();
    let mut findings = Vec::new();
    for function in template.of_type(FUNCTION) {
        let role = rights::role(&template, function);
        let told: BTreeSet<String> =
            function.environment().flat_map(|(_, value)| references(value)).collect();
        let streams: Vec<&str> = function
            .events("DynamoDB")
            .into_iter()
            .filter_map(|(_, event)| target(&event["Stream"]))
            .collect();
        let granted = rights::usable(role, "dynamodb:");
        for table in &tables {
            let needed = told.contains(*table) || streams.contains(table);
            if needed != granted.contains(*table) {
                findings.push(format!(
                    "{} and the environment of {} disagree about {table}: grant it and name it, or neither",
                    role.id, function.id
                ));
            }
        }
        for (_, event) in function.events("SQS") {
            let queue = target(&event["Queue"]).expect("an SQS event names its queue");
            let dlq = dead_letters(template.resource(queue)).unwrap_or_default();
            let variable = |name: &str| function.property("Environment")["Variables"][name].clone();
            if target(&variable("QUEUE_URL")) != Some(queue) || target(&variable("DLQ_URL")) != Some(dlq) {
                findings.push(format!(
                    "{} must know its own queues: QUEUE_URL {queue}, DLQ_URL {dlq}",
                    function.id
                ));
            }
            let consumed = rights::usable(role, "sqs:ReceiveMessage");
            let filled = rights::usable(role, "sqs:SendMessage");
            if consumed != BTreeSet::from([queue.to_owned()]) || filled != BTreeSet::from([dlq.to_owned()]) {
                findings.push(format!("{} must consume {queue} and fill {dlq}, and no other queue", role.id));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn the_authoriser_guards_every_route() {
    let template = Template::load();
    let guarded = json!({ "Fn::If": ["UsesJwt", [{ "jwt": [] }], { "Ref": "AWS::NoValue" }] });
    let mut findings = Vec::new();
    let settings = Settings::new(&template, &[("KafkaMode", "express")]);
    let paths = &template.resource("HttpApi").property("DefinitionBody")["paths"];
    for (path, operations) in paths.as_object().expect("the API has paths") {
        // A path that exists on a condition.
        let operations = if operations["Fn::If"].is_null() { operations } else { &operations["Fn::If"][1] };
        for (method, operation) in operations.as_object().expect("a path has operations") {
            if method == "parameters" {
                continue;
            }
            if operation["security"] != guarded {
                findings.push(format!(
                    "{method} {path} is open to everybody: security: !If [UsesJwt, [{{ jwt: [] }}], …]"
                ));
            }
            let uri = references(&operation["x-amazon-apigateway-integration"]["uri"]);
            let leads = uri.iter().find(|id| template.section("Resources").contains_key(id.as_str()));
            let may_be_invoked = settings.resources().iter().any(|permission| {
                permission.property("Principal") == "apigateway.amazonaws.com"
                    && target(permission.property("FunctionName")) == leads.map(String::as_str)
            });
            if !may_be_invoked {
                findings.push(format!(
                    "{method} {path} leads nowhere: integrate it with a function that API Gateway may invoke"
                ));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn production_takes_neither_anonymous_callers_nor_play_money() {
    let template = Template::load();
    let rules = template.section("Rules");
    let asserts = |rule: &str, parameter: &str, value: &str| {
        let wanted = json!({ "Fn::Equals": [{ "Ref": parameter }, value] });
        list(&rules[rule]["Assertions"]).into_iter().any(|assertion| assertion["Assert"] == wanted)
    };
    assert_eq!(
        rules["ProductionIsGuarded"]["RuleCondition"],
        json!({ "Fn::Equals": [{ "Ref": "Stage" }, "prod"] })
    );
    assert!(asserts("ProductionIsGuarded", "ApiAccess", "jwt"), "prod must assert ApiAccess = jwt");
    assert!(asserts("ProductionIsGuarded", "KafkaSecurity", "iam"), "prod must assert KafkaSecurity = iam");
    assert!(
        asserts("ProductionIsGuarded", "PaymentGateway", "stripe"),
        "prod must assert PaymentGateway = stripe"
    );
    assert_eq!(template.allowed("Stage"), [json!("local"), json!("dev"), json!("prod")]);
    assert_eq!(
        template.section("Parameters")["ApiAccess"]["Default"],
        Value::from("jwt"),
        "open by choice only"
    );
}
