//! What a million events cost in write units and objects, by how many different aggregates a batch has. Counted, not
//! timed: the same in every run.

use analytics::Figures;
use semel_exactly_once::batch::{Frozen, PartitionState, Scalar, Settings};
use semel_lambda::kafka::MskEvent;
use serde::Serialize;

use crate::load::{self, Load};
use crate::{key, ratio};

const BATCHES: usize = 20;
const MILLION: f64 = 1e6;

/// A batch of so many aggregates.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Different aggregates that a batch of the load changes.
    pub aggregates_per_batch: f64,
    /// Transactions of a batch.
    pub chunks_per_batch: f64,
    /// Write units of a million events: a transaction pays double.
    pub write_units_per_million: f64,
    /// Objects written for a million events.
    pub objects_per_million: f64,
}

/// From few to many.
pub fn by_aggregates() -> Vec<Line> {
    [1, 10, 90, 1_000, 10_000].map(of).into()
}

fn of(articles: u64) -> Line {
    let mut load = Load::new(articles);
    let mut state = PartitionState::new(key(), Settings::default());
    let (mut events, mut chunks, mut deltas, mut units, mut objects) = (0, 0, 0, 0, 0);
    for _ in 0..BATCHES {
        let batch = load::batch(&mut load);
        let event = MskEvent::decode(&batch.payload, MskEvent::default()).expect("a batch");
        let headers = event.headers();
        for (_, records) in event.partitions(&headers) {
            for chunk in state.judge_all(&Figures, &records) {
                chunks += 1;
                deltas += chunk.deltas.len();
                units += write_units(&chunk);
                objects += chunk.objects.len();
            }
        }
        events += event.len();
    }
    let per_million = |count: usize| ratio(count, events) * MILLION;
    Line {
        aggregates_per_batch: ratio(deltas, BATCHES),
        chunks_per_batch: ratio(chunks, BATCHES),
        write_units_per_million: per_million(units),
        objects_per_million: per_million(objects),
    }
}

/// Two for each kilobyte begun, of the fence and of every aggregate. The figures' own items stay far below one.
fn write_units(chunk: &Frozen) -> usize {
    let figures = chunk.deltas.iter().map(|delta| {
        let values = delta.add.len() * 16
            + delta.set.iter().map(|(name, value)| name.len() + size(value)).sum::<usize>();
        delta.key.pk.len() + delta.key.sk.len() + values
    });
    // Keys, numbers and the segment's name beside the tail.
    let fence = 400 + chunk.fence.tail_bytes().len();
    figures.chain([fence]).map(|bytes| 2 * bytes.div_ceil(1_024)).sum()
}

fn size(value: &Scalar) -> usize {
    match value {
        Scalar::Text(text) => text.len(),
        Scalar::Number(_) => 8,
    }
}
