//! Waiting for a condition, with a bound.

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for everything that happens within moments, on a busy machine; a message whose function was killed
/// returns after half of it.
pub const WAIT_MAX: Duration = Duration::from_secs(90);

const POLL: Duration = Duration::from_millis(50);

/// Asks until there is an answer. Panics with `what` and the last objection after [`WAIT_MAX`].
#[track_caller]
pub fn eventually<T>(what: &str, mut probe: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match probe() {
            Ok(answer) => return answer,
            Err(objection) if started.elapsed() > WAIT_MAX => {
                panic!("{what}: not within {} s; the last look: {objection}", WAIT_MAX.as_secs())
            }
            Err(_) => thread::sleep(POLL),
        }
    }
}
