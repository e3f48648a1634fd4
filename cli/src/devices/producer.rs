//! One producer: a scanner, a shelf sensor, a browser or a phone, and what it reports next.
//!
//! Events are built from the contract's types: what is sent here is valid, or this does not compile or says so.

use semel_contracts::telemetry::{
    AppVersion, BatteryPercent, CartUpdated, Client, ClientKind, DeviceErrors, DeviceId, DeviceReported,
    Direction, Firmware, ItemScanned, Locale, OperatingSystem, PageViewed, Pixels, ProductViewed, SessionId,
    ShelfCounted, ShelfId, SignalDbm, TemperatureDecicelsius, UnitsInCart, UnitsOnShelf, UptimeSeconds,
    UserAgent, Viewport, WarehouseId, WebAddress,
};
use semel_contracts::{
    AggregateId, CorrelationId, Envelope, EventId, InvalidValue, Metadata, ProducerId, Quantity, Sku,
    Telemetry, Timestamp,
};
use serde::Serialize;

use crate::error::Error;

const SKUS: [&str; 5] = ["MUG-BLUE", "TEE-M", "TOTE-RED", "PEN-BLACK", "CAP-GREEN"];
const WAREHOUSES: [&str; 3] = ["par1", "fra1", "dub1"];
/// A shelf is filled up to this when it runs empty.
const SHELF_UNITS: u32 = 200;
/// Every so many reports of a device one is about itself.
const HEALTH_EVERY: u64 = 20;

/// What kind of producer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Scanner,
    Shelf,
    Web,
    Mobile,
}

impl Kind {
    /// Its name in tables, and the program that reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::Shelf => "shelf",
            Self::Web => "web",
            Self::Mobile => "mobile",
        }
    }

    /// Whether it speaks MQTT.
    pub const fn is_device(self) -> bool {
        match self {
            Self::Scanner | Self::Shelf => true,
            Self::Web | Self::Mobile => false,
        }
    }
}

/// A repeatable source of chance (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        // The remainder is below the bound.
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(bound.max(1))).unwrap_or_default()
    }
}

/// A producer with its memory.
#[derive(Debug, Clone)]
pub struct Producer {
    /// What it is.
    pub kind: Kind,
    /// Its session or its device.
    pub name: String,
    sequence: u64,
    chance: Chance,
    sku: &'static str,
    warehouse: &'static str,
    shelf: String,
    units: u32,
}

