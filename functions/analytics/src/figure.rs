//! The figures: how each is named, how it changes, and how it is written.
//!
//! Sums and counts are kept per minute of event time. A shelf and a device have one item each, whose readings are
//! those of the latest event time; each Kafka partition has items of its own, so a reader of a shelf takes the one
//! with the latest `at`, and a reader of a sum adds them up.

use std::borrow::Cow;
use std::time::Duration;

use semel_contracts::{Currency, Timestamp};
use semel_exactly_once::batch::{Attributes, Delta, FenceKey, ItemKey, Merge, Scalar};

use crate::fact::Health;

/// How long the figures of a minute are kept.
const KEPT: Duration = Duration::from_hours(90 * 24);

/// Names a figure.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Figure<'a> {
    /// Orders placed and money taken in a minute, in one currency.
    Sales {
        /// The currency.
        currency: Currency,
        /// The minute, counted from the epoch.
        minute: u64,
    },
    /// How often an article was looked at and how many units were ordered in a minute.
    Product {
        /// The article.
        sku: Cow<'a, str>,
        /// The minute, counted from the epoch.
        minute: u64,
    },
    /// What lies on a shelf, article by article.
    Shelf {
        /// The warehouse.
        warehouse: Cow<'a, str>,
        /// The shelf.
        shelf: Cow<'a, str>,
        /// The article.
        sku: Cow<'a, str>,
    },
    /// How a device is.
    Device {
        /// The device.
        device_id: Cow<'a, str>,
    },
}

/// What is read rather than summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Units on a shelf.
    Units(u32),
    /// How a device is.
    Health(Health),
}

/// What a chunk changes in a figure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The two sums: orders and revenue, views and units, reports and errors.
    pub sums: [i64; 2],
    /// The latest reading, with its event time.
    pub latest: Option<(Timestamp, Reading)>,
}

impl Merge for Change {
    fn merge(&mut self, later: Self) {
        for (sum, more) in self.sums.iter_mut().zip(later.sums) {
            *sum = sum.saturating_add(more);
        }
        // Of two readings of the same moment the later one in the log counts.
        if let Some((at, reading)) = later.latest
            && self.latest.as_ref().is_none_or(|(known, _)| *known <= at)
        {
            self.latest = Some((at, reading));
        }
    }
}

impl Figure<'_> {
    /// Whether a write depends on what is stored.
    pub(crate) fn is_reading(&self) -> bool {
        match self {
            Self::Sales { .. } | Self::Product { .. } => false,
            Self::Shelf { .. } | Self::Device { .. } => true,
        }
    }

    /// Which item it is. `writer` keeps one partition's item apart from another's.
    fn item(&self, writer: &str) -> ItemKey {
        let (pk, sk) = match self {
            Self::Sales { currency, minute } => (format!("sales#{currency}"), window(*minute)),
            Self::Product { sku, minute } => (format!("product#{sku}"), window(*minute)),
            Self::Shelf { warehouse, shelf, sku } => (format!("shelf#{warehouse}#{shelf}"), sku.to_string()),
            Self::Device { device_id } => (format!("device#{device_id}"), "health".to_owned()),
        };
        ItemKey { pk, sk: format!("{sk}#{writer}") }
    }

    /// What the two sums are called.
    fn sums(&self) -> [&'static str; 2] {
        match self {
            Self::Sales { .. } => ["orders", "revenue"],
            Self::Product { .. } => ["views", "units"],
            Self::Shelf { .. } | Self::Device { .. } => ["reports", "errors"],
        }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Sales { minute, .. } | Self::Product { minute, .. } => {
                Some(Timestamp::from_secs(minute.saturating_mul(60)).saturating_add(KEPT))
            }
            Self::Shelf { .. } | Self::Device { .. } => None,
        }
    }

    /// The write of a change.
    pub(crate) fn delta(&self, fence: &FenceKey, change: &Change) -> Delta {
        let sums = self.sums().into_iter().zip(change.sums);
        let mut set = Vec::new();
        if let Some((at, reading)) = &change.latest {
            set.push(("at", Scalar::Text(at.to_string())));
            reading.attributes(&mut set);
        }
        Delta {
            key: self.item(&fence.writer()),
            add: sums.filter(|(_, sum)| *sum != 0).collect(),
            set,
            expires_at: self.expires_at(),
        }
    }

    /// The stored reading. Its sums stay where they are, so they count as nothing here.
    pub(crate) fn recall(&self, item: &Attributes) -> Option<Change> {
        let Some(Scalar::Text(at)) = item.get("at") else {
            // An item that has sums only.
            return Some(Change::default());
        };
        let at = at.parse().ok()?;
        let reading = match self {
            Self::Shelf { .. } => Reading::Units(number(item, "quantity")?),
            Self::Device { .. } => Reading::Health(Health {
                battery_percent: number(item, "battery_percent")?,
                signal_dbm: number(item, "signal_dbm")?,
                temperature_decicelsius: number(item, "temperature_decicelsius")?,
                firmware: text(item, "firmware")?,
                uptime_seconds: number(item, "uptime_seconds")?,
            }),
            Self::Sales { .. } | Self::Product { .. } => return None,
        };
        Some(Change { sums: [0; 2], latest: Some((at, reading)) })
    }
}

impl Reading {
    fn attributes(&self, set: &mut Vec<(&'static str, Scalar)>) {
        match self {
            Self::Units(units) => set.push(("quantity", Scalar::Number((*units).into()))),
            Self::Health(health) => set.extend([
                ("battery_percent", Scalar::Number(health.battery_percent.into())),
                ("signal_dbm", Scalar::Number(health.signal_dbm.into())),
                ("temperature_decicelsius", Scalar::Number(health.temperature_decicelsius.into())),
                ("firmware", Scalar::Text(health.firmware.clone())),
                ("uptime_seconds", Scalar::Number(health.uptime_seconds.into())),
            ]),
        }
    }
}

/// The start of a minute as it stands in a sort key: `2026-11-22T16:50Z`.
fn window(minute: u64) -> String {
    let start = Timestamp::from_secs(minute.saturating_mul(60)).to_string();
    format!("{}Z", start.get(..16).unwrap_or_default())
}

fn number<T: TryFrom<i64>>(item: &Attributes, name: &str) -> Option<T> {
    match item.get(name)? {
        Scalar::Number(number) => T::try_from(*number).ok(),
        Scalar::Text(_) => None,
    }
}

fn text(item: &Attributes, name: &str) -> Option<String> {
    match item.get(name)? {
        Scalar::Text(text) => Some(text.clone()),
        Scalar::Number(_) => None,
    }
}
