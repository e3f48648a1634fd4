//! What the targets of the template's rules receive of an event. Knows the template's forms of it.

use std::collections::BTreeMap;

use semel_routing::input::Input;
use serde_json::Value;

use super::template::{filled_in, json, list, name_of};

/// What each target of a rule receives, by the rule's name; targets have the names that they have in its route.
pub type Inputs = BTreeMap<String, Vec<(String, Input)>>;

/// The inputs of all rules in a template's text, those of functions' events too.
pub fn inputs(template: &str) -> Result<Inputs, String> {
    let template = json(template)?;
    let mut inputs = Inputs::new();
    for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
        let properties = &resource["Properties"];
        if resource["Type"] == "AWS::Events::Rule" {
            let targets = list(&properties["Targets"])
                .map(|target| Ok((name_of(&target["Arn"], &target["Id"]), input(&template, id, target)?)));
            inputs.insert(id.clone(), targets.collect::<Result<_, String>>()?);
        }
        for (name, event) in properties["Events"].as_object().into_iter().flatten() {
            if matches!(event["Type"].as_str(), Some("EventBridgeRule" | "CloudWatchEvent")) {
                let name = format!("{id}.{name}");
                let input = input(&template, &name, &event["Properties"])?;
                inputs.insert(name, vec![(id.clone(), input)]);
            }
        }
    }
    Ok(inputs)
}

fn input(template: &Value, rule: &str, target: &Value) -> Result<Input, String> {
    let target = filled_in(template, target);
    let transformer = &target["InputTransformer"];
    let input = if let Some(text) = target["Input"].as_str() {
        let constant = serde_json::from_str(text).map_err(|error| format!("{rule}: Input: {error}"))?;
        Input::constant(&constant)
    } else if let Some(path) = target["InputPath"].as_str() {
        Input::path(path)
    } else if let Some(text) = transformer["InputTemplate"].as_str() {
        let paths = transformer["InputPathsMap"].as_object().into_iter().flatten();
        let paths = paths.map(|(name, path)| {
            let path = path.as_str().ok_or_else(|| format!("{rule}: InputPathsMap: {name} is no text"))?;
            Ok((name.clone(), path.to_owned()))
        });
        Input::transformer(&paths.collect::<Result<_, String>>()?, text)
    } else {
        Ok(Input::Event)
    };
    input.map_err(|refused| format!("{rule}: {refused}"))
}
