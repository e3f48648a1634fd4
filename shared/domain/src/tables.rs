//! For this crate's tests: decision tables that are whole, and states that are reached by replaying inputs.

use semel_contracts::Timestamp;
use semel_exactly_once::{Aggregate, Decision};

/// The state after `inputs`, each decided upon at `now`. Inputs that are refused or change nothing are skipped.
pub(crate) fn replay<A: Aggregate>(inputs: &[A::Input], now: Timestamp) -> Option<A::State> {
    let mut state = None;
    for input in inputs {
        if let Ok(Decision::Changed(change)) = A::decide(state.as_ref(), input, now) {
            state = Some(change.state);
        }
    }
    state
}

/// Holds `table` against what is decided: a column per state, a row per input, each in the given order, every cell
/// `outcome(state, input)`. A missing or additional row, column or cell fails, so the table is always complete.
pub(crate) fn check<S, I>(
    table: &str,
    states: &[(&str, S)],
    inputs: &[(&str, I)],
    outcome: impl Fn(&S, &I) -> String,
) {
    let header = std::iter::once("input").chain(states.iter().map(|(name, _)| *name)).map(str::to_owned);
    let rows = inputs.iter().map(|(name, input)| {
        let cells = states.iter().map(|(_, state)| outcome(state, input));
        std::iter::once((*name).to_owned()).chain(cells).collect()
    });
    let decided: Vec<Vec<String>> = std::iter::once(header.collect()).chain(rows).collect();
    let expected: Vec<Vec<String>> = table
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| !cells.is_empty())
        .collect();
    assert!(expected == decided, "the table differs from what is decided, which is:\n{}", layout(&decided));
}

fn layout(rows: &[Vec<String>]) -> String {
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells =
            row.iter().enumerate().map(|(column, cell)| format!("{cell:<width$}", width = width(column)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
