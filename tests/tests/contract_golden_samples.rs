//! Every golden sample of every release is read by the code of today: what was once released stays readable.
//!
//! That a sample keeps to its schema is the registry's own check, where the releases are opened.

use std::fs;
use std::path::{Path, PathBuf};

use semel_contracts::{EventType, TelemetryType, decode, decode_telemetry};
use serde_json::Value;

/// Every golden sample below a folder.
fn samples(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of releases") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            samples(&path, found);
        } else if path.to_string_lossy().ends_with(".sample.json") {
            found.push(path);
        }
    }
}

#[test]
fn every_golden_sample_is_read_and_written_again_as_it_was() {
    let mut found = Vec::new();
    samples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/released"), &mut found);
    assert!(found.len() >= EventType::ALL.len() + TelemetryType::ALL.len(), "only {} samples", found.len());
    for path in found {
        let text = fs::read_to_string(&path).expect("a golden sample");
        let sample: Value = serde_json::from_str(&text).expect("a golden sample is JSON");
        let is_telemetry = sample["event_type"].as_str().and_then(TelemetryType::parse).is_some();
        let written = if is_telemetry {
            decode_telemetry(&text).map(serde_json::to_value)
        } else {
            decode(&text).map(serde_json::to_value)
        };
        let written = written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written = written.expect("an envelope is written as JSON");
        for field in ["event_id", "event_type", "timestamp", "data", "metadata"] {
            assert_eq!(written[field], sample[field], "{}: {field}", path.display());
        }
    }
}
