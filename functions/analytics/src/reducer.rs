//! Events to figures. Knows the contract and the figures; neither Kafka nor a table.

use semel_contracts::borrowed::EnvelopeRef;
use semel_contracts::{ContractError, decode, decode_telemetry};
use semel_exactly_once::batch::{Attributes, Delta, FenceKey, Observed, Reducer, Unreadable};

use crate::fact::Fact;
use crate::figure::{Change, Figure, Reading};

/// The topic that clients and devices write to. What it holds is read as telemetry and as nothing else: who may write
/// there may not say that an order was paid.
pub const TELEMETRY: &str = "telemetry";

/// The figures of the shop and of its warehouses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures;

fn unreadable(error: &ContractError) -> Unreadable {
    Unreadable { code: error.fault().code(), detail: error.to_string(), event_id: error.event_id() }
}

impl Reducer for Figures {
    type Event<'a> = Fact<'a>;
    type Key<'a> = Figure<'a>;
    type Value = Change;

    fn observe<'a>(&self, topic: &str, value: &'a [u8]) -> Result<Observed<Fact<'a>>, Unreadable> {
        if topic == TELEMETRY {
            // As `TelemetryEvent::decode` does, without handing on all of the event for the little that counts.
            if let Some(event) = EnvelopeRef::read(value) {
                return Ok(Observed {
                    id: event.event_id,
                    time: event.timestamp,
                    event: (&event.data).into(),
                });
            }
            let event = decode_telemetry(value).map_err(|error| unreadable(&error))?;
            Ok(Observed { id: event.event_id, time: event.timestamp, event: event.data.into() })
        } else {
            let envelope = decode(value).map_err(|error| unreadable(&error))?;
            Ok(Observed { id: envelope.event_id, time: envelope.timestamp, event: envelope.data.into() })
        }
    }

    fn reduce<'a>(&self, observed: &Observed<Fact<'a>>, out: &mut Vec<(Figure<'a>, Change)>) {
        let minute = observed.time.as_secs() / 60;
        let sums = |one, other| Change { sums: [one, other], latest: None };
        match &observed.event {
            Fact::Ordered { currency, lines } => {
                out.push((Figure::Sales { currency: *currency, minute }, sums(1, 0)));
                for line in lines {
                    let sku = line.sku.as_str().to_owned().into();
                    out.push((Figure::Product { sku, minute }, sums(0, line.quantity.get().into())));
                }
            }
            Fact::Paid(money) => {
                out.push((Figure::Sales { currency: money.currency(), minute }, sums(0, money.amount())));
            }
            Fact::Viewed { sku } => out.push((Figure::Product { sku: sku.clone(), minute }, sums(1, 0))),
            Fact::Counted { warehouse, shelf, sku, units } => {
                let latest = Some((observed.time, Reading::Units(*units)));
                let figure =
                    Figure::Shelf { warehouse: warehouse.clone(), shelf: shelf.clone(), sku: sku.clone() };
                out.push((figure, Change { sums: [1, 0], latest }));
            }
            Fact::Reported { device_id, errors, health } => {
                let latest = Some((observed.time, Reading::Health(health.clone())));
                let sums = [1, i64::from(*errors)];
                out.push((Figure::Device { device_id: device_id.clone() }, Change { sums, latest }));
            }
            Fact::Other => {}
        }
    }

    fn delta(&self, fence: &FenceKey, figure: &Figure<'_>, change: &Change) -> Delta {
        figure.delta(fence, change)
    }

    fn needs_prior(&self, figure: &Figure<'_>) -> bool {
        figure.is_reading()
    }

    fn recall(&self, figure: &Figure<'_>, item: &Attributes) -> Result<Change, Unreadable> {
        figure
            .recall(item)
            .ok_or_else(|| Unreadable::new("not_a_reading", "an attribute is missing or of another type"))
    }
}
