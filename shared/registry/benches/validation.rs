//! What full schema validation costs next to typed decoding, as JSON:
//! `cargo bench -p semel-registry --bench validation [-- --json FILE]`.
//!
//! The events are the golden samples of the released types. Validating is from an event's text to its tree, and the tree
//! held to the JSON Schema; decoding is from the same text to the type of the contract, which checks as much and is what
//! the functions do. Telemetry is decoded in both ways that there are: into a type of its own, and in place.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use semel_bench::{Spread, timed, write};
use semel_contracts::borrowed::TelemetryEvent;
use semel_contracts::{TelemetryType, decode, decode_telemetry};
use semel_registry::{Registry, SchemaDocument};
use serde::Serialize;
use serde_json::Value;

/// How often each sample is taken in a round.
const REPEATED: usize = 200;
const ROUNDS_WARM_UP: usize = 2;
/// Odd, so that a median is a measurement.
const ROUNDS: usize = 11;

#[derive(Serialize)]
struct Report {
    rounds: usize,
    families: Vec<Family>,
}

#[derive(Serialize)]
struct Family {
    name: &'static str,
    types: usize,
    bytes_per_event: usize,
    validated_ns_per_event: Spread,
    decoded_ns_per_event: Spread,
    /// The median of each round's own ratio.
    times_decoding: f64,
}

/// A schema and an event of it.
struct Sample<'a> {
    schema: &'a SchemaDocument,
    text: String,
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/released");
    let registry = Registry::open(&folder).expect("the project's releases");
    let (mut domain, mut telemetry) = (Vec::new(), Vec::new());
    for registered in registry.list() {
        let release = registered.latest().expect("a type without a release is refused");
        let is_telemetry = TelemetryType::parse(&registered.record.event_type).is_some();
        let family = if is_telemetry { &mut telemetry } else { &mut domain };
        // As it is on its way: without the sample's line breaks, and in the usual order, which can be read in place.
        let fields = ["event_id", "event_type", "timestamp", "data", "metadata"];
        let text = fields.map(|name| format!("\"{name}\":{}", release.sample[name])).join(",");
        family.push(Sample { schema: &release.schema, text: format!("{{{text}}}") });
    }
    let families = vec![
        measure("domain events", &domain, |text| drop(black_box(decode(text)).expect("an event"))),
        measure("telemetry", &telemetry, |text| drop(black_box(decode_telemetry(text)).expect("an event"))),
        measure("telemetry in place", &telemetry, |text| {
            black_box(TelemetryEvent::decode(text.as_bytes())).expect("an event");
        }),
    ];
    write(&Report { rounds: ROUNDS, families });
}

#[allow(clippy::cast_precision_loss, reason = "counts and nanoseconds are far below 2^52")]
fn measure(name: &'static str, samples: &[Sample<'_>], decode: impl Fn(&str)) -> Family {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS_WARM_UP + ROUNDS {
        let validated = repeated(samples, |sample| {
            let event: Value = serde_json::from_str(&sample.text).expect("JSON");
            assert!(sample.schema.is_valid(&event), "a golden sample is valid");
        });
        let decoded = repeated(samples, |sample| decode(&sample.text));
        if round >= ROUNDS_WARM_UP {
            rounds.push((validated, decoded));
        }
    }
    let of_rounds = |figure: &dyn Fn(&(Duration, Duration)) -> f64| {
        Spread::of(rounds.iter().map(figure)).expect("there are rounds")
    };
    let events = (samples.len() * REPEATED) as f64;
    let times = of_rounds(&|(validated, decoded)| validated.as_secs_f64() / decoded.as_secs_f64());
    Family {
        name,
        types: samples.len(),
        bytes_per_event: samples.iter().map(|sample| sample.text.len()).sum::<usize>() / samples.len(),
        validated_ns_per_event: of_rounds(&|(validated, _)| validated.as_nanos() as f64 / events),
        decoded_ns_per_event: of_rounds(&|(_, decoded)| decoded.as_nanos() as f64 / events),
        times_decoding: times.median,
    }
}

/// Each sample so many times, in turn, so that no type has the processor's caches for itself.
fn repeated(samples: &[Sample<'_>], work: impl Fn(&Sample<'_>)) -> Duration {
    timed(|| (0..REPEATED).for_each(|_| samples.iter().for_each(&work))).1
}
