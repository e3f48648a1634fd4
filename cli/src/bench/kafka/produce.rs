//! Producing: our publisher beside `kafka-producer-perf-test`, on one broker, in turns.
//!
//! Both send the same values with the same durability and the same sizes of batches. Every turn has a topic of its own,
//! which is deleted after it, and counts only what follows a warm-up, as a JVM needs one.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use semel_bench::Spread;
use semel_kafka::{Cluster, Connection, NewTopic};
use serde::{Deserialize, Serialize};

use super::super::measured;
use super::perf_test;
use crate::error::Error;
use crate::interrupt;
use crate::kafka::Artifacts;
use crate::phase::Phase;
use crate::project::Project;
use crate::runtime;

const TOPIC: &str = "bench-produce";
const PARTITIONS: i32 = 12;
/// Odd, so that a median is a measurement.
const ROUNDS: usize = 5;
const WARM_UP: usize = 100_000;
const RECORDS: usize = 200_000;
/// What our transactions of a call's records take, more or less.
const TRANSACTION_MS: u64 = 50;
/// What our publisher lets calls under way hold.
const BUFFER_BYTES: usize = 64 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Both ways to send.
#[derive(Debug, Serialize)]
pub struct Produce {
    /// Rounds, of which medians are taken.
    pub rounds: usize,
    /// Records of a round that count.
    pub records: usize,
    /// Records before them.
    pub warm_up: usize,
    /// Partitions of the topic.
    pub partitions: i32,
    /// The first without transactions, the second with.
    pub modes: Vec<Mode>,
}

/// One way to send.
#[derive(Debug, Serialize)]
pub struct Mode {
    /// Its name.
    pub name: &'static str,
    /// How we send.
    pub ours: String,
    /// What Kafka's own is told.
    pub settings: Vec<String>,
    /// Bytes of a record.
    pub bytes_per_record: usize,
    /// Our records a second.
    pub ours_per_second: Spread,
    /// Its records a second.
    pub kafkas_per_second: Spread,
    /// Ours to its, round by round.
    pub ratio: Spread,
}

/// One run of ours.
#[derive(Debug, Deserialize)]
struct Ours {
    bytes_per_record: usize,
    records_per_call: usize,
    calls_at_once: usize,
    batch_bytes: usize,
    linger_ms: u64,
    records_per_second: f64,
}

/// Measures on a broker that does nothing else.
pub fn measure(
    project: &Project,
    benchmark: &Path,
    artifacts: &Artifacts,
    brokers: &str,
) -> Result<Produce, Error> {
    let values = project.state_folder("bench")?.join("values.jsonl");
    let bench = Bench { project, benchmark, artifacts, brokers, values: &values };
    let title = format!("produce beside kafka-producer-perf-test, {ROUNDS} rounds of each");
    let modes = Phase::run(title, |phase| {
        ["plain", "transactional"].into_iter().map(|name| bench.mode(name, phase)).collect()
    })?;
    Ok(Produce { rounds: ROUNDS, records: RECORDS, warm_up: WARM_UP, partitions: PARTITIONS, modes })
}

struct Bench<'a> {
    project: &'a Project,
    benchmark: &'a Path,
    artifacts: &'a Artifacts,
    brokers: &'a str,
    values: &'a Path,
}

impl Bench<'_> {
    fn mode(&self, name: &'static str, phase: &Phase) -> Result<Mode, Error> {
        let (mut ours, mut kafkas, mut last) = (Vec::new(), Vec::new(), None);
        for round in 0..ROUNDS {
            interrupt::check()?;
            let own = with_topic(self.brokers, || self.ours(name, phase))?;
            let settings = settings(&own);
            let kafka = with_topic(self.brokers, || self.kafkas(name, &settings, phase))?;
            let (own_rate, number) = (own.records_per_second, round + 1);
            phase.detail(&format!("{name}, round {number}: {own_rate:.0} and {kafka:.0} records/s"));
            ours.push(own_rate);
            kafkas.push(kafka);
            last = Some(own);
        }
        let ratios: Vec<f64> = ours.iter().zip(&kafkas).map(|(ours, kafkas)| ours / kafkas).collect();
        let nothing = || Error::Unexpected("nothing was measured".to_owned());
        let last = last.ok_or_else(nothing)?;
        Ok(Mode {
            name,
            ours: describe(name, &last),
            settings: settings(&last),
            bytes_per_record: last.bytes_per_record,
            ours_per_second: Spread::of(ours).ok_or_else(nothing)?,
            kafkas_per_second: Spread::of(kafkas).ok_or_else(nothing)?,
            ratio: Spread::of(ratios).ok_or_else(nothing)?,
        })
    }

    fn ours(&self, mode: &str, phase: &Phase) -> Result<Ours, Error> {
        let mut command = Command::new(self.benchmark);
        command
            .args(["produce", "--mode", mode, "--brokers", self.brokers, "--topic", TOPIC])
            .args(["--warm-up", &WARM_UP.to_string(), "--records", &RECORDS.to_string()])
            .arg("--values")
            .arg(self.values);
        measured(self.project, phase, "produce", &mut command)
    }

    fn kafkas(&self, mode: &str, settings: &[String], phase: &Phase) -> Result<f64, Error> {
        let call = perf_test::Call {
            brokers: self.brokers,
            topic: TOPIC,
            values: self.values,
            warm_up: WARM_UP,
            records: RECORDS,
            settings,
            transaction_ms: (mode == "transactional").then_some(TRANSACTION_MS),
        };
        perf_test::run(self.artifacts, &call, phase)
    }
}

