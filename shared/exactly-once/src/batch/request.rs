//! Repeating a request that may succeed later, within bounds.

use std::future::Future;

use crate::commit::jittered;
use crate::port::{Class, Clock, StoreError};

/// Makes a request until it succeeds, fails for good, or was made `attempts_max` times.
pub(super) async fn repeat<T, F: Future<Output = Result<T, StoreError>>>(
    clock: &impl Clock,
    attempts_max: u32,
    mut request: impl FnMut() -> F,
) -> Result<T, StoreError> {
    let mut attempt = 1;
    loop {
        match request().await {
            Err(error) if error.class == Class::Transient && attempt < attempts_max => {
                clock.sleep(jittered(attempt, clock.random())).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}
