//! Counting tests from what cargo and Python's unittest print at the end of each run.

/// Tests that passed and tests that failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
}

impl Counts {
    /// Adds what a line of output says, if it is a summary.
    pub fn read(&mut self, line: &str) {
        if let Some(summary) = line.trim().strip_prefix("test result: ") {
            self.passed += number_before(summary, " passed");
            self.failed += number_before(summary, " failed");
        } else if let Some(ran) = line.trim().strip_prefix("Ran ") {
            self.passed += ran.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
        } else if let Some(failures) = line.trim().strip_prefix("FAILED (") {
            let failed = number_after(failures, "failures=") + number_after(failures, "errors=");
            self.failed += failed;
            self.passed = self.passed.saturating_sub(failed);
        }
    }

    /// Ends a step: one without tests of its own counts as one, and a failed one never as none.
    pub fn settle(&mut self, failed: bool) {
        if failed && self.failed == 0 {
            self.failed = 1;
        } else if !failed && self.passed == 0 {
            self.passed = 1;
        }
    }

    /// Sums up.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The test that a line of cargo's says has failed. What it printed may be far above when everything is at an end.
pub fn failed_test(line: &str) -> Option<&str> {
    line.trim().strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

fn number_before(text: &str, label: &str) -> u64 {
    text.split(label)
        .next()
        .and_then(|before| before.rsplit(|letter: char| !letter.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn number_after(text: &str, label: &str) -> u64 {
    text.split(label)
        .nth(1)
        .and_then(|after| after.split(|letter: char| !letter.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], passed: u64, failed: u64) {
        let mut counts = Counts::default();
        for line in lines {
            counts.read(line);
        }
        assert_eq!(counts, Counts { passed, failed });
    }

    #[test]
    fn names_what_failed() {
        assert_eq!(failed_test("test judge::tests::a_token ... FAILED"), Some("judge::tests::a_token"));
        assert_eq!(failed_test("test judge::tests::a_token ... ok"), None);
        assert_eq!(failed_test("test result: FAILED. 3 passed; 2 failed"), None);
    }

    #[test]
    fn sums_cargos_results() {
        check(
            &[
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            ],
            15,
            2,
        );
    }

    #[test]
    fn reads_pythons_summary() {
        check(&["Ran 17 tests in 2.003s", "", "OK"], 17, 0);
        check(&["Ran 17 tests in 2.003s", "FAILED (failures=2, errors=1)"], 14, 3);
    }

    #[test]
    fn ignores_other_lines() {
        check(&["running 12 tests", "test result", "5 passed", "FAILED"], 0, 0);
    }

    #[test]
    fn a_step_without_tests_is_one() {
        let mut counts = Counts::default();
        counts.settle(false);
        assert_eq!(counts, Counts { passed: 1, failed: 0 });
        let mut counts = Counts { passed: 4, failed: 0 };
        counts.settle(true);
        assert_eq!(counts, Counts { passed: 4, failed: 1 });
    }
}
