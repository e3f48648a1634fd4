//! What benchmarks measure with, and how they write what they measured. Knows nothing of what is measured.

pub mod arguments;

use std::hint::black_box;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// What rounds came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The one in the middle: of an even number the upper of the two, so that it is a measurement.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of measurements; `None` if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let median = *values.get(values.len() / 2)?;
        Some(Self { median, min: *values.first()?, max: *values.last()? })
    }
}

/// How long the current thread has been on a core. What others do on a busy machine then counts only as far as they
/// share caches and execution units; on an idle one it is the same as the time that passes.
///
/// # Panics
///
/// Never on Linux: the kernel's clock of a thread does not run backwards past its start.
pub fn on_core() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.expect("not before the thread"), nanos.expect("less than a second"))
}

/// Keeps the current thread, and what it starts from here on, on the core that it is on now: another one may share its
/// caches and execution units with somebody else.
///
/// # Panics
///
/// Never on Linux: a thread may stay where it is.
pub fn stay_on_this_core() {
    let mut here = CpuSet::new();
    here.set(sched_getcpu());
    sched_setaffinity(None, &here).expect("a thread may stay where it is");
}

/// Does `work`, all of it, and answers how long it was on a core.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = on_core();
    let result = black_box(work());
    (result, on_core().saturating_sub(started))
}

/// Writes `report` as JSON: to the file after `--json`, or to standard output.
///
/// # Panics
///
/// If the file cannot be written. A benchmark has nothing else to say.
pub fn write(report: &impl Serialize) {
    let text = serde_json::to_string_pretty(report).expect("figures have a JSON form");
    // Cargo adds `--bench`, which says nothing here.
    match arguments::after("--json") {
        Some([path]) => {
            std::fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
        }
        None => println!("{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_and_the_ends() {
        assert_eq!(Spread::of([3.0, 1.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_core_is_used_while_there_is_work() {
        let (sum, time) = timed(|| (0..1_000_000_u64).map(black_box).sum::<u64>());
        assert_eq!(sum, 499_999_500_000);
        assert!(time > Duration::ZERO);
    }
}
