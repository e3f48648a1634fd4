//! Telemetry that stays where it is: the types of [`crate::telemetry`] with borrowed texts.

use super::TextRef;
use super::cursor::Cursor;
use super::object::{Read, fields, object};
use crate::telemetry::{
    AppVersion, BatteryPercent, CartUpdated, Client, ClientKind, DeviceErrors, DeviceId, DeviceReported,
    Direction, Firmware, ItemScanned, Locale, OperatingSystem, PageViewed, Pixels, ProductViewed, SessionId,
    ShelfCounted, ShelfId, SignalDbm, TemperatureDecicelsius, Title, UnitsInCart, UnitsOnShelf,
    UptimeSeconds, UserAgent, Viewport, WarehouseId, WebAddress,
};
use crate::{CustomerId, Quantity, Sku, Telemetry, TelemetryType};

/// Holds no text, so it is its own borrowed form.
impl<'a> Read<'a> for Viewport {
    type Owned = Self;

    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        fields!(cursor => { width: Pixels, height: Pixels } then Some(Self { width, height }))
    }

    fn to_value(self) -> Self {
        self
    }
}

object! {
    /// See [`struct@Client`].
    pub struct ClientRef<'a> of Client {
        /// Browser or app.
        kind: ClientKind,
        /// What it runs on.
        os: TextRef<'a, OperatingSystem>,
        /// Which version of the shop it is.
        app_version: TextRef<'a, AppVersion>,
        /// The visitor's language.
        locale: TextRef<'a, Locale>,
        /// What it calls itself; an app may leave it out.
        user_agent: Option<TextRef<'a, UserAgent>>,
        /// How much the visitor sees.
        viewport: Option<Viewport>,
    }

    /// See [`struct@PageViewed`].
    pub struct PageViewedRef<'a> of PageViewed {
        /// The visit.
        session_id: TextRef<'a, SessionId>,
        /// Who visits, if they are signed in.
        customer_id: Option<TextRef<'a, CustomerId>>,
        /// The page's path, or the screen's name.
        page: TextRef<'a, WebAddress>,
        /// The page's whole address.
        url: Option<TextRef<'a, WebAddress>>,
        /// Where the visitor came from.
        referrer: Option<TextRef<'a, WebAddress>>,
        /// The page's title.
        title: Option<TextRef<'a, Title>>,
        /// The client.
        client: ClientRef<'a>,
    }

    /// See [`struct@ProductViewed`].
    pub struct ProductViewedRef<'a> of ProductViewed {
        /// The visit.
        session_id: TextRef<'a, SessionId>,
        /// Who visits, if they are signed in.
        customer_id: Option<TextRef<'a, CustomerId>>,
        /// The article.
        sku: TextRef<'a, Sku>,
        /// The page's whole address.
        url: Option<TextRef<'a, WebAddress>>,
        /// Where the visitor came from.
        referrer: Option<TextRef<'a, WebAddress>>,
        /// The client.
        client: ClientRef<'a>,
    }

    /// See [`struct@CartUpdated`].
    pub struct CartUpdatedRef<'a> of CartUpdated {
        /// The visit.
        session_id: TextRef<'a, SessionId>,
        /// Who visits, if they are signed in.
        customer_id: Option<TextRef<'a, CustomerId>>,
        /// The article.
        sku: TextRef<'a, Sku>,
        /// How many units of it are in the cart now.
        quantity: UnitsInCart,
        /// The client.
        client: ClientRef<'a>,
    }

    /// See [`struct@ShelfCounted`].
    pub struct ShelfCountedRef<'a> of ShelfCounted {
        /// The sensor.
        device_id: TextRef<'a, DeviceId>,
        /// Where it is.
        warehouse: TextRef<'a, WarehouseId>,
        /// Its shelf.
        shelf: TextRef<'a, ShelfId>,
        /// The article.
        sku: TextRef<'a, Sku>,
        /// How many units of it lie there.
        quantity: UnitsOnShelf,
    }

    /// See [`struct@ItemScanned`].
    pub struct ItemScannedRef<'a> of ItemScanned {
        /// The scanner.
        device_id: TextRef<'a, DeviceId>,
        /// Where it is.
        warehouse: TextRef<'a, WarehouseId>,
        /// The shelf.
        shelf: TextRef<'a, ShelfId>,
        /// The article.
        sku: TextRef<'a, Sku>,
        /// Which way it went.
        direction: Direction,
        /// How many units of it.
        quantity: Quantity,
    }

    /// See [`struct@DeviceReported`].
    pub struct DeviceReportedRef<'a> of DeviceReported {
        /// The device.
        device_id: TextRef<'a, DeviceId>,
        /// Its battery.
        battery_percent: BatteryPercent,
        /// How well it hears its access point.
        signal_dbm: SignalDbm,
        /// How warm it is.
        temperature_decicelsius: TemperatureDecicelsius,
        /// Its program's version.
        firmware: TextRef<'a, Firmware>,
        /// How long it has been running.
        uptime_seconds: UptimeSeconds,
        /// Errors since its report before.
        errors: DeviceErrors,
    }
}

macro_rules! events {
    ($($name:ident($borrowed:ident) of $aggregate:ident),* $(,)?) => {
        /// See [`Telemetry`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum TelemetryRef<'a> {
            $(
                #[doc = concat!("See [`struct@crate::telemetry::", stringify!($name), "`].")]
                $name($borrowed<'a>),
            )*
        }

        impl<'a> TelemetryRef<'a> {
            /// Reads the data of an event of this type.
            #[inline]
            pub(super) fn read(kind: TelemetryType, cursor: &mut Cursor<'a>) -> Option<Self> {
                match kind { $(TelemetryType::$name => $borrowed::read(cursor).map(Self::$name)),* }
            }

            /// Which type of event this is.
            pub const fn kind(&self) -> TelemetryType {
                match self { $(Self::$name(_) => TelemetryType::$name),* }
            }

            /// What the event is about: the session or the device.
            pub const fn aggregate(&self) -> &'a str {
                match self { $(Self::$name(event) => event.$aggregate.as_str()),* }
            }

            pub(super) fn to_value(self) -> Telemetry {
                match self { $(Self::$name(event) => Telemetry::$name(event.to_value())),* }
            }
        }
    };
}

events! {
    PageViewed(PageViewedRef) of session_id,
    ProductViewed(ProductViewedRef) of session_id,
    CartUpdated(CartUpdatedRef) of session_id,
    ShelfCounted(ShelfCountedRef) of device_id,
    ItemScanned(ItemScannedRef) of device_id,
    DeviceReported(DeviceReportedRef) of device_id,
}