/// Kafka's own shall be set as ours is.
fn settings(ours: &Ours) -> Vec<String> {
    let Ours { batch_bytes, linger_ms, .. } = ours;
    vec![
        "acks=all".to_owned(),
        "enable.idempotence=true".to_owned(),
        format!("batch.size={batch_bytes}"),
        format!("linger.ms={linger_ms}"),
        format!("buffer.memory={BUFFER_BYTES}"),
        "compression.type=none".to_owned(),
    ]
}

fn describe(mode: &str, ours: &Ours) -> String {
    let Ours { records_per_call, calls_at_once, .. } = ours;
    match mode {
        "transactional" => {
            format!("a transaction each {records_per_call} records; Kafka's own each {TRANSACTION_MS} ms")
        }
        _ => format!("calls of {records_per_call} records, {calls_at_once} at a time"),
    }
}

/// Makes the topic, does it, and deletes the topic, also when it failed.
fn with_topic<T>(brokers: &str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let runtime = runtime::new()?;
    let kafka = |error| Error::chain("Kafka", &error);
    let cluster =
        runtime.block_on(Cluster::connect(&Connection::plaintext(brokers), TIMEOUT)).map_err(kafka)?;
    let mut topic = NewTopic::new(TOPIC, PARTITIONS)
        // Hundreds of megabytes each turn: they shall not lie about for the usual minute.
        .with("file.delete.delay.ms", "1000");
    topic.replication = 1;
    runtime.block_on(cluster.create_topic(&topic)).map_err(kafka)?;
    let done = work();
    let deleted = runtime.block_on(cluster.delete_topic(TOPIC)).map_err(kafka);
    let done = done?;
    deleted?;
    Ok(done)
}

/// The figures for people.
pub fn text(measured: &Produce) -> String {
    let rate = |spread: Spread| format!("{:>9.0} ({:.0} to {:.0})", spread.median, spread.min, spread.max);
    let mut out = format!(
        "\nProducing to one broker on the same cores, {} partitions, records/s, median of {} rounds in turns (min to max), \
         {} records each after {}\n",
        measured.partitions, measured.rounds, measured.records, measured.warm_up
    );
    for mode in &measured.modes {
        let Mode { name, ours, settings, bytes_per_record, ours_per_second, kafkas_per_second, ratio } = mode;
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name}: {ours}; {bytes_per_record} bytes; both {}", settings.join(" "));
        let _ = writeln!(out, "    our publisher, keyed       {}", rate(*ours_per_second));
        let _ = writeln!(out, "    kafka-producer-perf-test   {}", rate(*kafkas_per_second));
        let _ = writeln!(
            out,
            "    ratio, round by round      {:>9.2} ({:.2} to {:.2})",
            ratio.median, ratio.min, ratio.max
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Ours {
        Ours {
            bytes_per_record: 980,
            records_per_call: 4_000,
            calls_at_once: 4,
            batch_bytes: 262_144,
            linger_ms: 5,
            records_per_second: 50_000.0,
        }
    }

    #[test]
    fn kafkas_own_gets_our_settings() {
        let settings = settings(&ours());
        for one in [
            "acks=all",
            "enable.idempotence=true",
            "batch.size=262144",
            "linger.ms=5",
            "compression.type=none",
        ] {
            assert!(settings.iter().any(|setting| setting == one), "{one}: {settings:?}");
        }
    }

    #[test]
    fn the_text_names_what_both_were_told() {
        let rate = |median| Spread { median, min: median, max: median };
        let mode = Mode {
            name: "plain",
            ours: describe("plain", &ours()),
            settings: settings(&ours()),
            bytes_per_record: 980,
            ours_per_second: rate(50_000.0),
            kafkas_per_second: rate(25_000.0),
            ratio: rate(2.0),
        };
        let text = text(&Produce { rounds: 5, records: 1, warm_up: 2, partitions: 12, modes: vec![mode] });
        for part in ["acks=all", "calls of 4000 records, 4 at a time", "50000", "25000", "2.00"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
