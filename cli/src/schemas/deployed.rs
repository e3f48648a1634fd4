//! `semel schemas check --deployed`: each schema of a registry is the translation of one of the releases.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use semel_aws::operator::{Operator, RegisteredSchema};
use semel_documents::Platform;
use semel_documents::eventbridge::{self, EventBridgeSchema, VERSION_TAG};
use semel_registry::compatibility::{self, Policy};
use semel_registry::{RegisteredType, Registry, SchemaDocument};
use serde::Serialize;

use super::publish::{FORMAT, is_same};
use super::remote::Remote;
use crate::documents;
use crate::error::Error;
use crate::project::Project;
use crate::runtime;

/// How a deployed schema stands to the releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is the newest release.
    Newest,
    /// It is an older one.
    Older,
    /// No release has its content.
    Changed,
    /// Nothing was released of this name, though one of our services is its source.
    Unknown,
    /// It is not there.
    Missing,
}

/// One event type.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Its name in the registry.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// Which release is deployed.
    pub deployed: Option<String>,
    /// Which are not yet.
    pub waiting: Vec<String>,
    /// What differs from the release that it claims to be, else from the newest.
    pub differences: Vec<String>,
}

/// Compares, prints, and fails on a content that no release has.
pub fn run(project: &Project, remote: &Remote, as_json: bool) -> Result<(), Error> {
    let registry = super::open(project)?;
    let platform = documents::platform_of(project, &registry)?;
    let runtime = runtime::new()?;
    let rows = runtime.block_on(async {
        let operator = remote.connect().await?;
        rows(&operator, remote, &platform, &registry).await
    })?;
    if as_json {
        super::print_json(&rows)?;
    } else {
        print(&rows);
    }
    verdict(&rows)
}

/// One row for each event type that is released or deployed, by name.
pub async fn rows(
    operator: &Operator,
    remote: &Remote,
    platform: &Platform,
    registry: &Registry,
) -> Result<Vec<Row>, Error> {
    let found = operator.schema_registry(&remote.registry).await;
    if found.map_err(|error| remote.explained(&error))?.is_none() {
        return Err(Error::Failed(remote.missing()));
    }
    let deployed = operator.registered_schemas(&remote.registry).await;
    let deployed = deployed.map_err(|error| remote.explained(&error))?;
    let mut deployed: BTreeMap<String, RegisteredSchema> =
        deployed.into_iter().map(|schema| (schema.name.clone(), schema)).collect();
    let mut rows = Vec::new();
    for found in registry.list() {
        let releases = releases(platform, found)?;
        if let Some(newest) = releases.last() {
            rows.push(row(
                &releases,
                deployed.remove(&newest.name).as_ref(),
                &newest.name,
                found.record.policy,
            ));
        }
    }
    let is_ours = |name: &str| {
        registry.list().any(|found| name.split('@').next() == Some(found.record.source.as_str()))
    };
    for (name, _) in deployed.into_iter().filter(|(name, _)| is_ours(name)) {
        rows.push(Row { standing: Standing::Unknown, ..Row::missing(&name) });
    }
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(rows)
}

/// Every release of an event type as it would be deployed, oldest first.
fn releases(platform: &Platform, found: &RegisteredType) -> Result<Vec<EventBridgeSchema>, Error> {
    let each = found.releases.iter().map(|release| eventbridge::of(platform, found, release));
    each.collect::<Result<_, _>>().map_err(|fault| Error::Failed(fault.to_string()))
}

impl Row {
    fn missing(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            standing: Standing::Missing,
            deployed: None,
            waiting: Vec::new(),
            differences: Vec::new(),
        }
    }
}

fn row(
    releases: &[EventBridgeSchema],
    deployed: Option<&RegisteredSchema>,
    name: &str,
    policy: Policy,
) -> Row {
    let versions =
        |releases: &[EventBridgeSchema]| releases.iter().map(|each| each.version.clone()).collect();
    let Some(deployed) = deployed else { return Row { waiting: versions(releases), ..Row::missing(name) } };
    let is_it = |release: &EventBridgeSchema| {
        deployed.format == FORMAT && is_same(&release.content, &deployed.content)
    };
    // Two releases may say the same in these words: then it is the newest of them.
    if let Some(at) = releases.iter().rposition(is_it) {
        let waiting: Vec<String> = versions(&releases[at + 1..]);
        let standing = if waiting.is_empty() { Standing::Newest } else { Standing::Older };
        return Row { standing, deployed: Some(releases[at].version.clone()), waiting, ..Row::missing(name) };
    }
    let claimed = deployed.tags.get(VERSION_TAG);
    let claimed = releases.iter().rfind(|release| Some(&release.version) == claimed).or(releases.last());
    let differences = claimed.map(|release| differences(release, deployed, policy)).unwrap_or_default();
    Row { standing: Standing::Changed, differences, ..Row::missing(name) }
}

/// What differs, by the rules of compatibility: what the release writes, read with what is deployed.
fn differences(release: &EventBridgeSchema, deployed: &RegisteredSchema, policy: Policy) -> Vec<String> {
    if deployed.format != FORMAT {
        return vec![format!("its format is {}, not {FORMAT}", deployed.format)];
    }
    let read = |content: &str| -> Result<SchemaDocument, String> {
        let schema = serde_json::from_str(content).map_err(|error| format!("is not JSON: {error}"))?;
        SchemaDocument::new(eventbridge::as_draft7(&schema)).map_err(|fault| fault.to_string())
    };
    let (ours, theirs) = match (read(&release.content), read(&deployed.content)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (_, Err(fault)) => return vec![format!("what is deployed {fault}")],
        (Err(fault), _) => return vec![format!("release {} {fault}", release.version)],
    };
    let found = compatibility::differences(&ours, &theirs, policy);
    if found.is_empty() {
        return vec![format!(
            "what differs from release {} is nothing that the rules of compatibility look at",
            release.version
        )];
    }
    let line = |each: &compatibility::Difference| {
        let detail = each.detail.as_ref().map_or_else(String::new, |detail| format!(" ({detail})"));
        format!("{}: {}{detail} since release {}", each.path, each.kind.name(), release.version)
    };
    found.iter().map(line).collect()
}

fn print(rows: &[Row]) {
    println!("{:<55} {:<9} {:<20} STANDING", "SCHEMA", "DEPLOYED", "NOT YET");
    for row in rows {
        let deployed = row.deployed.as_deref().unwrap_or("-");
        let waiting = if row.waiting.is_empty() { "-".to_owned() } else { row.waiting.join(", ") };
        let standing = match row.standing {
            Standing::Newest => "newest release",
            Standing::Older => "older release",
            Standing::Changed => "CHANGED: no release has this content",
            Standing::Unknown => "UNKNOWN: nothing of this name was released",
            Standing::Missing => "not deployed",
        };
        println!("{:<55} {deployed:<9} {waiting:<20} {standing}", row.name);
        for line in &row.differences {
            println!("    {line}");
        }
    }
}

fn verdict(rows: &[Row]) -> Result<(), Error> {
    let is_wrong = |row: &&Row| matches!(row.standing, Standing::Changed | Standing::Unknown);
    let wrong: Vec<&str> = rows.iter().filter(is_wrong).map(|row| row.name.as_str()).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::Failed(format!("deployed schemas that no release has: {}", wrong.join(", "))))
}