impl Producer {
    /// The producer with this number. `run` tells the sessions of two runs apart; devices stay the same.
    pub fn new(kind: Kind, number: u32, run: &str) -> Self {
        let mut chance = Chance::new((u64::from(number) << 8) | kind as u64);
        let place =
            |list: &[&'static str], at: u32| list[usize::try_from(at).unwrap_or_default() % list.len()];
        let (sku, warehouse) = (place(&SKUS, chance.below(5)), place(&WAREHOUSES, number));
        let name = match kind {
            Kind::Scanner | Kind::Shelf => format!("{}-{warehouse}-{number:04}", kind.name()),
            Kind::Web | Kind::Mobile => format!("s-{}-{run}-{number:04}", kind.name()),
        };
        let shelf = format!(
            "{}-{:02}",
            char::from(b'A' + u8::try_from(number % 26).unwrap_or_default()),
            number / 26
        );
        Self { kind, name, sequence: 0, chance, sku, warehouse, shelf, units: SHELF_UNITS }
    }

    /// What it reports next, as it is sent.
    pub fn report(&mut self, id: EventId, now: Timestamp) -> Result<String, Error> {
        self.sequence += 1;
        let data = self.data().map_err(|error| Error::chain("a simulated event", &error))?;
        let metadata = self.metadata().map_err(|error| Error::chain("a simulated event", &error))?;
        let envelope = Envelope { event_id: id, timestamp: now, data, metadata };
        envelope.encode().map_err(|error| Error::chain("a simulated event", &error))
    }

    fn metadata(&self) -> Result<Metadata, InvalidValue> {
        Ok(Metadata {
            producer_id: ProducerId::new(format!("simulated-{}", self.kind.name()))?,
            version: semel_contracts::TelemetryType::PageViewed.version(),
            aggregate_id: AggregateId::new(self.name.as_str())?,
            sequence: self.sequence,
            correlation_id: CorrelationId::new(self.name.as_str())?,
            causation_id: None,
            traceparent: None,
        })
    }

    fn data(&mut self) -> Result<Telemetry, InvalidValue> {
        match self.kind {
            Kind::Scanner | Kind::Shelf if self.sequence.is_multiple_of(HEALTH_EVERY) => self.health(),
            Kind::Scanner => self.scan(),
            Kind::Shelf => self.count(),
            Kind::Web | Kind::Mobile => self.visit(),
        }
    }

    fn scan(&mut self) -> Result<Telemetry, InvalidValue> {
        let direction = if self.chance.below(4) == 0 { Direction::In } else { Direction::Out };
        let event = ItemScanned {
            device_id: DeviceId::new(self.name.as_str())?,
            warehouse: WarehouseId::new(self.warehouse)?,
            shelf: ShelfId::new(self.shelf.as_str())?,
            sku: Sku::new(self.sku)?,
            direction,
            quantity: Quantity::new(1 + self.chance.below(5))?,
        };
        Ok(event.into())
    }

    fn count(&mut self) -> Result<Telemetry, InvalidValue> {
        let taken = self.chance.below(4);
        self.units = if self.units < taken { SHELF_UNITS } else { self.units - taken };
        let event = ShelfCounted {
            device_id: DeviceId::new(self.name.as_str())?,
            warehouse: WarehouseId::new(self.warehouse)?,
            shelf: ShelfId::new(self.shelf.as_str())?,
            sku: Sku::new(self.sku)?,
            quantity: UnitsOnShelf::new(self.units)?,
        };
        Ok(event.into())
    }

    fn health(&mut self) -> Result<Telemetry, InvalidValue> {
        let minutes = u32::try_from(self.sequence).unwrap_or(u32::MAX);
        let signed = |units: u32| i32::try_from(units).unwrap_or_default();
        let event = DeviceReported {
            device_id: DeviceId::new(self.name.as_str())?,
            battery_percent: BatteryPercent::new(100 - minutes % 80)?,
            signal_dbm: SignalDbm::new(-40 - signed(self.chance.below(50)))?,
            temperature_decicelsius: TemperatureDecicelsius::new(180 + signed(self.chance.below(60)))?,
            firmware: Firmware::new("2.4.1")?,
            uptime_seconds: UptimeSeconds::new(minutes.saturating_mul(60))?,
            errors: DeviceErrors::new(self.chance.below(2))?,
        };
        Ok(event.into())
    }

    fn visit(&mut self) -> Result<Telemetry, InvalidValue> {
        let session_id = SessionId::new(self.name.as_str())?;
        let sku = SKUS[usize::try_from(self.chance.below(5)).unwrap_or_default() % SKUS.len()];
        let address = |path: String| WebAddress::new(format!("https://shop.example.com{path}"));
        let client = self.client()?;
        Ok(match self.chance.below(10) {
            0..4 => PageViewed {
                session_id,
                customer_id: None,
                page: WebAddress::new(format!("/articles/{}", sku.to_lowercase()))?,
                url: Some(address(format!("/articles/{}?from=list", sku.to_lowercase()))?),
                referrer: Some(address("/articles".to_owned())?),
                title: None,
                client,
            }
            .into(),
            4..8 => ProductViewed {
                session_id,
                customer_id: None,
                sku: Sku::new(sku)?,
                url: Some(address(format!("/articles/{}", sku.to_lowercase()))?),
                referrer: None,
                client,
            }
            .into(),
            _ => {
                let quantity = UnitsInCart::new(self.chance.below(4))?;
                CartUpdated { session_id, customer_id: None, sku: Sku::new(sku)?, quantity, client }.into()
            }
        })
    }

    fn client(&self) -> Result<Client, InvalidValue> {
        let (kind, os, user_agent, width, height) = match self.kind {
            Kind::Mobile => {
                (ClientKind::Mobile, "Android 16", "SemelShop/3.2.0 (Android 16; Pixel 10)", 412, 915)
            }
            Kind::Web | Kind::Scanner | Kind::Shelf => {
                let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
                (ClientKind::Web, "Linux", agent, 1440, 900)
            }
        };
        Ok(Client {
            kind,
            os: OperatingSystem::new(os)?,
            app_version: AppVersion::new("3.2.0")?,
            locale: Locale::new("fr-FR")?,
            user_agent: Some(UserAgent::new(user_agent)?),
            viewport: Some(Viewport { width: Pixels::new(width)?, height: Pixels::new(height)? }),
        })
    }
}

#[cfg(test)]
mod tests {
    use semel_contracts::decode_telemetry;

    use super::*;

    #[test]
    fn everything_that_is_reported_is_of_the_contract() {
        for kind in [Kind::Scanner, Kind::Shelf, Kind::Web, Kind::Mobile] {
            let mut types = std::collections::BTreeSet::new();
            for number in [0, 1, 25, 26, 9999] {
                let mut producer = Producer::new(kind, number, "1a2b3c4d");
                for at in 0..=u8::MAX {
                    let id = EventId::from_bytes([at; 16]);
                    let text = producer.report(id, Timestamp::from_secs(1_795_366_200)).expect("is built");
                    let read = decode_telemetry(&text).expect("is of the contract");
                    assert_eq!(read.metadata.aggregate_id.as_str(), producer.name);
                    types.insert(read.event_type());
                }
            }
            assert_eq!(types.len(), if kind.is_device() { 2 } else { 3 }, "{kind:?} reports {types:?}");
        }
    }

    #[test]
    fn chance_stays_below_its_bound_and_reaches_everything() {
        let mut chance = Chance::new(7);
        let mut seen = [0; 5];
        for _ in 0..1000 {
            seen[chance.below(5) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
    }
}
