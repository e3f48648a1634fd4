//! Telemetry: what clients and devices observe, by the source that emits it.
//!
//! A family of its own beside the events of an order's life: same envelope, other types, other aggregate. An event's
//! aggregate is the session or the device, which is its Kafka key too, so that what one session or device reports
//! stays in order.
//!
//! The table below is the one list of these event types, as the table of `events` is for an order's life.

mod clickstream;
mod devices;

pub use clickstream::{
    AppVersion, CartUpdated, Client, ClientKind, Locale, OperatingSystem, PageViewed, Pixels, ProductViewed,
    SessionId, Title, UnitsInCart, UserAgent, Viewport, WebAddress,
};
pub use devices::{
    BatteryPercent, DeviceErrors, DeviceId, DeviceReported, Direction, Firmware, ItemScanned, ShelfCounted,
    ShelfId, SignalDbm, TemperatureDecicelsius, UnitsOnShelf, UptimeSeconds, WarehouseId,
};

use crate::family::family;

family! {
    /// What was observed: one variant per event type. Serialises as the data alone, without the type's name.
    Telemetry,
    /// The name of a telemetry event type.
    TelemetryType,
    clickstream(session_id) {
        PageViewed(1, 0),
        ProductViewed(1, 0),
        CartUpdated(1, 0),
    }
    devices(device_id) {
        ShelfCounted(1, 0),
        ItemScanned(1, 0),
        DeviceReported(1, 0),
    }
}
