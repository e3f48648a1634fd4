//! `semel schemas check`: the working schemas against what was released, in the working tree or at a revision.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use semel_registry::compatibility::{Direction, Mode, Policy, Report};
use semel_registry::{RegisteredType, Registry};
use serde::Serialize;

use super::remote::Remote;
use super::working::{self, WorkingSchema};
use super::{at_revision, deployed};
use crate::error::Error;
use crate::project::Project;

/// What to compare with, and what to print.
#[derive(Args)]
pub struct Options {
    /// Compare with what was released at this revision of git, and find out releases that were changed since
    #[arg(long, value_name = "REF")]
    against: Option<String>,
    /// Look at a registry of EventBridge instead: which release each of its schemas is, and whether it is one
    #[arg(long, conflicts_with = "against")]
    deployed: bool,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON: an array of objects with source, `event_type`, major, compatibility, policy, released, verdict, report;
    /// with --deployed with name, standing, deployed, waiting, differences
    #[arg(long)]
    json: bool,
}

/// How a working schema stands to what was released of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// It is the newest release.
    Released,
    /// It differs from it, and may be released.
    Compatible,
    /// It breaks what its type promises.
    Breaks,
    /// Nothing was released of its major version.
    New,
}

impl Verdict {
    fn in_words(self) -> &'static str {
        match self {
            Self::Released => "as released",
            Self::Compatible => "compatible, not released",
            Self::Breaks => "BREAKS",
            Self::New => "new, not released",
        }
    }
}

#[derive(Serialize)]
struct Row {
    source: String,
    event_type: String,
    major: u16,
    compatibility: Option<Mode>,
    policy: Option<Policy>,
    /// The newest release of the major version.
    released: Option<String>,
    verdict: Verdict,
    report: Option<Report>,
}

/// Compares, prints, and fails on a break.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    if options.deployed {
        return deployed::run(project, &options.remote, options.json);
    }
    let rows = rows(project, options.against.as_deref())?;
    if options.json {
        super::print_json(&rows)?;
    } else {
        print(&rows, &mut |line| println!("{line}"));
    }
    verdict(&rows)
}

/// The same as a step of a test run, against the working tree's releases.
pub fn hold(project: &Project, on_line: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let rows = rows(project, None)?;
    print(&rows, on_line);
    verdict(&rows)
}

fn verdict(rows: &[Row]) -> Result<(), Error> {
    let mut broken = String::new();
    for row in rows.iter().filter(|row| row.verdict == Verdict::Breaks) {
        let _ = write!(broken, "\n  {}/{} {}", row.source, row.event_type, row.major);
        for line in row.report.iter().flat_map(reasons) {
            let _ = write!(broken, "\n    {line}");
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Error::Failed(format!("schemas break their promises:{broken}")))
    }
}

fn rows(project: &Project, against: Option<&str>) -> Result<Vec<Row>, Error> {
    let current = super::open(project)?;
    let registry = match against {
        None => current,
        Some(revision) => {
            let folder = at_revision::releases(project, revision)?;
            let before = Registry::open(&folder).map_err(|error| Error::Failed(error.to_string()))?;
            unchanged(&before, &current, revision)?;
            before
        }
    };
    if let Some((found, version, report)) = registry.broken_promises().first() {
        let reasons: Vec<String> = reasons(report).collect();
        let what = format!("{}/{} {version}", found.record.source, found.record.event_type);
        return Err(Error::Failed(format!("{what} breaks its promise:\n    {}", reasons.join("\n    "))));
    }
    Ok(working::read(project)?.iter().map(|schema| row(&registry, schema)).collect())
}

/// Hashes say that a release is what its metadata say; only the history says that both were not changed together.
fn unchanged(before: &Registry, now: &Registry, revision: &str) -> Result<(), Error> {
    let ids = |found: &RegisteredType| -> BTreeSet<(String, String, String)> {
        let record = &found.record;
        let of = |release: &semel_registry::ReleaseRecord| {
            (release.version.to_string(), release.id.to_string(), release.sample.to_string())
        };
        record.releases.iter().map(of).collect()
    };
    for old in before.list() {
        let (source, event_type) = (&old.record.source, &old.record.event_type);
        let kept = now.find(source, event_type).map(ids).unwrap_or_default();
        if let Some((version, ..)) = ids(old).difference(&kept).next() {
            let file =
                Path::new(super::RELEASED).join(source).join(event_type).join(format!("{version}.json"));
            let what =
                format!("{}: was released at {revision}, and was changed or removed since", file.display());
            return Err(Error::Failed(what));
        }
    }
    Ok(())
}

fn row(registry: &Registry, schema: &WorkingSchema) -> Row {
    let WorkingSchema { source, event_type, major, text, schema } = schema;
    let found = registry.find(source, event_type);
    let of_major = |found: &&RegisteredType| {
        let newest = found.releases.iter().rfind(|release| release.record.version.major == *major);
        newest.map(|release| (release.record.version.to_string(), release.text == *text))
    };
    let newest = found.as_ref().and_then(of_major);
    let report = registry.check(source, event_type, *major, schema).ok();
    let verdict = match (&newest, &report) {
        (None, _) | (_, None) => Verdict::New,
        (Some(_), Some(report)) if !report.is_compatible() => Verdict::Breaks,
        (Some((_, true)), Some(_)) => Verdict::Released,
        (Some((_, false)), Some(_)) => Verdict::Compatible,
    };
    Row {
        source: source.clone(),
        event_type: event_type.clone(),
        major: *major,
        compatibility: found.map(|found| found.record.compatibility),
        policy: found.map(|found| found.record.policy),
        released: newest.map(|(version, _)| version),
        verdict,
        report,
    }
}

fn print(rows: &[Row], on_line: &mut dyn FnMut(&str)) {
    on_line(&format!(
        "{:<50} {:<6} {:<9} {:<20} {}",
        "EVENT TYPE", "MAJOR", "RELEASED", "COMPATIBILITY", "VERDICT"
    ));
    for row in rows {
        let name = format!("{}/{}", row.source, row.event_type);
        let (mode, released) =
            (row.compatibility.map_or("-", Mode::name), row.released.as_deref().unwrap_or("-"));
        let verdict = row.verdict.in_words();
        on_line(&format!("{name:<50} {:<6} {released:<9} {mode:<20} {verdict}", row.major));
        for line in row.report.iter().flat_map(changes) {
            on_line(&format!("    {line}"));
        }
    }
}

/// Every difference from the newest release, once.
fn changes(report: &Report) -> impl Iterator<Item = String> {
    let backward =
        |comparison: &&semel_registry::compatibility::Comparison| comparison.direction == Direction::Backward;
    let newest = report.comparisons.iter().rfind(backward);
    let harmless =
        newest.into_iter().flat_map(|comparison| &comparison.differences).filter(|each| !each.breaks);
    let harmless = harmless.map(|each| format!("{}: {}: {}", each.path, each.kind.name(), each.why));
    reasons(report).chain(harmless.collect::<Vec<_>>())
}

/// What breaks, with who could not read whom.
fn reasons(report: &Report) -> impl Iterator<Item = String> {
    report.breaking().map(|(comparison, difference)| {
        let who = match comparison.direction {
            Direction::Backward => format!("the new schema cannot read what {} wrote", comparison.released),
            Direction::Forward => format!("{} cannot read what the new schema writes", comparison.released),
        };
        let detail = difference.detail.as_ref().map_or_else(String::new, |detail| format!(" ({detail})"));
        format!("{}: {}{detail}: {who}: {}", difference.path, difference.kind.name(), difference.why)
    })
}
