//! The system's clock and random source, behind the protocols' port.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use semel_contracts::Timestamp;
use semel_exactly_once::Clock;
use uuid::Uuid;

/// Real time, tokio's timer and the operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 is not worth an error at every call: it reads as the epoch.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn random(&self) -> u64 {
        // A version 4 UUID fixes six bits, at different places of its halves: together all 64 are random.
        let (high, low) = Uuid::new_v4().as_u64_pair();
        high ^ low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_random_takes_both_values() {
        let draws: Vec<u64> = (0..256).map(|_| SystemClock.random()).collect();
        assert_eq!(draws.iter().fold(0, |all, draw| all | draw), u64::MAX);
        assert_eq!(draws.iter().fold(u64::MAX, |all, draw| all & draw), 0);
    }

    #[test]
    fn now_is_after_this_was_written() {
        assert!(SystemClock.now() > Timestamp::from_secs(1_763_000_000));
    }
}
