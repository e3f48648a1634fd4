//! The nested stack that makes a registry and puts the schemas into it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{EventBridgeSchema, text};
use crate::Fault;

/// Bytes that a template may have (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
const TEMPLATE_BYTES_MAX: usize = 1_048_576;

/// Resources that a template may have, by the same.
const RESOURCES_MAX: usize = 500;

const HEAD: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Description: Schemas of the platform's events in EventBridge's schema registry

# Generated from schemas/released and template.yaml: `cargo semel schemas template` writes it, and so does a release.
# A nested stack of template.yaml, made when SchemaRegistry is eventbridge.

Parameters:
  RegistryName:
    Type: String
    Description: Name of the registry.

Resources:

  Registry:
    Type: AWS::EventSchemas::Registry
    Properties:
      RegistryName: !Ref RegistryName
      Description: Newest release of every event type
";

const FOOT: &str = "
Outputs:
  RegistryName:
    Description: Name of the registry
    Value: !GetAtt Registry.RegistryName
";

/// The template, as text.
pub fn template(schemas: &[EventBridgeSchema]) -> Result<String, Fault> {
    let mut written = HEAD.to_owned();
    let mut taken = BTreeSet::from(["Registry".to_owned()]);
    for schema in schemas {
        let id = logical_id(&schema.event_type);
        if !taken.insert(id.clone()) {
            return Err(refused(&id, "is the logical id of two event types"));
        }
        written.push_str(&resource(&id, schema));
    }
    written.push_str(FOOT);
    if taken.len() > RESOURCES_MAX {
        return Err(refused("infra/schemas.yaml", "has more resources than CloudFormation takes"));
    }
    if written.len() > TEMPLATE_BYTES_MAX {
        return Err(refused("infra/schemas.yaml", "is longer than CloudFormation takes"));
    }
    Ok(written)
}

fn refused(resource: &str, why: &str) -> Fault {
    Fault::Template { resource: resource.to_owned(), why: why.to_owned() }
}

/// Letters and digits only.
fn logical_id(event_type: &str) -> String {
    let letters: String = event_type.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{letters}Schema")
}

fn resource(id: &str, schema: &EventBridgeSchema) -> String {
    let mut written = format!(
        "
  {id}:
    Type: AWS::EventSchemas::Schema
    Properties:
      RegistryName: !GetAtt Registry.RegistryName
      SchemaName: {}
      Type: JSONSchemaDraft4
      Description: {}
      Tags:
",
        text::yaml(&schema.name),
        text::yaml(&schema.description),
    );
    for (name, value) in &schema.tags {
        let _ = writeln!(written, "        - {{ Key: {name}, Value: {} }}", text::yaml(value));
    }
    written.push_str("      Content: |-\n");
    for line in schema.content.lines() {
        let _ = writeln!(written, "        {line}");
    }
    written
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn schema(event_type: &str, content: &str) -> EventBridgeSchema {
        EventBridgeSchema {
            event_type: event_type.to_owned(),
            version: "1.0".to_owned(),
            name: format!("s@{event_type}"),
            description: "x: 'y'".to_owned(),
            content: content.to_owned(),
            tags: BTreeMap::from([("version".to_owned(), "1.0".to_owned())]),
        }
    }

    #[test]
    fn what_goes_in_comes_out_of_the_yaml() {
        let written = template(&[schema("A_b", "{\n  \"a\": 1\n}"), schema("C", "{}")]).expect("a template");
        let read = semel_template::read(&written).expect("YAML");
        let properties = &read["Resources"]["AbSchema"]["Properties"];
        assert_eq!(properties["Content"], "{\n  \"a\": 1\n}");
        assert_eq!(properties["SchemaName"], "s@A_b");
        assert_eq!(properties["Description"], "x: 'y'");
        assert_eq!(properties["Tags"][0]["Value"], "1.0");
        assert_eq!(read["Resources"]["CSchema"]["Properties"]["Content"], "{}");
        assert_eq!(
            written,
            template(&[schema("A_b", "{\n  \"a\": 1\n}"), schema("C", "{}")]).expect("again")
        );
    }

    #[test]
    fn what_cloudformation_would_refuse_is_refused() {
        let refusal = |schemas: &[EventBridgeSchema]| template(schemas).expect_err("refused").to_string();
        assert_eq!(
            refusal(&[schema("A_b", "{}"), schema("Ab", "{}")]),
            "AbSchema: is the logical id of two event types"
        );
        let many: Vec<_> = (0..500).map(|number| schema(&format!("E{number}"), "{}")).collect();
        assert!(refusal(&many).ends_with("has more resources than CloudFormation takes"));
        assert!(template(&many[1..]).is_ok());
        let long = "\n".repeat(2_000_000);
        assert!(refusal(&[schema("A", &long)]).ends_with("is longer than CloudFormation takes"));
    }
}
