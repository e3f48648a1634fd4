//! `semel devices`: plays the producers of telemetry: warehouse scanners, shelf sensors, browsers and phones.
//!
//! They behave as good producers should: ids are made once, what got no answer is sent again unchanged, and some batches
//! are sent again although they were answered, as happens when an answer is lost.

mod fleet;
mod producer;
mod report;
mod target;

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::phase::Phase;
use crate::project::Project;
use crate::running;

use self::producer::Kind;
use self::target::Target;

/// Who plays, how fast, how long.
#[derive(Args)]
pub struct Options {
    /// Who plays
    #[arg(long, value_enum, default_value_t = Who::All)]
    kind: Who,
    /// How many devices and clients there are together
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    devices: u32,
    /// Events a second, all together
    #[arg(long, value_name = "R", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// How long; 0 until Ctrl-C
    #[arg(long, value_name = "S", default_value_t = 10)]
    seconds: u64,
    /// How many of a hundred batches are sent again: every other one under its own key, which is recognised at once,
    /// the others under a new key, which the topic's consumers have to recognise
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=100))]
    duplicates: u8,
    /// Events of a batch
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
    batch: u32,
    /// The API to send to [default: the running local stack's]. Devices use it too, for MQTT is not spoken there
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Let devices send over HTTP as well, not as MQTT messages through the rule for devices of the local stack
    #[arg(long)]
    over_http: bool,
    /// Print the answers as JSON
    #[arg(long)]
    json: bool,
}

/// The kinds of producers that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    /// Hand scanners of the warehouse
    Scanners,
    /// Sensors that count what lies on a shelf
    Shelves,
    /// Browsers
    Web,
    /// Phones, which gather events while they are offline
    Mobile,
    /// All of them, in equal parts
    All,
}

impl Who {
    const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Scanners => &[Kind::Scanner],
            Self::Shelves => &[Kind::Shelf],
            Self::Web => &[Kind::Web],
            Self::Mobile => &[Kind::Mobile],
            Self::All => &[Kind::Scanner, Kind::Shelf, Kind::Web, Kind::Mobile],
        }
    }
}

/// Plays until the time is over or Ctrl-C, then says what was answered.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let target = if let Some(url) = &options.url {
        Target::over_http(url)
    } else {
        let stack = running::stack(project, "and --url names another")?;
        let target = Target::over_http(&stack.api_url()?);
        if options.over_http { target } else { target.with_iot(&stack.endpoint, &stack.region) }
    };
    let plan = fleet::Plan {
        kinds: options.kind.kinds(),
        producers: options.devices,
        events_per_second: options.rate,
        time: (options.seconds > 0).then(|| Duration::from_secs(options.seconds)),
        duplicates_percent: options.duplicates,
        batch: options.batch,
    };
    let phase = Phase::start(format!("{} producers send to {target}", options.devices));
    let report = fleet::play(&plan, &target, |line| phase.flicker(line));
    let report = phase.end(report)?;
    if options.json {
        let text = serde_json::to_string_pretty(&report);
        println!("{}", text.map_err(|error| Error::Unexpected(error.to_string()))?);
    } else {
        print!("{}", report.table());
    }
    report.verdict()
}
