//! Time that moves only when a test, or a wait, moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use semel_contracts::Timestamp;
use semel_exactly_once::Clock;

/// A clock that starts on 2026-01-01 and advances by what is slept. Clones share the time.
#[derive(Debug, Clone)]
pub struct SimulatedClock {
    now_ms: Arc<AtomicU64>,
    random: Arc<AtomicU64>,
}

impl Default for SimulatedClock {
    fn default() -> Self {
        Self { now_ms: Arc::new(AtomicU64::new(1_767_225_600_000)), random: Arc::new(AtomicU64::new(1)) }
    }
}

impl SimulatedClock {
    /// Moves the time on.
    pub fn advance(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.now_ms.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now_ms.load(Ordering::SeqCst))
    }

    async fn sleep(&self, time: Duration) {
        self.advance(time);
    }

    /// `SplitMix64`: repeatable, and well spread.
    fn random(&self) -> u64 {
        let seed = self.random.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
