//! The saga by chance: several orders after the same stock, deliveries in random order and repeated at random,
//! cancellations and deadlines at random moments, and an outside that says yes or no.

mod saga;

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use saga::{Fate, Message, Saga, request};
use semel_contracts::Timestamp;

/// Deliveries that may be repeated in one run; without a bound a run might never end.
const REPEATS_MAX: usize = 80;
/// Far above what the messages and repeats of a run can amount to.
const STEPS_MAX: usize = 2_000;

/// One order of a run.
#[derive(Debug, Clone)]
struct Plan {
    mugs: u32,
    tees: u32,
    fate: Fate,
    cancelled: bool,
    deadline_s: u64,
}

fn plan() -> impl Strategy<Value = Plan> {
    let fate = (prop::bool::weighted(0.8), prop::bool::weighted(0.9), prop::bool::weighted(0.9), 0_u64..3)
        .prop_map(|(authorizes, captures, books, polls)| Fate { authorizes, captures, books, polls });
    (1_u32..4, 1_u32..4, fate, any::<bool>(), 0_u64..60).prop_map(
        |(mugs, tees, fate, cancelled, deadline_s)| Plan { mugs, tees, fate, cancelled, deadline_s },
    )
}

/// Runs the orders until nothing is under way; `chances` says which message comes next and whether it comes again.
fn run(plans: &[Plan], mugs: i64, tees: i64, chances: &[u32]) -> (Vec<Saga>, BTreeMap<String, i64>) {
    let mut stock = BTreeMap::from([("sku#MUG".to_owned(), mugs), ("sku#TEE".to_owned(), tees)]);
    let mut sagas = Vec::new();
    let mut under_way: Vec<(usize, Message)> = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        // The same article on two lines, as an order may have it.
        let units = [("MUG", plan.mugs), ("TEE", plan.tees), ("MUG", 1)];
        let saga = Saga::new(request(number, &units, Timestamp::from_secs(plan.deadline_s)), plan.fate);
        under_way.push((number, saga.place()));
        under_way.push((number, saga.expire()));
        under_way.extend(plan.cancelled.then(|| (number, saga.cancel())));
        sagas.push(saga);
    }
    let mut repeats = 0;
    for step in 0..STEPS_MAX {
        if under_way.is_empty() {
            break;
        }
        let chance = usize::try_from(chances[step % chances.len()]).expect("fits") + step / chances.len();
        let (number, message) = under_way.swap_remove(chance % under_way.len());
        let now = Timestamp::from_secs(u64::try_from(step).expect("fits"));
        if chance.is_multiple_of(3) && repeats < REPEATS_MAX {
            repeats += 1;
            under_way.push((number, message.clone()));
        }
        let sent = sagas[number].deliver(&message, &mut stock, now);
        under_way.extend(sent.into_iter().map(|message| (number, message)));
    }
    assert!(under_way.is_empty(), "still under way: {under_way:?}");
    (sagas, stock)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_ends_once_and_money_and_stock_add_up(
        plans in vec(plan(), 1..4),
        mugs in 0_i64..12,
        tees in 0_i64..12,
        chances in vec(any::<u32>(), 64..256),
    ) {
        let (sagas, stock) = run(&plans, mugs, tees, &chances);
        sagas.iter().for_each(Saga::check_end);
        prop_assert!(stock.values().all(|free| *free >= 0), "{stock:?}");
        let taken: i64 = sagas.iter().map(|saga| saga.taken).sum();
        prop_assert_eq!(stock.values().sum::<i64>() + taken, mugs + tees);
    }
}
