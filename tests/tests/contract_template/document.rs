//! A template as a value: references found, numbers evaluated for given parameters.
//!
//! Knows the language of `CloudFormation`, as far as the template uses it, and nothing of Semel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The whole template.
pub struct Template(Value);

/// One resource: its logical id and its body.
#[derive(Clone, Copy)]
pub struct Resource<'a> {
    pub id: &'a str,
    pub body: &'a Value,
}

impl Template {
    /// template.yaml.
    pub fn load() -> Self {
        Self::of("template.yaml")
    }

    /// The stack of the Kafka cluster, which template.yaml nests.
    pub fn nested() -> Self {
        Self::of("infra/kafka.yaml")
    }

    /// The template of this path, from the root.
    pub fn of(path: &str) -> Self {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        Self(semel_template::read(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
    }

    pub fn section(&self, name: &str) -> &Map<String, Value> {
        self.0[name].as_object().unwrap_or_else(|| panic!("the template has no section {name}"))
    }

    pub fn resource(&self, id: &str) -> Resource<'_> {
        let (id, body) = self
            .section("Resources")
            .get_key_value(id)
            .unwrap_or_else(|| panic!("the template has no resource {id}"));
        Resource { id, body }
    }

    pub fn of_type(&self, kind: &str) -> Vec<Resource<'_>> {
        let all = self.section("Resources").iter();
        all.filter(|(_, body)| body["Type"] == kind).map(|(id, body)| Resource { id, body }).collect()
    }

    /// A function's property, from the function itself or from the globals.
    pub fn function_property<'a>(&'a self, function: Resource<'a>, name: &str) -> &'a Value {
        let own = function.property(name);
        if own.is_null() { &self.0["Globals"]["Function"][name] } else { own }
    }

    /// The values that a parameter may have: those it allows, else its default.
    pub fn allowed(&self, parameter: &str) -> Vec<Value> {
        let declared = &self.0["Parameters"][parameter];
        match declared["AllowedValues"].as_array() {
            Some(allowed) => allowed.clone(),
            None => vec![declared["Default"].clone()],
        }
    }

    /// The number that an expression stands for when `parameters` have these values.
    pub fn number(&self, expression: &Value, parameters: &BTreeMap<&str, Value>) -> Option<f64> {
        if let Some(number) = expression.as_f64() {
            return Some(number);
        }
        if let Some(name) = expression["Ref"].as_str() {
            let default = &self.0["Parameters"][name]["Default"];
            return parameters.get(name).unwrap_or(default).as_f64();
        }
        let [map, first, second] = expression["Fn::FindInMap"].as_array()?.as_slice() else {
            return None;
        };
        let found =
            &self.0["Mappings"][map.as_str()?][self.key(first, parameters)?][self.key(second, parameters)?];
        found.as_f64()
    }

    fn key(&self, expression: &Value, parameters: &BTreeMap<&str, Value>) -> Option<String> {
        match expression.as_str() {
            Some(key) => Some(key.to_owned()),
            None => self.number(expression, parameters).map(|number| number.to_string()),
        }
    }
}

impl<'a> Resource<'a> {
    /// A property; null if it is absent.
    pub fn property(self, name: &str) -> &'a Value {
        &self.body["Properties"][name]
    }

    /// The events (in SAM's sense: sources) of one type.
    pub fn events(self, kind: &str) -> Vec<(&'a str, &'a Value)> {
        let Some(events) = self.property("Events").as_object() else { return Vec::new() };
        let chosen = events.iter().filter(|(_, event)| event["Type"] == kind);
        chosen.map(|(name, event)| (name.as_str(), &event["Properties"])).collect()
    }

    /// Environment variables of a function.
    pub fn environment(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let variables = self.property("Environment")["Variables"].as_object();
        variables.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }
}

/// The logical id that a `Ref` or `Fn::GetAtt` names.
pub fn target(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str())
}

/// One or many: a list's elements, or the value itself; none for null.
pub fn list(value: &Value) -> Vec<&Value> {
    match value.as_array() {
        Some(many) => many.iter().collect(),
        None if value.is_null() => Vec::new(),
        None => vec![value],
    }
}

/// One or many texts; anything else in the list is left out.
pub fn texts(value: &Value) -> Vec<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

/// Every logical id, parameter and pseudo parameter that is named anywhere inside `value`.
pub fn references(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, found)),
        Value::Object(members) => {
            found.extend(target(value).map(str::to_owned));
            let pattern = &value["Fn::Sub"];
            for text in pattern.as_str().into_iter().chain(pattern[0].as_str()) {
                // `!Sub [text, names]` brings names of its own.
                found
                    .extend(substituted(text).into_iter().filter(|name| pattern[1][name.as_str()].is_null()));
            }
            members.values().for_each(|member| collect(member, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The names inside `${...}`, without the attribute after a dot.
fn substituted(text: &str) -> Vec<String> {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    names.filter_map(|name| name.split('.').next()).map(str::to_owned).collect()
}
