//! Counts what is asked of AWS, so that a log line can say what an invocation cost.
//!
//! Counts attempts, not calls: a repeated request is paid for again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Kinds of request that are told apart; a function makes fewer than ten.
const KINDS_MAX: usize = 32;
/// Name of those past the bound.
const OTHER: &str = "Other";

/// A shared counter of requests and capacity units. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Filled from the front and never emptied, so that counting needs no lock.
    kinds: [Kind; KINDS_MAX],
    other: AtomicU64,
    /// DynamoDB bills in halves of a unit.
    write_half_units: AtomicU64,
    read_half_units: AtomicU64,
}

#[derive(Debug, Default)]
struct Kind {
    name: OnceLock<KindName>,
    count: AtomicU64,
}

#[derive(Debug)]
struct KindName {
    service: String,
    operation: String,
}

/// What was asked of AWS in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Attempts by `Service.Operation`, for example `DynamoDB.GetItem`. Only what happened is listed.
    pub requests: BTreeMap<String, u64>,
    /// DynamoDB write units.
    pub write_units: f64,
    /// DynamoDB read units.
    pub read_units: f64,
}

impl Requests {
    /// Adds an attempt.
    pub fn count(&self, service: &str, operation: &str) {
        for kind in &self.0.kinds {
            let name = kind
                .name
                .get_or_init(|| KindName { service: service.to_owned(), operation: operation.to_owned() });
            if name.service == service && name.operation == operation {
                kind.count.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        self.0.other.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds write units that DynamoDB reported.
    pub fn add_write_units(&self, units: f64) {
        self.0.write_half_units.fetch_add(halves(units), Ordering::Relaxed);
    }

    /// Adds read units that DynamoDB reported.
    pub fn add_read_units(&self, units: f64) {
        self.0.read_half_units.fetch_add(halves(units), Ordering::Relaxed);
    }

    /// Adds what DynamoDB reported for a write: one figure for a request, or one for each table of a transaction.
    pub(crate) fn written<'a>(&self, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        for units in capacity.into_iter().filter_map(ConsumedCapacity::capacity_units) {
            self.add_write_units(units);
        }
    }

    /// Adds what DynamoDB reported for a read, in the same way.
    pub(crate) fn read<'a>(&self, capacity: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        for units in capacity.into_iter().filter_map(ConsumedCapacity::capacity_units) {
            self.add_read_units(units);
        }
    }

    /// The counts since they were last taken.
    pub fn take(&self) -> Usage {
        let mut requests = BTreeMap::new();
        for kind in &self.0.kinds {
            let Some(name) = kind.name.get() else { break };
            let count = kind.count.swap(0, Ordering::Relaxed);
            if count > 0 {
                // "Secrets Manager" has a space; a log field should not.
                let name = format!("{}.{}", name.service.replace(' ', ""), name.operation);
                requests.insert(name, count);
            }
        }
        let other = self.0.other.swap(0, Ordering::Relaxed);
        if other > 0 {
            requests.insert(OTHER.to_owned(), other);
        }
        Usage {
            requests,
            write_units: units(self.0.write_half_units.swap(0, Ordering::Relaxed)),
            read_units: units(self.0.read_half_units.swap(0, Ordering::Relaxed)),
        }
    }
}

/// Rounds to halves. A negative or absurd report counts as nothing or as the bound, never wraps.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn halves(units: f64) -> u64 {
    (units * 2.0).round().clamp(0.0, 1e12) as u64
}

/// Exact: a process reports far fewer than 2^53 halves.
#[allow(clippy::cast_precision_loss)]
fn units(halves: u64) -> f64 {
    halves as f64 / 2.0
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "Requests"
    }

    /// Runs before each attempt goes out, repetitions by the SDK included.
    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = cfg.load::<Metadata>() {
            self.count(metadata.service(), metadata.name());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_answers_what_happened_since_the_last_time() {
        let requests = Requests::default();
        requests.count("DynamoDB", "GetItem");
        requests.count("Secrets Manager", "GetSecretValue");
        requests.clone().count("DynamoDB", "GetItem");
        requests.add_write_units(1.0);
        requests.add_write_units(2.5);
        requests.add_read_units(0.5);
        let usage = requests.take();
        assert_eq!(usage.requests["DynamoDB.GetItem"], 2);
        assert_eq!(usage.requests["SecretsManager.GetSecretValue"], 1);
        assert_eq!((usage.write_units, usage.read_units), (3.5, 0.5));
        assert_eq!(requests.take(), Usage::default());
    }

    #[test]
    fn kinds_past_the_bound_are_counted_together() {
        let requests = Requests::default();
        for kind in 0..KINDS_MAX + 3 {
            requests.count("Service", &format!("Operation{kind}"));
        }
        let usage = requests.take();
        assert_eq!(usage.requests[OTHER], 3);
        assert_eq!(usage.requests.values().sum::<u64>(), KINDS_MAX as u64 + 3);
    }

    #[test]
    fn threads_that_count_together_lose_nothing() {
        let requests = Requests::default();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let requests = &requests;
                scope.spawn(move || {
                    for turn in 0..1000 {
                        requests.count("Service", if (thread + turn) % 2 == 0 { "A" } else { "B" });
                    }
                });
            }
        });
        let usage = requests.take();
        assert_eq!((usage.requests["Service.A"], usage.requests["Service.B"]), (2000, 2000));
    }

    #[test]
    fn absurd_units_do_not_wrap() {
        assert_eq!(halves(-3.0), 0);
        assert_eq!(halves(f64::NAN), 0);
        assert_eq!(halves(f64::INFINITY), 1_000_000_000_000);
    }
}
