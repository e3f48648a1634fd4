//! What the warehouse's devices report: hand scanners and shelf sensors.

use serde::{Deserialize, Serialize};

use crate::family::Identity;
use crate::integer::integer_type;
use crate::text::text_type;
use crate::{AggregateId, Quantity, Sku};

text_type! {
    /// A scanner or a sensor, as the device registry names it.
    DeviceId, "a device id",
    chars: 1..=64 of name,
}

text_type! {
    /// A warehouse.
    WarehouseId, "a warehouse",
    chars: 1..=32 of lower,
}

text_type! {
    /// A shelf of a warehouse.
    ShelfId, "a shelf",
    chars: 1..=32 of upper,
}

text_type! {
    /// The version of a device's program.
    Firmware, "a firmware version",
    chars: 1..=32 of version,
}

integer_type! {
    /// How many units of an article lie on a shelf.
    UnitsOnShelf(u32), "a number of units on a shelf", "an integer from 0 to 1000000", 0..=1_000_000
}

integer_type! {
    /// The battery's charge; 100 for a device on mains power.
    BatteryPercent(u32), "a battery's charge", "an integer from 0 to 100", 0..=100
}

integer_type! {
    /// The received signal's strength in dBm.
    SignalDbm(i32), "a signal strength", "an integer from -150 to 0", -150..=0
}

integer_type! {
    /// A temperature in tenths of a degree Celsius.
    TemperatureDecicelsius(i32), "a temperature", "an integer from -1000 to 2000", -1000..=2000
}

integer_type! {
    /// How long a device has been running, in whole seconds: 136 years at most.
    UptimeSeconds(u32), "an uptime", "an integer from 0 to 4294967295", 0..=4_294_967_295
}

integer_type! {
    /// How many errors a device met since its report before.
    DeviceErrors(u32), "a number of errors", "an integer from 0 to 1000000", 0..=1_000_000
}

/// Which way an article went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Direction {
    /// Onto the shelf.
    In,
    /// Off the shelf.
    Out,
}

impl Direction {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// A shelf sensor counted what lies on its shelf: a reading, which replaces the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShelfCounted {
    /// The sensor.
    pub device_id: DeviceId,
    /// Where it is.
    pub warehouse: WarehouseId,
    /// Its shelf.
    pub shelf: ShelfId,
    /// The article.
    pub sku: Sku,
    /// How many units of it lie there.
    pub quantity: UnitsOnShelf,
}

/// A scanner read an article on its way onto a shelf or off it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemScanned {
    /// The scanner.
    pub device_id: DeviceId,
    /// Where it is.
    pub warehouse: WarehouseId,
    /// The shelf.
    pub shelf: ShelfId,
    /// The article.
    pub sku: Sku,
    /// Which way it went.
    pub direction: Direction,
    /// How many units of it.
    pub quantity: Quantity,
}

/// A device reported how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceReported {
    /// The device.
    pub device_id: DeviceId,
    /// Its battery.
    pub battery_percent: BatteryPercent,
    /// How well it hears its access point.
    pub signal_dbm: SignalDbm,
    /// How warm it is.
    pub temperature_decicelsius: TemperatureDecicelsius,
    /// Its program's version.
    pub firmware: Firmware,
    /// How long it has been running.
    pub uptime_seconds: UptimeSeconds,
    /// Errors since its report before.
    pub errors: DeviceErrors,
}

impl Identity for DeviceId {
    fn is(&self, aggregate_id: &AggregateId) -> bool {
        self.as_str() == aggregate_id.as_str()
    }

    fn to_aggregate_id(&self) -> AggregateId {
        AggregateId::of_name(self.as_str())
    }
}

crate::strict::object!(ShelfCounted, ItemScanned, DeviceReported);

crate::strict::word!(Direction);
