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
    let decided: Vec<Vec<String>> =
        std::iter::once(states.iter().map(|(name, _)| (*name).to_owned()).collect())
            .chain(inputs.iter().map(|(name, input)| {
                let cells = states.iter().map(|(_, state)| outcome(state, input));
                std::iter::once((*name).to_owned()).chain(cells).collect()
            }))
            .collect();
    let expected: Vec<Vec<String>> = table
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| !cells.is_empty())
        .collect();
    assert!(expected == decided, "the table differs from what is decided, which is:\n{}", layout(&decided));
}

fn layout(rows: &[Vec<String>]) -> String {
    let width =
        |column: usize| rows.iter().filter_map(|r| r.get(column)).map(String::len).max().unwrap_or(0) + 2;
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        // The header has no name of its own in the first column.
        let shift = usize::from(at == 0);
        text.push_str(&" ".repeat(shift * width(0)));
        for (column, cell) in row.iter().enumerate() {
            text.push_str(&format!("{cell:<width$}", width = width(column + shift)));
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}
