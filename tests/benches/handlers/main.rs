//! Handler time without IO, as JSON: `cargo bench -p semel-tests --bench handlers [-- --json FILE]`.
//!
//! The functions' own handlers, wrapped in what the Lambda runtime does for them (the invocation's bytes are parsed,
//! the answer is written), over stores in memory. Not in it: the SDK and its requests, telemetry, the runtime's loop.
//!
//! Next to each handler, in the same round, the floor: the same bytes run once through `serde_json` into
//! [`IgnoredAny`](serde::de::IgnoredAny). Each round measures every service, so that what disturbs the machine
//! disturbs all alike; what is reported is the median of the rounds.

mod inputs;
#[allow(dead_code, reason = "shared with tests and the other benchmark, which use other parts of it")]
#[path = "../../tests/journey/mod.rs"]
mod journey;
mod subjects;

use std::time::Duration;

use semel_bench::Spread;
use serde::Serialize;

use inputs::{Inputs, Invocations};

/// Orders of a round.
const ORDERS: usize = 1_000;
const ROUNDS_WARM_UP: usize = 3;
/// Odd, so that a median is a measurement.
const ROUNDS: usize = 21;

#[derive(Serialize)]
struct Report {
    orders: usize,
    rounds: usize,
    services: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    service: &'static str,
    /// Events of a round.
    events: usize,
    /// Bytes of an invocation's payload for each event in it.
    bytes_per_event: usize,
    /// Events of one invocation.
    batch: usize,
    ns_per_event: Spread,
    events_per_second: u64,
    floor_ns_per_event: Spread,
    /// How many times the floor the handler takes: the median of each round's own ratio.
    times_floor: f64,
}

/// One service's rounds.
struct Measured<'a> {
    service: &'static str,
    invocations: &'a Invocations,
    rounds: Vec<(Duration, Duration)>,
}

fn main() {
    let inputs = Inputs::of_orders(ORDERS);
    let mut measured: Vec<Measured> = inputs
        .by_service()
        .map(|(service, invocations)| Measured { service, invocations, rounds: Vec::with_capacity(ROUNDS) })
        .collect();
    for round in 0..ROUNDS_WARM_UP + ROUNDS {
        for Measured { service, invocations, rounds } in &mut measured {
            let floor = subjects::floor(invocations);
            let handler = subjects::handler(service, invocations, &inputs);
            if round >= ROUNDS_WARM_UP {
                rounds.push((handler, floor));
            }
        }
    }
    let services = measured.iter().map(Measured::line).collect();
    semel_bench::write(&Report { orders: ORDERS, rounds: ROUNDS, services });
}

#[allow(clippy::cast_precision_loss, reason = "counts and nanoseconds are far below 2^52")]
impl Measured<'_> {
    fn line(&self) -> Line {
        let Invocations { payloads, events } = self.invocations;
        let each = |duration: Duration| duration.as_nanos() as f64 / *events as f64;
        let of_rounds = |figure: &dyn Fn(&(Duration, Duration)) -> f64| {
            Spread::of(self.rounds.iter().map(figure)).expect("there are rounds")
        };
        let ns_per_event = of_rounds(&|(handler, _)| each(*handler));
        let bytes: usize = payloads.iter().map(Vec::len).sum();
        let times = of_rounds(&|(handler, floor)| handler.as_secs_f64() / floor.as_secs_f64());
        Line {
            service: self.service,
            events: *events,
            bytes_per_event: bytes / events,
            batch: events.div_ceil(payloads.len()),
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "rounded, and positive"
            )]
            events_per_second: (1e9 / ns_per_event.median).round() as u64,
            ns_per_event,
            floor_ns_per_event: of_rounds(&|(_, floor)| each(*floor)),
            times_floor: times.median,
        }
    }
}
