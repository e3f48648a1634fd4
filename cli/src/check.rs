//! `up --check`: the acceptance run, its report as text and JSON, and an error if any figure is wrong.

use std::fs;
use std::path::Path;

use crate::acceptance;
use crate::error::Error;
use crate::stack::Stack;

/// Orders of a whole acceptance run.
pub const ORDERS: usize = 1_000;

/// Checks the stack with `orders` orders, writes the report to `json`, and fails when any figure is wrong.
pub fn run(stack: &Stack, port: u16, orders: usize, json: Option<&Path>) -> Result<(), Error> {
    let figures = acceptance::run(stack, port, orders)?;
    println!("\n{}", acceptance::text(&figures));
    if let Some(path) = json {
        let text = serde_json::to_string_pretty(&figures);
        let text = text.map_err(|error| Error::Unexpected(error.to_string()))?;
        fs::write(path, text).map_err(Error::io("write", path))?;
    }
    match figures.wrong.len() {
        0 => Ok(()),
        wrong => Err(Error::Failed(format!("{wrong} figures of the acceptance run are wrong"))),
    }
}
