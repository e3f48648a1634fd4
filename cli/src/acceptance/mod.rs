//! The acceptance run: a thousand orders over HTTP while messages repeat and functions die, and then the books.

mod chaos;
mod collect;
mod customers;
mod figures;
mod mix;
mod report;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use semel_aws::operator::Operator;

pub use figures::Figures;

use crate::error::Error;
use crate::interrupt;
use crate::phase::Phase;
use crate::runtime;
use crate::shop;
use crate::stack::Stack;
use customers::Placed;

/// The same run each time.
const SEED: u64 = 20_261_122;
/// Every deadline in the run is shorter: a killed function's message returns after half a minute, parcels are asked
/// about once a minute, and pending orders expire after fifteen.
const SETTLED_MAX: Duration = Duration::from_mins(20);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Runs `count` orders and answers the figures.
pub fn run(stack: &Stack, port: u16, count: usize) -> Result<Figures, Error> {
    let runtime = runtime::new()?;
    let operator = runtime.block_on(Operator::connect(&stack.region, Some(&stack.endpoint)));
    let before = figures::Before {
        available: shop::SOLD.iter().map(|article| (article.0.to_owned(), article.4)).collect(),
        scarce: shop::SCARCE,
    };
    let repeated = queue_name(stack.output("PaymentsQueueUrl")?);
    chaos::deliver(port, repeated, 2)?;
    let (placed, killed) =
        order_under_fire(stack, port, count, || runtime.block_on(settled(&operator, stack, count)))?;
    let after =
        Phase::run("read the books", |_| runtime.block_on(collect::everything(&operator, stack, port)))?;
    Ok(figures::of(&before, &placed, killed, &after))
}

/// The figures for people.
pub fn text(figures: &Figures) -> String {
    report::text(figures)
}

/// Places the orders and waits until all is settled, while functions are killed.
fn order_under_fire(
    stack: &Stack,
    port: u16,
    count: usize,
    wait: impl FnOnce() -> Result<(), Error>,
) -> Result<(Vec<Placed>, BTreeMap<String, usize>), Error> {
    let api = stack.api_url()?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let kills = scope.spawn(|| chaos::kill_functions(port, &over));
        let placed = Phase::run(format!("place {count} orders, killing functions at work"), |phase| {
            customers::order_all(&api, &mix::orders(count, SEED), phase)
        });
        let settled = placed.and_then(|placed| wait().map(|()| placed));
        over.store(true, Ordering::Relaxed);
        let killed = kills.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        settled.map(|placed| (placed, killed))
    })
}

/// Waits until every order is at an end and no message waits.
async fn settled(operator: &Operator, stack: &Stack, count: usize) -> Result<(), Error> {
    let phase = Phase::start("wait until every order is at an end");
    let started = Instant::now();
    let result = loop {
        if let Err(error) = interrupt::check() {
            break Err(error);
        }
        let orders = collect::orders(operator, stack).await?;
        let ended = orders.values().filter(|order| order.status().is_final()).count();
        let waiting = collect::waiting(operator, stack).await?;
        phase.flicker(&format!("{ended} of {count} orders at an end, {waiting} messages wait"));
        if (ended >= count && waiting == 0) || started.elapsed() > SETTLED_MAX {
            // What is not settled by now is for the figures to say.
            break Ok(());
        }
        thread::sleep(LOOK_AGAIN);
    };
    phase.end(result)
}

fn queue_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
