//! The two ways in: an HTTP request, and a message that a rule of AWS `IoT` Core invokes the function with.

use semel_exactly_once::{Clock, RecordStore};
use semel_lambda::http::{Request, Response};
use semel_lambda::intake::{Counts, Intake};
use semel_lambda::{Deadline, Failure};
use serde_json::value::RawValue;

use crate::answer::Answer;
use crate::ingest::Ingest;
use crate::ports::{DeadLetters, Publisher};

impl<P: Publisher, R: RecordStore, C: Clock, D: DeadLetters> Intake for Ingest<P, R, C, D> {
    const NAME: &'static str = crate::NAME;
    type Answer = Answer;

    async fn request(&self, request: Request) -> (Response, Counts) {
        self.request(&request).await
    }

    async fn message(&self, payload: &RawValue, _deadline: Deadline) -> Result<(Answer, Counts), Failure> {
        self.message(payload).await
    }
}

#[cfg(test)]
mod tests;
