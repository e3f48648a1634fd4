//! What contracts cost when they are looked at: events that find their rules, and events that are held to their schemas.

use std::fmt::Write as _;

use semel_bench::Spread;
use serde::{Deserialize, Serialize};

use super::{Build, Source, benchmark};
use crate::error::Error;
use crate::platform;
use crate::project::Project;

/// How fast events find their rules.
#[derive(Debug, Serialize, Deserialize)]
pub struct Routes {
    /// Rounds, of which medians are taken.
    pub rounds: usize,
    /// Events of a round.
    pub events: usize,
    /// Bytes of an event.
    pub bytes_per_event: usize,
    /// A line for each set of rules.
    pub lines: Vec<RuleSet>,
}

/// One set of rules.
#[derive(Debug, Serialize, Deserialize)]
pub struct RuleSet {
    /// How many.
    pub rules: usize,
    /// What tells them apart.
    pub kind: String,
    /// Rules that an event matches.
    pub matches_per_event: f64,
    /// From an event's text to the list of its rules.
    pub ns_per_event: Spread,
    /// Of one core, by the median.
    pub events_per_second: u64,
    /// Each rule alone, on the event's tree.
    pub alone_ns_per_event: Spread,
    /// The floor: one pass over the text.
    pub floor_ns_per_event: Spread,
}

/// What full validation costs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Schemas {
    /// Rounds, of which medians are taken.
    pub rounds: usize,
    /// A line for each family of events.
    pub families: Vec<Family>,
}

/// One family of events.
#[derive(Debug, Serialize, Deserialize)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// Types of events in it.
    pub types: usize,
    /// Bytes of an event.
    pub bytes_per_event: usize,
    /// Text to tree, and the tree held to the JSON Schema.
    pub validated_ns_per_event: Spread,
    /// Text to the type of the contract, which checks as much.
    pub decoded_ns_per_event: Spread,
    /// How many times as long validating takes, by the median of each round.
    pub times_decoding: f64,
}

/// Measures how fast events find their rules.
pub fn measure_routes(project: &Project) -> Result<Routes, Error> {
    let build = Build::Release(platform::architecture()?);
    let source = Source { package: "semel-routing", name: "route_matching", build };
    benchmark(project, source, "time the matching of rules (cargo bench --bench route_matching)", &[])
}

/// Measures what full validation costs.
pub fn measure_schemas(project: &Project) -> Result<Schemas, Error> {
    let build = Build::Release(platform::architecture()?);
    let source = Source { package: "semel-registry", name: "validation", build };
    benchmark(project, source, "time full schema validation (cargo bench --bench validation)", &[])
}

/// The figures for people.
pub fn routes(routes: &Routes) -> String {
    let mut out = format!(
        "\nEvents of {} bytes finding their rules, one core, median of {} rounds (min to max)\n  {:>6}  {:<20}{:>10}{:>28}{:>12}{:>12}{:>10}\n",
        routes.bytes_per_event,
        routes.rounds,
        "rules",
        "told apart by",
        "matches",
        "ns an event",
        "events/s",
        "each alone",
        "floor"
    );
    for line in &routes.lines {
        let Spread { median, min, max } = line.ns_per_event;
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "  {:>6}  {:<20}{:>10.2}{:>28}{:>12}{:>12.0}{:>10.0}",
            line.rules,
            line.kind,
            line.matches_per_event,
            format!("{median:.0} ({min:.0} to {max:.0})"),
            line.events_per_second,
            line.alone_ns_per_event.median,
            line.floor_ns_per_event.median
        );
    }
    out
}

/// The figures for people.
pub fn schemas(schemas: &Schemas) -> String {
    let mut out = format!(
        "\nEvents held to their JSON Schemas, next to decoding them, one core, median of {} rounds: events/s\n",
        schemas.rounds
    );
    for family in &schemas.families {
        let rate = |spread: Spread| 1e9 / spread.median;
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "  {:<24}{:>3} types of {:>5} bytes {:>10.0} validated {:>10.0} decoded, ratio {:.1}",
            family.name,
            family.types,
            family.bytes_per_event,
            rate(family.validated_ns_per_event),
            rate(family.decoded_ns_per_event),
            family.times_decoding
        );
    }
    out
}
