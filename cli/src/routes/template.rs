//! The rules and subscriptions of a template. Knows `CloudFormation`'s and SAM's forms of them, and nothing of events.

use std::fs;

use semel_routing::check::Carrier;
use semel_routing::sns::{FilterPolicy, Scope};
use semel_routing::{Pattern, Refused};
use serde_json::Value;

use crate::error::Error;
use crate::project::Project;

use super::topic;

/// One thing with a pattern.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its logical id; of a function's event the function's and the event's.
    pub name: String,
    /// What it looks at.
    pub carrier: Carrier,
    /// Its pattern or filter policy.
    pub pattern: Value,
    /// The logical ids of what it sends to; none of an archive, and of what is disabled.
    pub targets: Vec<String>,
}

impl Route {
    /// What it is, for people.
    pub const fn kind(&self) -> &'static str {
        match self.carrier {
            Carrier::Bus => "events on the bus",
            Carrier::MessageAttributes => "attributes of messages on the topic",
            Carrier::MessageBody => "bodies of messages on the topic",
        }
    }

    /// Its targets, for people.
    pub fn receivers(&self) -> String {
        if self.targets.is_empty() { "nobody".to_owned() } else { self.targets.join(", ") }
    }

    /// Reads the pattern as the service would.
    pub fn parse(&self) -> Result<Pattern, Refused> {
        let policy = |scope| FilterPolicy::parse(scope, &self.pattern).map(|policy| policy.pattern().clone());
        match self.carrier {
            Carrier::Bus => Pattern::parse(&self.pattern),
            Carrier::MessageAttributes => policy(Scope::MessageAttributes),
            Carrier::MessageBody => policy(Scope::MessageBody),
        }
    }
}

/// Everything that lets events through in template.yaml.
pub fn read(project: &Project) -> Result<Vec<Route>, Error> {
    of_project(project, routes)
}

/// The logical ids of the rules of template.yaml, those that SAM makes too.
pub fn rule_ids(project: &Project) -> Result<Vec<String>, Error> {
    of_project(project, |text| {
        let template = json(text)?;
        let mut ids = Vec::new();
        for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
            ids.extend((resource["Type"] == "AWS::Events::Rule").then(|| id.clone()));
            let events = resource["Properties"]["Events"].as_object().into_iter().flatten();
            ids.extend(events.map(|(name, _)| format!("{id}{name}")));
        }
        Ok(ids)
    })
}

/// What is read from the text of template.yaml.
pub fn of_project<T>(project: &Project, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Error> {
    let path = project.path("template.yaml");
    let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    read(&text).map_err(|reason| Error::Unexpected(format!("{}: {reason}", path.display())))
}

/// A template's text as JSON, with short tags written out: `!Ref X` is `{"Ref": "X"}`.
pub fn json(template: &str) -> Result<Value, String> {
    semel_template::read(template).map_err(|error| error.to_string())
}

/// Everything that lets events through in a template's text, in the order of logical ids.
pub fn routes(template: &str) -> Result<Vec<Route>, String> {
    let template = json(template)?;
    let Some(resources) = template["Resources"].as_object() else {
        return Err("the template has no resources".to_owned());
    };
    let mut routes = Vec::new();
    for (id, resource) in resources {
        let properties = &resource["Properties"];
        match resource["Type"].as_str() {
            Some("AWS::Events::Rule") => {
                let arns = list(&properties["Targets"]).map(|target| name_of(&target["Arn"], &target["Id"]));
                let targets = if properties["State"] == "DISABLED" { Vec::new() } else { arns.collect() };
                routes.extend(route(&template, id, Carrier::Bus, &properties["EventPattern"], targets)?);
            }
            Some("AWS::Events::Archive") => {
                routes.extend(route(&template, id, Carrier::Bus, &properties["EventPattern"], Vec::new())?);
            }
            Some("AWS::SNS::Subscription") => {
                let targets = vec![name_of(&properties["Endpoint"], &properties["Protocol"])];
                routes.extend(subscription(&template, id, properties, targets)?);
            }
            _ => {
                for (name, event) in properties["Events"].as_object().into_iter().flatten() {
                    routes.extend(function_event(&template, id, name, event)?);
                }
            }
        }
    }
    Ok(routes)
}

/// SAM's short forms, as events of a function.
fn function_event(
    template: &Value,
    function: &str,
    name: &str,
    event: &Value,
) -> Result<Option<Route>, String> {
    let properties = &event["Properties"];
    let (name, targets) = (format!("{function}.{name}"), vec![function.to_owned()]);
    match event["Type"].as_str() {
        Some("EventBridgeRule" | "CloudWatchEvent") => {
            let targets = if properties["State"] == "DISABLED" { Vec::new() } else { targets };
            route(template, &name, Carrier::Bus, &properties["Pattern"], targets)
        }
        Some("SNS") => subscription(template, &name, properties, targets),
        _ => Ok(None),
    }
}

fn subscription(
    template: &Value,
    name: &str,
    properties: &Value,
    targets: Vec<String>,
) -> Result<Option<Route>, String> {
    let scope = &properties["FilterPolicyScope"];
    let named =
        if scope.is_null() { Some(Scope::MessageAttributes) } else { scope.as_str().and_then(Scope::parse) };
    let carrier = match named {
        Some(Scope::MessageAttributes) => Carrier::MessageAttributes,
        Some(Scope::MessageBody) => Carrier::MessageBody,
        None => return Err(format!("{name}: {scope} is no scope of a filter policy")),
    };
    let policy = &properties["FilterPolicy"];
    if policy.is_null() && topic::is_of_events(template, properties) {
        let (carrier, pattern) = (Carrier::MessageAttributes, topic::everything());
        return Ok(Some(Route { name: name.to_owned(), carrier, pattern, targets }));
    }
    route(template, name, carrier, policy, targets)
}

/// None without a pattern, as a schedule has none.
fn route(
    template: &Value,
    name: &str,
    carrier: Carrier,
    pattern: &Value,
    targets: Vec<String>,
) -> Result<Option<Route>, String> {
    if pattern.is_null() {
        return Ok(None);
    }
    // CloudFormation takes JSON in a text too.
    let pattern = match pattern.as_str() {
        Some(text) => serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?,
        None => filled_in(template, pattern),
    };
    Ok(Some(Route { name: name.to_owned(), carrier, pattern, targets }))
}

/// References to parameters are their defaults; a text with substitutions stays as it is written.
pub fn filled_in(template: &Value, value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(|element| filled_in(template, element)).collect(),
        Value::Object(members) => {
            let default = members.get("Ref").and_then(Value::as_str);
            let default = default.map(|name| &template["Parameters"][name]["Default"]);
            match (default, members.get("Fn::Sub")) {
                (Some(default), _) if !default.is_null() => default.clone(),
                (_, Some(text @ Value::String(_))) => text.clone(),
                _ => {
                    let filled =
                        members.iter().map(|(name, inner)| (name.clone(), filled_in(template, inner)));
                    Value::Object(filled.collect())
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The logical id that an ARN refers to, else the name given.
pub fn name_of(arn: &Value, otherwise: &Value) -> String {
    let id = arn["Ref"].as_str().or_else(|| arn["Fn::GetAtt"][0].as_str());
    id.or_else(|| otherwise.as_str()).unwrap_or("a target").to_owned()
}

/// The elements of a list; none of anything else.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
