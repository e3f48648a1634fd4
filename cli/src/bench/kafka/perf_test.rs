//! Kafka's own `kafka-producer-perf-test`: how it is called, and what it says.

use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::kafka::Artifacts;
use crate::phase::Phase;
use crate::process;

const TOOL: &str = "org.apache.kafka.tools.ProducerPerformance";
/// As much as the wrapper script of Kafka's distribution gives it.
const HEAP: &str = "-Xmx512M";

/// What it shall send, and how.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Where the broker is.
    pub brokers: &'a str,
    /// To which topic.
    pub topic: &'a str,
    /// A file of values, a line each.
    pub values: &'a Path,
    /// Records before it counts.
    pub warm_up: usize,
    /// Records that count.
    pub records: usize,
    /// `name=value` of its producer.
    pub settings: &'a [String],
    /// How long a transaction is, if there are any.
    pub transaction_ms: Option<u64>,
}

/// Runs it; answers its records a second after the warm-up.
pub fn run(artifacts: &Artifacts, call: &Call<'_>, phase: &Phase) -> Result<f64, Error> {
    let mut command: Command = artifacts.java();
    command
        .args([TOOL, "--topic", call.topic, "--throughput", "-1", "--bootstrap-server", call.brokers])
        .args(["--num-records", &(call.warm_up + call.records).to_string()])
        .args(["--warmup-records", &call.warm_up.to_string()])
        .arg("--payload-file")
        .arg(call.values)
        .arg("--command-property")
        .args(call.settings)
        // What stands before the name of the class is not ours to add to.
        .env("JDK_JAVA_OPTIONS", HEAP);
    if let Some(millis) = call.transaction_ms {
        command.args(["--transaction-duration-ms", &millis.to_string()]);
    }
    let mut said = None;
    process::run(&mut command, |line| {
        said = steady_rate(line).or(said);
        phase.flicker(line);
    })?;
    said.ok_or_else(|| Error::Unexpected(format!("{TOOL} did not say how fast it was")))
}

/// The records a second in the line that it prints about what followed the warm-up.
fn steady_rate(line: &str) -> Option<f64> {
    let (sent, rest) = line.split_once(" steady state records sent, ")?;
    sent.trim().parse::<u64>().ok()?;
    rest.split_once(" records/sec")?.0.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_rate_after_the_warm_up() {
        let steady = "40000 steady state records sent, 16722.408027 records/sec (15.33 MB/sec), 900.67 ms avg latency, \
                      1507.00 ms max latency, 921 ms 50th, 1218 ms 95th, 1434 ms 99th, 1450 ms 99.9th.";
        let rate = steady_rate(steady).expect("it is the line");
        assert!((rate - 16_722.408_027).abs() < 1e-6, "{rate}");
        let whole = "60000 records sent, 9718.172983 records/sec (8.91 MB/sec), 826.39 ms avg latency";
        assert_eq!(steady_rate(whole), None, "the warm-up is in it");
        assert_eq!(steady_rate("Warmup first 20000 records. Steady state results will print"), None);
        assert_eq!(steady_rate("x steady state records sent, y records/sec"), None);
    }
}
