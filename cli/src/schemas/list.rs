//! `semel schemas list`: every release.

use clap::Args;
use semel_registry::compatibility::{Mode, Policy};
use serde::Serialize;

use crate::error::Error;
use crate::project::Project;

/// What to print.
#[derive(Args)]
pub struct Options {
    /// Print JSON: an array of objects with source, `event_type`, version, created, owner, compatibility, policy, id,
    /// description
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    source: String,
    event_type: String,
    version: String,
    created: String,
    owner: String,
    compatibility: Mode,
    policy: Policy,
    id: String,
    description: String,
}

/// Prints the releases.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let registry = super::open(project)?;
    let rows: Vec<Row> = registry
        .list()
        .flat_map(|found| {
            found.releases.iter().map(|release| Row {
                source: found.record.source.clone(),
                event_type: found.record.event_type.clone(),
                version: release.record.version.to_string(),
                created: release.record.created.as_str().to_owned(),
                owner: found.record.owner.clone(),
                compatibility: found.record.compatibility,
                policy: found.record.policy,
                id: release.record.id.to_string(),
                description: release.record.description.clone(),
            })
        })
        .collect();
    if options.json {
        return super::print_json(&rows);
    }
    let header = ("EVENT TYPE", "VERSION", "CREATED", "OWNER", "COMPATIBILITY", "ID");
    println!(
        "{:<50} {:<8} {:<11} {:<10} {:<20} {}",
        header.0, header.1, header.2, header.3, header.4, header.5
    );
    for row in &rows {
        let name = format!("{}/{}", row.source, row.event_type);
        // Twelve digits are enough for a person to tell them apart.
        let (mode, id) = (row.compatibility.name(), &row.id[..12]);
        println!("{name:<50} {:<8} {:<11} {:<10} {mode:<20} {id}", row.version, row.created, row.owner);
    }
    Ok(())
}
