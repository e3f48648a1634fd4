//! What a carrier is given of a batch, and what it made of it.
//!
//! Knows nothing of which events go where, nor of what becomes of those that were not taken.

use semel_contracts::RawEnvelope;
use semel_exactly_once::{Class, PublishError};

use crate::letter::is_final;

/// Events for one carrier, in order.
#[derive(Debug, Default)]
pub struct Load<'a> {
    /// The events.
    pub events: Vec<RawEnvelope<'a>>,
    /// The record that each event came from.
    places: Vec<usize>,
}

impl<'a> Load<'a> {
    /// Adds an event of the record at `place`.
    pub fn push(&mut self, event: RawEnvelope<'a>, place: usize) {
        self.events.push(event);
        self.places.push(place);
    }
}

/// A load that was handed over, with an outcome for each event.
#[derive(Debug)]
pub struct Sent<'b> {
    /// Name of the carrier, in counts and logs.
    pub carrier: &'static str,
    /// What was handed over.
    pub load: &'b Load<'b>,
    /// One for each event, in order.
    pub outcomes: Vec<Result<(), PublishError>>,
}

impl<'b> Sent<'b> {
    /// The carrier did not answer in the invocation's time: what it took is unknown, so all of it comes again.
    pub fn late(carrier: &'static str, load: &'b Load<'b>) -> Self {
        let (class, code) = (Class::Transient, "Timeout".to_owned());
        let message = "no answer in the invocation's time".to_owned();
        let error = PublishError { class, operation: carrier, code, message };
        Self { carrier, load, outcomes: vec![Err(error); load.events.len()] }
    }

    /// Each event with the record that it came from and its outcome.
    pub fn events(&self) -> impl Iterator<Item = (&'b RawEnvelope<'b>, usize, &Result<(), PublishError>)> {
        let events = self.load.events.iter().zip(self.load.places.iter().copied());
        events.zip(&self.outcomes).map(|((event, place), outcome)| (event, place, outcome))
    }

    /// How many events were taken.
    pub fn accepted(&self) -> u64 {
        self.outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64
    }

    /// The first record with an event that this carrier has to be given again.
    pub fn first_unpublished(&self) -> Option<usize> {
        let again = |outcome: &Result<(), PublishError>| outcome.as_ref().is_err_and(|e| !is_final(e));
        let (_, place, outcome) = self.events().find(|(_, _, outcome)| again(outcome))?;
        if let Err(error) = outcome {
            let (carrier, count) = (self.carrier, self.outcomes.iter().filter(|o| again(o)).count());
            tracing::warn!(carrier, error = error.to_string(), count, "events could not be published yet");
        }
        Some(place)
    }
}
