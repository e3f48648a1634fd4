//! How an invocation's time is shared out, so that it answers for every record before Lambda ends it.

use std::time::Duration;

use semel_contracts::Timestamp;

/// No new work in the last quarter of the time, or the last five seconds of a long one.
const START_RESERVE_MAX: Duration = Duration::from_secs(5);
const START_RESERVE_PART: u32 = 4;
/// No waiting for work in the last eighth, or the last two and a half seconds: they are for the answer itself.
const WORK_RESERVE_MAX: Duration = Duration::from_millis(2500);
const WORK_RESERVE_PART: u32 = 8;
/// What handing the answer to the runtime may take.
const ANSWER_RESERVE: Duration = Duration::from_millis(200);

/// The three points in time of an invocation after which it must do less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    start_until: Timestamp,
    work_until: Timestamp,
    answer_by: Timestamp,
}

impl Deadline {
    /// Shares out the time from `now` to `end`, when Lambda ends the invocation.
    pub fn new(now: Timestamp, end: Timestamp) -> Self {
        let total = end.saturating_since(now);
        Self {
            start_until: end.saturating_sub(START_RESERVE_MAX.min(total / START_RESERVE_PART)),
            work_until: end.saturating_sub(WORK_RESERVE_MAX.min(total / WORK_RESERVE_PART)),
            answer_by: end.saturating_sub(ANSWER_RESERVE.min(total / WORK_RESERVE_PART)),
        }
    }

    /// Whether new work may start at `now`.
    pub fn may_start(&self, now: Timestamp) -> bool {
        now < self.start_until
    }

    /// How long work that has started may still be waited for.
    pub fn work_time(&self, now: Timestamp) -> Duration {
        self.work_until.saturating_since(now)
    }

    /// How long is left for what the answer needs, such as dead letters.
    pub fn answer_time(&self, now: Timestamp) -> Duration {
        self.answer_by.saturating_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::EPOCH.saturating_add(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn a_long_invocation_keeps_fixed_reserves() {
        let deadline = Deadline::new(at(100.0), at(130.0));
        assert!(deadline.may_start(at(124.999)));
        assert!(!deadline.may_start(at(125.0)));
        assert_eq!(deadline.work_time(at(100.0)), Duration::from_millis(27_500));
        assert_eq!(deadline.answer_time(at(129.0)), Duration::from_millis(800));
    }

    #[test]
    fn a_short_one_keeps_its_parts() {
        let deadline = Deadline::new(at(0.0), at(2.0));
        assert!(deadline.may_start(at(1.499)) && !deadline.may_start(at(1.5)));
        assert_eq!(deadline.work_time(at(0.0)), Duration::from_millis(1750));
        assert_eq!(deadline.answer_time(at(1.0)), Duration::from_millis(800));
    }

    #[test]
    fn time_that_has_passed_is_none_left() {
        let deadline = Deadline::new(at(10.0), at(5.0));
        assert!(!deadline.may_start(at(10.0)));
        assert_eq!(deadline.work_time(at(10.0)), Duration::ZERO);
        assert_eq!(deadline.answer_time(at(10.0)), Duration::ZERO);
    }
}
