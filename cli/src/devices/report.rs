//! What was answered to all producers, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::producer::Kind;
use super::target::Outcome;
use crate::error::Error;

/// What became of what one kind of producers sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Events that were made.
    pub events: u64,
    /// Batches that were sent, those that were sent again included.
    pub batches: u64,
    /// Batches that were sent again under their own key.
    pub sent_again: u64,
    /// Batches that were sent again under a new key.
    pub sent_anew: u64,
    /// Requests, repetitions included.
    pub requests: u64,
    /// Events that were answered so.
    pub accepted: u64,
    /// Events that were answered so.
    pub duplicate: u64,
    /// Events that were answered so.
    pub rejected: u64,
    /// Events that were answered so.
    pub retry: u64,
    /// Events of a newer major version than the stack knows: a real producer keeps them.
    pub unsupported: u64,
    /// Events of messages, which nobody answers.
    pub published: u64,
    /// Events that nobody took.
    pub unanswered: u64,
}

impl Line {
    /// Adds what became of a batch.
    pub fn add(&mut self, outcome: &Outcome) {
        self.batches += 1;
        self.requests += outcome.attempts;
        self.accepted += outcome.accepted;
        self.duplicate += outcome.duplicate;
        self.rejected += outcome.rejected;
        self.retry += outcome.retry;
        self.unsupported += outcome.unsupported;
        self.published += outcome.published;
        self.unanswered += outcome.unanswered;
    }

    fn merge(&mut self, other: &Self) {
        self.events += other.events;
        self.batches += other.batches;
        self.sent_again += other.sent_again;
        self.sent_anew += other.sent_anew;
        self.requests += other.requests;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.rejected += other.rejected;
        self.retry += other.retry;
        self.unsupported += other.unsupported;
        self.published += other.published;
        self.unanswered += other.unanswered;
    }
}

/// What became of everything.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// How long it took.
    pub seconds: f64,
    /// By kind of producer.
    pub kinds: BTreeMap<&'static str, Line>,
    /// One of the troubles that were met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl Report {
    /// The line of a kind.
    pub fn line(&mut self, kind: Kind) -> &mut Line {
        self.kinds.entry(kind.name()).or_default()
    }

    /// Adds another's figures.
    pub fn merge(&mut self, other: Self) {
        for (kind, line) in &other.kinds {
            self.kinds.entry(*kind).or_default().merge(line);
        }
        self.trouble = self.trouble.take().or(other.trouble);
    }

    /// Says how long it took.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.seconds = (time.as_secs_f64() * 1000.0).round() / 1000.0;
        self
    }

    /// All kinds together.
    pub fn total(&self) -> Line {
        let mut total = Line::default();
        for line in self.kinds.values() {
            total.merge(line);
        }
        total
    }

    /// For a terminal.
    pub fn table(&self) -> String {
        let total = self.total();
        let mut text = format!(
            "{:<8} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6} {:>10}\n",
            "kind",
            "events",
            "batches",
            "requests",
            "accepted",
            "duplicate",
            "published",
            "rejected",
            "retry",
            "unanswered"
        );
        for (kind, line) in self.kinds.iter().map(|(kind, line)| (*kind, line)).chain([("all", &total)]) {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{kind:<8} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6} {:>10}",
                line.events,
                line.batches,
                line.requests,
                line.accepted,
                line.duplicate,
                line.published,
                line.rejected,
                line.retry,
                line.unanswered
            );
        }
        let _ = writeln!(
            text,
            "{} batches were sent again under their own key and are duplicates, {} under a new key: consumers know them by their ids",
            total.sent_again, total.sent_anew
        );
        if total.unsupported > 0 {
            let _ = writeln!(
                text,
                "{} events are newer than the stack: their producers keep them",
                total.unsupported
            );
        }
        if let Some(trouble) = &self.trouble {
            let _ = writeln!(text, "trouble met: {trouble}");
        }
        text
    }

    /// Good producers are all answered and never rejected.
    pub fn verdict(&self) -> Result<(), Error> {
        let total = self.total();
        if total.unanswered + total.rejected + total.unsupported == 0 {
            return Ok(());
        }
        Err(Error::Failed(format!(
            "{} events were not taken, {} were rejected, {} are of a newer version than the stack knows",
            total.unanswered, total.rejected, total.unsupported
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_add_up_over_threads_and_kinds() {
        let mut report = Report::default();
        for kind in [Kind::Web, Kind::Shelf, Kind::Web] {
            let mut part = Report::default();
            let line = part.line(kind);
            line.events = 3;
            line.add(&Outcome { attempts: 2, accepted: 2, duplicate: 1, ..Outcome::default() });
            report.merge(part);
        }
        let total = report.total();
        assert_eq!((total.events, total.requests, total.accepted, total.duplicate), (9, 6, 6, 3));
        assert_eq!(report.kinds["web"].batches, 2);
        assert!(report.verdict().is_ok());
        assert_eq!(report.table().lines().count(), 5);
    }

    #[test]
    fn what_the_stack_is_too_old_for_is_told_apart() {
        let mut report = Report::default();
        report.line(Kind::Web).add(&Outcome { unsupported: 2, ..Outcome::default() });
        assert!(report.table().contains("2 events are newer than the stack"));
        assert!(
            report
                .verdict()
                .is_err_and(|error| error.to_string().contains("0 were rejected, 2 are of a newer"))
        );
    }

    #[test]
    fn what_nobody_took_is_a_failure() {
        let mut report = Report::default();
        report.line(Kind::Web).add(&Outcome { unanswered: 2, ..Outcome::default() });
        report.trouble = Some("503".to_owned());
        assert!(report.verdict().is_err());
        assert!(report.table().contains("trouble met: 503"));
    }
}
