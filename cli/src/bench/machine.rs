//! What the figures were measured on.

use std::collections::BTreeMap;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use semel_contracts::Timestamp;
use serde::Serialize;

/// The machine, and when.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// How many cores of each name, as the system calls them.
    pub cores: BTreeMap<String, usize>,
    /// Mean number of processes that wanted a core in the minute before: above zero, others were at work.
    pub load_before: Option<f64>,
    /// When the measuring began.
    pub measured_at: String,
}

/// Asks the system. What it does not say is left out.
pub fn read() -> Machine {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Machine {
        cores: cores(&cpuinfo),
        load_before: load.split_whitespace().next().and_then(|first| first.parse().ok()),
        measured_at: Timestamp::from_secs(since.as_secs()).to_string(),
    }
}

fn cores(cpuinfo: &str) -> BTreeMap<String, usize> {
    let blocks = cpuinfo.split("\n\n").filter(|block| block.contains("processor"));
    blocks.fold(BTreeMap::new(), |mut cores, block| {
        *cores.entry(name(block)).or_default() += 1;
        cores
    })
}

/// Arm's kernels give numbers where x86 has a name.
fn name(block: &str) -> String {
    let value = |wanted: &str| {
        let fields = block.lines().filter_map(|line| line.split_once(':'));
        fields.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == wanted).map(|(_, v)| v)
    };
    let numbers = || Some(format!("implementer {} part {}", value("CPU implementer")?, value("CPU part")?));
    value("model name").map(str::to_owned).or_else(numbers).unwrap_or_else(|| "unnamed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_counted_by_name() {
        let x86 = "processor\t: 0\nmodel name\t: Some CPU @ 2.10GHz\n\nprocessor\t: 1\nmodel name\t: Some CPU @ 2.10GHz\n\n";
        assert_eq!(cores(x86), [("Some CPU @ 2.10GHz".to_owned(), 2)].into());
        let arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n\nHardware\t: board\n";
        assert_eq!(cores(arm), [("implementer 0x41 part 0xd40".to_owned(), 1)].into());
        assert_eq!(cores("processor\t: 0\n"), [("unnamed".to_owned(), 1)].into());
        assert!(cores("").is_empty());
    }
}
