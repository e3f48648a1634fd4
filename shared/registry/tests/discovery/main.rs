//! What discovery finds on a bus, and what it must not find: in events as they were recorded, and in the documents that
//! AWS's schema discovery writes.

mod described;
mod mutations;
mod recorded;
mod versions;

use std::path::Path;
use std::sync::LazyLock;

use semel_registry::Registry;
use semel_registry::discovery::{Discovery, Finding, Report};
use serde_json::{Value, json};

/// The platform's own releases.
fn released() -> &'static Registry {
    static RELEASED: LazyLock<Registry> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/released");
        Registry::open(&folder).unwrap_or_else(|error| panic!("{error}"))
    });
    &RELEASED
}

/// An envelope as the bus carries it.
fn on_bus(source: &str, event_type: &str, detail: &Value) -> Value {
    json!({
        "version": "0", "id": "2f6b1c9e-7d3a-4b60-9a52-0f3c5f1f8e11", "account": "123456789012",
        "time": "2026-11-23T04:00:00Z", "region": "eu-central-1", "resources": [], "replay-name": "r",
        "source": source, "detail-type": event_type, "detail": detail,
    })
}

/// The report on these events.
fn report(registry: &Registry, events: &[Value]) -> Report {
    let mut discovery = Discovery::new(registry);
    for event in events {
        discovery.event(event).unwrap_or_else(|error| panic!("{event} {error}"));
    }
    discovery.report()
}

/// The findings as people read them.
fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

/// The golden sample of an event type's newest release.
fn sample(registry: &Registry, source: &str, event_type: &str) -> Value {
    let release = registry.latest(source, event_type).unwrap_or_else(|| panic!("{event_type} is released"));
    release.sample.clone()
}
