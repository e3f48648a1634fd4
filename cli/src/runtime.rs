//! A runtime for the requests of a command, which makes them one after the other.

use tokio::runtime::{Builder, Runtime};

use crate::error::Error;

/// On this thread.
pub fn new() -> Result<Runtime, Error> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::Unexpected(format!("cannot start a runtime: {error}")))
}
