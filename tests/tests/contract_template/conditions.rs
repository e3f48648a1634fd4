//! What a template comes to when its parameters have values: conditions evaluated, every `Fn::If` decided.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::{Resource, Template, list};

/// A template with values for parameters; the others have their defaults.
pub struct Settings<'a> {
    template: &'a Template,
    values: BTreeMap<&'a str, &'a str>,
}

impl<'a> Settings<'a> {
    pub fn new(template: &'a Template, values: &[(&'a str, &'a str)]) -> Self {
        for (name, _) in values {
            assert!(template.section("Parameters").contains_key(*name), "there is no parameter {name}");
        }
        Self { template, values: values.iter().copied().collect() }
    }

    /// The resources that exist.
    pub fn resources(&self) -> Vec<Resource<'a>> {
        let all = self.template.section("Resources").iter();
        all.filter(|(_, body)| self.exists(body)).map(|(id, body)| Resource { id, body }).collect()
    }

    /// Whether what carries this body exists: its condition holds, or it has none.
    pub fn exists(&self, body: &Value) -> bool {
        body["Condition"].as_str().is_none_or(|condition| self.holds(condition))
    }

    /// A value with every `Fn::If` decided; `None` for what is left out by `AWS::NoValue`.
    pub fn decided(&self, value: &Value) -> Option<Value> {
        if value["Ref"] == "AWS::NoValue" {
            return None;
        }
        if let Some([condition, yes, no]) = value["Fn::If"].as_array().map(Vec::as_slice) {
            let condition = condition.as_str().expect("Fn::If names a condition");
            return self.decided(if self.holds(condition) { yes } else { no });
        }
        Some(match value {
            Value::Array(elements) => elements.iter().filter_map(|element| self.decided(element)).collect(),
            Value::Object(members) => {
                let kept =
                    members.iter().filter_map(|(key, member)| Some((key.clone(), self.decided(member)?)));
                Value::Object(kept.collect::<Map<_, _>>())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        })
    }

    fn holds(&self, condition: &str) -> bool {
        let conditions = self.template.section("Conditions");
        let expression =
            conditions.get(condition).unwrap_or_else(|| panic!("there is no condition {condition}"));
        self.is_true(expression)
    }

    fn is_true(&self, expression: &Value) -> bool {
        if let Some(condition) = expression["Condition"].as_str() {
            return self.holds(condition);
        }
        let arguments = |function: &str| list(&expression[function]);
        match expression.as_object().and_then(|members| members.keys().next()).map(String::as_str) {
            Some("Fn::Not") => !arguments("Fn::Not").into_iter().all(|each| self.is_true(each)),
            Some("Fn::And") => arguments("Fn::And").into_iter().all(|each| self.is_true(each)),
            Some("Fn::Or") => arguments("Fn::Or").into_iter().any(|each| self.is_true(each)),
            Some("Fn::Equals") => {
                let sides = arguments("Fn::Equals");
                self.text(sides[0]) == self.text(sides[1])
            }
            other => panic!("{other:?} in a condition: teach conditions.rs to evaluate that"),
        }
    }

    fn text(&self, value: &Value) -> String {
        let Some(name) = value["Ref"].as_str() else {
            return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        };
        match self.values.get(name) {
            Some(given) => (*given).to_owned(),
            None => self.text(&self.template.section("Parameters")[name]["Default"]),
        }
    }
}
