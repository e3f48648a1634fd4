//! Ctrl-C and SIGTERM as a flag, so that every command can stop what it started before it ends.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts listening. A second Ctrl-C changes nothing: the first is being obeyed, and every wait is bounded.
pub fn listen() -> Result<(), Error> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
        .map_err(|error| Error::Unexpected(format!("cannot listen for Ctrl-C: {error}")))
}

/// Whether the person wants to stop.
pub fn is_requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// An error once the person wants to stop.
pub fn check() -> Result<(), Error> {
    if is_requested() { Err(Error::Interrupted) } else { Ok(()) }
}
