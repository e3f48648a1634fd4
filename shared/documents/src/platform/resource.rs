//! A template's resources, and the few functions of `CloudFormation` that names and connections are written with.

use serde_json::Value;

/// The resources of a type, by logical id, with their properties.
pub fn of_type<'a>(template: &'a Value, wanted: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let mut found: Vec<(&str, &Value)> = template["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, resource)| resource["Type"] == wanted)
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
        .collect();
    found.sort_by_key(|(id, _)| *id);
    found.into_iter()
}

/// The properties of a resource, or of an event that stands in a function as `<function>.<event>`.
pub fn properties<'a>(template: &'a Value, name: &str) -> &'a Value {
    let resources = &template["Resources"];
    match name.split_once('.') {
        Some((function, event)) => &resources[function]["Properties"]["Events"][event]["Properties"],
        None => &resources[name]["Properties"],
    }
}

/// The logical id that a reference or an ARN is of.
pub fn id(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str())
}

/// A name as people read it, with `{stackName}` for the stack's and braces around whatever else is filled in.
pub fn name(value: &Value) -> Option<String> {
    let braced = |name: &str| match name {
        "AWS::StackName" => "{stackName}".to_owned(),
        other => format!("{{{}}}", other.replace("::", "").replace('.', "")),
    };
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(name) = value["Ref"].as_str() {
        return Some(braced(name));
    }
    let mut rest = value["Fn::Sub"].as_str().or_else(|| value["Fn::Sub"][0].as_str())?;
    let mut written = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        let (inner, after) = after.split_once('}')?;
        written.push_str(before);
        written.push_str(&braced(inner));
        rest = after;
    }
    Some(written + rest)
}

/// Whether a reference to the resource is anywhere in a value.
pub fn mentions(value: &Value, wanted: &str) -> bool {
    if id(value) == Some(wanted) {
        return true;
    }
    match value {
        Value::Array(elements) => elements.iter().any(|each| mentions(each, wanted)),
        Value::Object(members) => members.values().any(|each| mentions(each, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What stands under a key, at any depth.
pub fn under<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Array(elements) => elements.iter().find_map(|each| under(each, key)),
        Value::Object(members) => {
            members.get(key).or_else(|| members.values().find_map(|each| under(each, key)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_readable_before_it_is_filled_in() {
        let named = |value: Value| name(&value);
        assert_eq!(named(json!("orders")).as_deref(), Some("orders"));
        assert_eq!(named(json!({ "Ref": "AWS::StackName" })).as_deref(), Some("{stackName}"));
        let text = "${AWS::StackName}-orders-${AWS::Region}";
        assert_eq!(named(json!({ "Fn::Sub": text })).as_deref(), Some("{stackName}-orders-{AWSRegion}"));
        assert_eq!(named(json!({ "Fn::Sub": "${broken" })), None);
        assert_eq!(named(json!(null)), None);
    }

    #[test]
    fn a_reference_is_found_at_any_depth() {
        let value = json!({ "Fn::If": ["UsesIt", { "Fn::GetAtt": ["Bus", "Arn"] }, { "Ref": "Other" }] });
        assert!(mentions(&value, "Bus") && mentions(&value, "Other"));
        assert!(!mentions(&value, "UsesIt"));
    }
}
