//! Who used the cores: this process, its threads, others, and the whole machine.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use semel_bench::on_core;

/// Clock ticks of a second in /proc: the same on every Linux that Lambda or a laptop runs.
const TICKS_PER_SECOND: u64 = 100;

/// Time on a core that several threads add to.
#[derive(Debug, Default)]
pub struct Spent(AtomicU64);

impl Spent {
    /// How much it is.
    pub fn so_far(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Adds what the current thread spends to a sum.
pub struct Meter<'a> {
    to: &'a Spent,
    last: Duration,
}

impl<'a> Meter<'a> {
    /// From now on.
    pub fn start(to: &'a Spent) -> Self {
        Self { to, last: on_core() }
    }

    /// Adds what was spent since the last time.
    pub fn add(&mut self) {
        let now = on_core();
        let spent = now.saturating_sub(self.last).as_nanos();
        self.to.0.fetch_add(u64::try_from(spent).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.last = now;
    }
}

/// What a process has spent, in itself and in the system.
pub fn of_process(pid: u32) -> Option<Duration> {
    process_ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(ticks)
}

/// What everything on the machine has spent together, interrupts and what the host took away included.
pub fn of_machine() -> Option<Duration> {
    machine_ticks(&fs::read_to_string("/proc/stat").ok()?).map(ticks)
}

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count * 1_000 / TICKS_PER_SECOND)
}

/// User and system time. The name before them may hold spaces and parentheses.
fn process_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// All but idle and waiting for disks: user, nice, system, (idle, iowait,) irq, softirq, steal.
fn machine_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let [user, nice, system, _, _, irq, softirq, steal, ..] = fields[..] else { return None };
    Some(user + nice + system + irq + softirq + steal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let stat = "4711 (boot) strap) S 1 4711 4711 0 -1 4194304 900 0 0 0 250 30 0 0 20 0 1 0 100 0 0";
        assert_eq!(process_ticks(stat), Some(280));
        assert_eq!(process_ticks("4711 (bootstrap) S 1"), None);
    }

    #[test]
    fn idle_cores_spend_nothing() {
        let stat = "cpu  10 1 5 1000 200 2 3 4 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
        assert_eq!(machine_ticks(stat), Some(25));
        assert_eq!(machine_ticks("cpu  1 2 3\n"), None);
    }

    #[test]
    fn this_process_is_there() {
        assert!(of_process(std::process::id()).is_some() && of_machine().is_some());
    }
}
