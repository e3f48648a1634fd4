//! What the figures need of an event, and nothing else of it.

use std::borrow::Cow;

use semel_contracts::borrowed::{DeviceReportedRef, TelemetryRef};
use semel_contracts::telemetry::DeviceReported;
use semel_contracts::{Currency, Event, Lines, Money, OrderLine, Telemetry};

/// What an event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<'a> {
    /// An order was placed.
    Ordered {
        /// What it is paid in.
        currency: Currency,
        /// What is ordered.
        lines: Lines<OrderLine>,
    },
    /// Money was taken.
    Paid(Money),
    /// An article was looked at.
    Viewed {
        /// The article.
        sku: Cow<'a, str>,
    },
    /// What lies on a shelf.
    Counted {
        /// The warehouse.
        warehouse: Cow<'a, str>,
        /// The shelf.
        shelf: Cow<'a, str>,
        /// The article.
        sku: Cow<'a, str>,
        /// How many units of it.
        units: u32,
    },
    /// How a device is.
    Reported {
        /// The device.
        device_id: Cow<'a, str>,
        /// Errors since its report before.
        errors: u32,
        /// Everything else.
        health: Health,
    },
    /// Nothing that a figure is made of.
    Other,
}

/// How a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Charge of its battery.
    pub battery_percent: u32,
    /// Strength of its signal.
    pub signal_dbm: i32,
    /// Its temperature.
    pub temperature_decicelsius: i32,
    /// Its program's version.
    pub firmware: String,
    /// How long it has been running.
    pub uptime_seconds: u32,
}

impl From<Event> for Fact<'_> {
    fn from(event: Event) -> Self {
        match event {
            Event::OrderCreated(order) => {
                Self::Ordered { currency: order.total.currency(), lines: order.lines }
            }
            Event::PaymentProcessed(payment) => Self::Paid(payment.amount),
            Event::OrderConfirmed(_)
            | Event::OrderCancellationRequested(_)
            | Event::OrderCancelled(_)
            | Event::PaymentAuthorized(_)
            | Event::PaymentDeclined(_)
            | Event::PaymentVoided(_)
            | Event::PaymentRefunded(_)
            | Event::InventoryReserved(_)
            | Event::InventoryRejected(_)
            | Event::InventoryReleased(_)
            | Event::ShipmentCreated(_)
            | Event::ShipmentDispatched(_)
            | Event::ShipmentDelivered(_)
            | Event::ShipmentCancelled(_) => Self::Other,
        }
    }
}

impl<'a> From<&TelemetryRef<'a>> for Fact<'a> {
    fn from(event: &TelemetryRef<'a>) -> Self {
        match event {
            TelemetryRef::ProductViewed(view) => Self::Viewed { sku: view.sku.as_str().into() },
            TelemetryRef::ShelfCounted(count) => Self::Counted {
                warehouse: count.warehouse.as_str().into(),
                shelf: count.shelf.as_str().into(),
                sku: count.sku.as_str().into(),
                units: count.quantity.get(),
            },
            TelemetryRef::DeviceReported(report) => Self::Reported {
                device_id: report.device_id.as_str().into(),
                errors: report.errors.get(),
                health: report.into(),
            },
            TelemetryRef::PageViewed(_) | TelemetryRef::CartUpdated(_) | TelemetryRef::ItemScanned(_) => {
                Self::Other
            }
        }
    }
}

impl From<Telemetry> for Fact<'_> {
    fn from(event: Telemetry) -> Self {
        match event {
            Telemetry::ProductViewed(view) => Self::Viewed { sku: String::from(view.sku).into() },
            Telemetry::ShelfCounted(count) => Self::Counted {
                warehouse: String::from(count.warehouse).into(),
                shelf: String::from(count.shelf).into(),
                sku: String::from(count.sku).into(),
                units: count.quantity.get(),
            },
            Telemetry::DeviceReported(report) => Self::Reported {
                device_id: report.device_id.as_str().to_owned().into(),
                errors: report.errors.get(),
                health: report.into(),
            },
            Telemetry::PageViewed(_) | Telemetry::CartUpdated(_) | Telemetry::ItemScanned(_) => Self::Other,
        }
    }
}

impl From<&DeviceReportedRef<'_>> for Health {
    fn from(report: &DeviceReportedRef<'_>) -> Self {
        Self {
            battery_percent: report.battery_percent.get(),
            signal_dbm: report.signal_dbm.get(),
            temperature_decicelsius: report.temperature_decicelsius.get(),
            firmware: report.firmware.as_str().to_owned(),
            uptime_seconds: report.uptime_seconds.get(),
        }
    }
}

impl From<DeviceReported> for Health {
    fn from(report: DeviceReported) -> Self {
        Self {
            battery_percent: report.battery_percent.get(),
            signal_dbm: report.signal_dbm.get(),
            temperature_decicelsius: report.temperature_decicelsius.get(),
            firmware: report.firmware.into(),
            uptime_seconds: report.uptime_seconds.get(),
        }
    }
}
