//! Where a benchmark's figures go: to the file after `--json`, or to standard output.

use serde::Serialize;

/// Writes `report` as JSON.
pub fn write(report: &impl Serialize) {
    let text = serde_json::to_string_pretty(report).expect("figures have a JSON form");
    // Cargo adds `--bench`, which says nothing here.
    let mut arguments = std::env::args().skip_while(|argument| argument != "--json").skip(1);
    match arguments.next() {
        Some(path) => {
            std::fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
        }
        None => println!("{text}"),
    }
}
