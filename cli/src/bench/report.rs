//! The figures for people.

use std::fmt::Write as _;

use semel_bench::Spread;

use super::figures::{Function, Handlers, Report, Requests};
use super::machine::Machine;
use super::{contracts, kafka};

/// One write unit writes as much.
const UNIT_BYTES: usize = 1024;

/// Writing to a string cannot fail.
macro_rules! line {
    ($out:expr) => { let _ = writeln!($out); };
    ($out:expr, $($text:tt)*) => { let _ = writeln!($out, $($text)*); };
}

/// The report as text.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    machine(&mut out, &report.machine);
    if let Some(requests) = &report.requests {
        steps(&mut out, requests);
        by_lines(&mut out, requests);
    }
    if let Some(measured) = &report.handlers {
        handlers(&mut out, measured);
    }
    if let Some(measured) = &report.kafka {
        out.push_str(&kafka::text(measured));
    }
    if let Some(measured) = &report.routes {
        out.push_str(&contracts::routes(measured));
    }
    if let Some(measured) = &report.schemas {
        out.push_str(&contracts::schemas(measured));
    }
    if let Some(measured) = &report.functions {
        functions(&mut out, measured);
    }
    out
}

fn machine(out: &mut String, machine: &Machine) {
    let cores: Vec<String> = machine.cores.iter().map(|(name, count)| format!("{count} x {name}")).collect();
    let load = machine.load_before.map(|load| format!(", load before {load:.2}")).unwrap_or_default();
    line!(out, "On {}{load}, {}", cores.join(" and "), machine.measured_at);
}

fn steps(out: &mut String, requests: &Requests) {
    line!(out);
    line!(out, "DynamoDB in the life of an order of {} lines", requests.lines);
    line!(
        out,
        "  {:<14}{:<20}{:<30}{:>6}  items written: bytes (of these the outbox)",
        "",
        "",
        "requests",
        "units"
    );
    let mut all = 0;
    for step in &requests.steps {
        let made: Vec<String> = step.requests.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let units: usize = step.written.iter().map(|item| item.units + item.index_units).sum();
        all += units;
        let items = step.written.iter().map(|item| {
            let over = if item.bytes > UNIT_BYTES { " OVER 1 KB" } else { "" };
            format!("{} {} ({}){over}", item.kind, item.bytes, item.outbox_bytes)
        });
        let items: Vec<String> = items.collect();
        line!(
            out,
            "  {:<14}{:<20}{:<30}{units:>6}  {}",
            step.service,
            step.about,
            made.join(" "),
            items.join(", ")
        );
    }
    line!(out, "  {:<64}{all:>6}", "all, indexes included");
}

fn by_lines(out: &mut String, requests: &Requests) {
    line!(out);
    line!(out, "  lines of an order     largest item     write units of its life");
    for order in &requests.by_lines {
        let over = if order.largest_bytes > UNIT_BYTES { " (over 1 KB)" } else { "" };
        line!(out, "  {:>17}{:>15} B{:>17}{over}", order.lines, order.largest_bytes, order.write_units);
    }
}

fn handlers(out: &mut String, handlers: &Handlers) {
    line!(out);
    line!(
        out,
        "Handlers without IO, median of {} rounds of {} orders, one core",
        handlers.rounds,
        handlers.orders
    );
    line!(
        out,
        "  {:<14}{:>6}{:>9}{:>11}{:>20}{:>10}{:>8}{:>12}",
        "",
        "batch",
        "B/event",
        "us/event",
        "min to max",
        "floor us",
        "ratio",
        "events/s"
    );
    for handler in &handlers.services {
        let (time, floor) = (micros(handler.ns_per_event), micros(handler.floor_ns_per_event));
        line!(
            out,
            "  {:<14}{:>6}{:>9}{:>11.2}{:>20}{:>10.2}{:>8.1}{:>12}",
            handler.service,
            handler.batch,
            handler.bytes_per_event,
            time.median,
            format!("{:.2} to {:.2}", time.min, time.max),
            floor.median,
            handler.times_floor,
            handler.events_per_second
        );
    }
    line!(out, "  floor: the same bytes once through serde_json into nothing");
}

fn micros(spread: Spread) -> Spread {
    Spread { median: spread.median / 1e3, min: spread.min / 1e3, max: spread.max / 1e3 }
}

fn functions(out: &mut String, functions: &[Function]) {
    line!(out);
    line!(
        out,
        "Functions under the Lambda runtime emulator: milliseconds to the answer, median (min to max)"
    );
    line!(out, "  {:<24}{:>10}{:>26}{:>26}", "", "MB", "cold start", "same event again");
    for function in functions {
        #[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
        let megabytes = function.bytes as f64 / 1e6;
        let (first, second) = (millis(function.first_ms), millis(function.second_ms));
        line!(out, "  {:<24}{megabytes:>10.2}{first:>26}{second:>26}", function.name);
    }
}

fn millis(Spread { median, min, max }: Spread) -> String {
    format!("{median:.1} ({min:.1} to {max:.1})")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::figures::{ByLines, Step, Written};
    use super::*;

    fn report(bytes: usize) -> Report {
        let machine = Machine {
            cores: BTreeMap::from([("Some CPU".to_owned(), 2)]),
            load_before: Some(0.25),
            measured_at: "2026-11-22T16:50:00.000Z".to_owned(),
        };
        let item = Written {
            kind: "order".to_owned(),
            bytes,
            outbox_bytes: 9,
            units: bytes.div_ceil(1024),
            index_units: 2,
        };
        let step = Step {
            service: "storefront".to_owned(),
            about: "POST /orders".to_owned(),
            requests: BTreeMap::from([("PutItem".to_owned(), 1)]),
            written: vec![item],
        };
        let by_lines = vec![ByLines { lines: 2, largest_bytes: bytes, write_units: 3 }];
        let requests = Some(Requests { lines: 2, steps: vec![step], by_lines });
        Report { requests, ..Report::of(machine) }
    }

    #[test]
    fn cores_are_named_and_units_added_up() {
        let text = text(&report(900));
        assert!(text.starts_with("On 2 x Some CPU, load before 0.25, 2026-11-22"), "{text}");
        assert!(text.contains("order 900 (9)"), "{text}");
        let all = text.lines().find_map(|line| line.trim().strip_prefix("all, indexes included"));
        assert_eq!(all.map(str::trim), Some("3"), "{text}");
        assert!(!text.contains("1 KB"), "{text}");
    }

    #[test]
    fn what_is_over_a_kilobyte_is_flagged() {
        let text = text(&report(1025));
        assert!(text.contains("OVER 1 KB") && text.contains("(over 1 KB)"), "{text}");
    }
}
