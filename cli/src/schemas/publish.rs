//! `semel schemas publish`: the newest releases go into a registry of `EventBridge`, without a stack.
//!
//! The plan comes first and says all that will happen. A second run finds done what the first one did, so it goes on
//! where that one failed.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use clap::Args;
use semel_aws::operator::{Operator, RegisteredSchema, SchemaContent};
use semel_documents::eventbridge::EventBridgeSchema;
use serde::Serialize;
use serde_json::Value;

use super::remote::{self, Remote};
use super::template;
use crate::consent::Consent;
use crate::error::Error;
use crate::interrupt;
use crate::project::Project;
use crate::runtime;

const DESCRIPTION: &str = "Newest release of every event type";

/// The one format that is written.
pub const FORMAT: &str = "JSONSchemaDraft4";

/// Where to, and whether to ask.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    consent: Consent,
    /// Print JSON, an array of objects with name, version, change and done; without --yes nothing is done
    #[arg(long)]
    json: bool,
}

/// What has to be done about a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is not there.
    Create,
    /// Its content is another.
    Update,
    /// Its content is right, its tags are not: an earlier run ended between the two.
    Tag,
    /// Nothing.
    Unchanged,
}

impl Change {
    fn in_words(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Tag => "tag",
            Self::Unchanged => "unchanged",
        }
    }
}

/// One line of the plan.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The schema's name in the registry.
    pub name: String,
    /// The release's version.
    pub version: String,
    /// What has to be done.
    pub change: Change,
    /// Whether it is done.
    pub done: bool,
    #[serde(skip)]
    arn: String,
}

/// What is to be done, and to which registry.
#[derive(Debug)]
pub struct Plan {
    /// Whether the registry has to be made first.
    pub creates_registry: bool,
    /// One for each schema, by name.
    pub rows: Vec<Row>,
    /// Schemas of the registry that are none of ours: they stay as they are.
    pub others: Vec<String>,
}

impl Plan {
    /// How much is not as it should be.
    fn changes(&self) -> usize {
        let schemas = self.rows.iter().filter(|row| row.change != Change::Unchanged).count();
        usize::from(self.creates_registry) + schemas
    }
}

/// Plans, asks, and does it. Ends with [`Error::Pending`] if there is something to do and nobody says yes.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let schemas = template::newest(project)?;
    let runtime = runtime::new()?;
    let operator = runtime.block_on(options.remote.connect())?;
    let mut plan = runtime.block_on(plan(&operator, &options.remote, &schemas))?;
    if !options.json {
        print(&plan, &options.remote.registry);
    }
    let changes = plan.changes();
    let consent = options.consent.to(changes, options.json);
    let outcome =
        consent.and_then(|()| runtime.block_on(apply(&operator, &options.remote, &schemas, &mut plan)));
    if options.json {
        super::print_json(&plan.rows)?;
    } else if changes > 0 && outcome.is_ok() {
        println!("done");
    }
    outcome
}

/// Looks at the registry, and says what has to be done.
pub async fn plan(
    operator: &Operator,
    remote: &Remote,
    schemas: &[EventBridgeSchema],
) -> Result<Plan, Error> {
    let name = &remote.registry;
    if name.starts_with("aws.") || name == "discovered-schemas" {
        return Err(Error::Failed(format!("registry {name} is AWS's own, and takes nothing from others")));
    }
    let registry = operator.schema_registry(name).await.map_err(|error| remote.explained(&error))?;
    if let Some(stack) = registry.as_ref().and_then(|registry| remote::stack(&registry.tags)) {
        let what = "deploy the stack instead, or name another registry with --registry";
        return Err(Error::Failed(format!("registry {name} belongs to the stack {stack}: {what}")));
    }
    let there = match &registry {
        Some(_) => operator.registered_schemas(name).await.map_err(|error| remote.explained(&error))?,
        None => Vec::new(),
    };
    let mut there: BTreeMap<String, RegisteredSchema> =
        there.into_iter().map(|schema| (schema.name.clone(), schema)).collect();
    let mut rows = Vec::new();
    for schema in schemas {
        let found = there.remove(&schema.name);
        if let Some(stack) = found.as_ref().and_then(|found| remote::stack(&found.tags)) {
            let what =
                format!("schema {} belongs to the stack {stack}: deploy the stack instead", schema.name);
            return Err(Error::Failed(what));
        }
        rows.push(Row {
            name: schema.name.clone(),
            version: schema.version.clone(),
            change: change(schema, found.as_ref()),
            done: false,
            arn: found.map(|found| found.arn).unwrap_or_default(),
        });
    }
    Ok(Plan { creates_registry: registry.is_none(), rows, others: there.into_keys().collect() })
}

fn change(schema: &EventBridgeSchema, found: Option<&RegisteredSchema>) -> Change {
    let Some(found) = found else { return Change::Create };
    if found.format != FORMAT || !is_same(&schema.content, &found.content) {
        return Change::Update;
    }
    let is_tagged = schema.tags.iter().all(|(name, value)| found.tags.get(name) == Some(value));
    if is_tagged { Change::Unchanged } else { Change::Tag }
}

/// Whether two texts are the same JSON.
pub fn is_same(one: &str, other: &str) -> bool {
    match (serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Does what the plan says, one schema after the other.
pub async fn apply(
    operator: &Operator,
    remote: &Remote,
    schemas: &[EventBridgeSchema],
    plan: &mut Plan,
) -> Result<(), Error> {
    let registry = &remote.registry;
    if plan.creates_registry {
        let made = operator.create_schema_registry(registry, DESCRIPTION, &BTreeMap::new()).await;
        made.map_err(|error| remote.explained(&error))?;
    }
    let all = plan.rows.iter().filter(|row| row.change != Change::Unchanged).count();
    let mut done = 0;
    for (schema, row) in schemas.iter().zip(&mut plan.rows) {
        let content = SchemaContent {
            name: &schema.name,
            content: &schema.content,
            description: &schema.description,
            tags: &schema.tags,
        };
        let unfinished = |error: Error| {
            Error::Failed(format!(
                "{}: {error}\n  {done} of {all} are done; the same command goes on",
                row.name
            ))
        };
        interrupt::check().map_err(unfinished)?;
        let sent = match row.change {
            Change::Unchanged => continue,
            Change::Create => operator.create_schema(registry, &content).await,
            Change::Update => operator.update_schema(registry, &row.arn, &content).await,
            Change::Tag => operator.tag_schema(&row.arn, &schema.tags).await,
        };
        sent.map_err(|error| unfinished(remote.explained(&error)))?;
        row.done = true;
        done += 1;
    }
    Ok(())
}

fn print(plan: &Plan, registry: &str) {
    if plan.creates_registry {
        println!("{:<10} registry {registry}", "create");
    }
    for row in &plan.rows {
        println!("{:<10} {} {}", row.change.in_words(), row.name, row.version);
    }
    for other in &plan.others {
        println!("{:<10} {other}, which is no event type of this project", "leave");
    }
}
