//! `EventBridge`'s schema registries: what is in them, and what is put there.
//!
//! Knows requests and pages, not what a schema says: the content is text. Checks no limits; the service does, and its
//! answer says which.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_schemas::operation::describe_registry::DescribeRegistryError;
use aws_sdk_schemas::operation::describe_schema::DescribeSchemaError;
use aws_sdk_schemas::types::Type;

use super::{Operator, Result};
use crate::AwsError;

/// Names that a page may have: the service's own bound.
const PAGE: i32 = 100;

/// A registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRegistry {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it says of itself; may be empty.
    pub description: String,
    /// Its tags. Who owns it is there: `CloudFormation` puts tags of its own on what it makes.
    pub tags: BTreeMap<String, String>,
}

/// The newest version of a schema in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredSchema {
    /// Its name; of a discovered one `<source>@<detail-type>`.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The service's count of its versions, as text: `1`, `2`, ...
    pub version: String,
    /// The format: `OpenApi3` or `JSONSchemaDraft4`.
    pub format: String,
    /// The schema as it was handed in.
    pub content: String,
    /// What it says of itself; may be empty.
    pub description: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A schema of JSON Schema Draft 4 that is put into a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaContent<'a> {
    /// Its name, 1 to 385 letters, digits, and `.`, `-`, `_`, `@`.
    pub name: &'a str,
    /// The schema, 1 to 100,000 characters of JSON.
    pub content: &'a str,
    /// What it says of itself, up to 256 characters.
    pub description: &'a str,
    /// Its tags.
    pub tags: &'a BTreeMap<String, String>,
}

impl Operator {
    /// A registry of this region, if it is there.
    pub async fn schema_registry(&self, name: &str) -> Result<Option<SchemaRegistry>> {
        let found = match self.schemas.describe_registry().registry_name(name).send().await {
            Ok(found) => found,
            Err(error)
                if error.as_service_error().is_some_and(DescribeRegistryError::is_not_found_exception) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(AwsError::of("Schemas DescribeRegistry", &error)),
        };
        Ok(Some(SchemaRegistry {
            name: found.registry_name.unwrap_or_else(|| name.to_owned()),
            arn: found.registry_arn.unwrap_or_default(),
            description: found.description.unwrap_or_default(),
            tags: sorted(found.tags),
        }))
    }

    /// The newest version of every schema of a registry, by name. One request for each page of names and one for each
    /// schema; what is deleted meanwhile is left out.
    pub async fn registered_schemas(&self, registry: &str) -> Result<Vec<RegisteredSchema>> {
        let mut schemas = Vec::new();
        for name in self.schema_names(registry).await? {
            schemas.extend(self.registered_schema(registry, &name).await?);
        }
        schemas.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(schemas)
    }

    async fn schema_names(&self, registry: &str) -> Result<Vec<String>> {
        let request = self.schemas.list_schemas().registry_name(registry).limit(PAGE);
        let summaries = request.into_paginator().items().send().collect::<std::result::Result<Vec<_>, _>>();
        let summaries = summaries.await.map_err(|error| AwsError::of("Schemas ListSchemas", &error))?;
        Ok(summaries.into_iter().filter_map(|summary| summary.schema_name).collect())
    }

    /// The newest version of one schema, if it is there.
    pub async fn registered_schema(&self, registry: &str, name: &str) -> Result<Option<RegisteredSchema>> {
        let request = self.schemas.describe_schema().registry_name(registry).schema_name(name);
        let found = match request.send().await {
            Ok(found) => found,
            Err(error)
                if error.as_service_error().is_some_and(DescribeSchemaError::is_not_found_exception) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(AwsError::of("Schemas DescribeSchema", &error)),
        };
        Ok(Some(RegisteredSchema {
            name: found.schema_name.unwrap_or_else(|| name.to_owned()),
            arn: found.schema_arn.unwrap_or_default(),
            version: found.schema_version.unwrap_or_default(),
            format: found.r#type.unwrap_or_default(),
            content: found.content.unwrap_or_default(),
            description: found.description.unwrap_or_default(),
            tags: sorted(found.tags),
        }))
    }

    /// Makes a registry. One of this name must not be there.
    pub async fn create_schema_registry(
        &self,
        name: &str,
        description: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<()> {
        let request = self.schemas.create_registry().registry_name(name).description(description);
        let sent = request.set_tags(Some(unsorted(tags))).send().await;
        sent.map(drop).map_err(|error| AwsError::of("Schemas CreateRegistry", &error))
    }

    /// Puts a new schema into a registry. One of this name must not be there.
    pub async fn create_schema(&self, registry: &str, schema: &SchemaContent<'_>) -> Result<()> {
        let request = self.schemas.create_schema().registry_name(registry).schema_name(schema.name);
        let request =
            request.r#type(Type::JsonSchemaDraft4).content(schema.content).description(schema.description);
        let sent = request.set_tags(Some(unsorted(schema.tags))).send().await;
        sent.map(drop).map_err(|error| AwsError::of("Schemas CreateSchema", &error))
    }

    /// Makes a new version of a schema, and sets its tags. The service takes tags with another request: if that one
    /// fails, the content is new and the tags are old; the same call again mends it.
    pub async fn update_schema(&self, registry: &str, arn: &str, schema: &SchemaContent<'_>) -> Result<()> {
        let request = self.schemas.update_schema().registry_name(registry).schema_name(schema.name);
        let request =
            request.r#type(Type::JsonSchemaDraft4).content(schema.content).description(schema.description);
        request.send().await.map_err(|error| AwsError::of("Schemas UpdateSchema", &error))?;
        self.tag_schema(arn, schema.tags).await
    }

    /// Sets tags of a schema; others that it has stay.
    pub async fn tag_schema(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<()> {
        let request = self.schemas.tag_resource().resource_arn(arn).set_tags(Some(unsorted(tags)));
        request.send().await.map(drop).map_err(|error| AwsError::of("Schemas TagResource", &error))
    }
}

fn sorted(tags: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().into_iter().collect()
}

fn unsorted(tags: &BTreeMap<String, String>) -> HashMap<String, String> {
    tags.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
#[path = "schemas_tests.rs"]
mod tests;
