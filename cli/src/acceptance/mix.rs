//! Who orders what in the acceptance run. Pure: the same seed is the same run.

use std::time::Duration;

use serde_json::Value;

use crate::shop;

/// What a customer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Orders and waits.
    Plain,
    /// Pays with a card that is declined.
    Declined,
    /// Wants what there is too little of.
    Scarce,
    /// Cancels a moment later.
    Cancelled,
    /// Sends the same order twice, at once.
    Twice,
}

impl Kind {
    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Declined => "declined card",
            Self::Scarce => "out of stock",
            Self::Cancelled => "cancelled",
            Self::Twice => "placed twice",
        }
    }
}

/// One customer's order.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What the customer does.
    pub kind: Kind,
    /// The idempotency key.
    pub key: String,
    /// The request.
    pub order: Value,
    /// How long the customer thinks before cancelling.
    pub second_thoughts: Duration,
}

const DECLINED_CARDS: [&str; 3] = [
    "pm_card_chargeDeclined",
    "pm_card_chargeDeclinedInsufficientFunds",
    "pm_card_chargeDeclinedExpiredCard",
];
const ARTICLES: [&str; 5] = ["MUG-BLUE", "MUG-GREEN", "TEE-M", "BOOK-RUST", "LAMP-DESK"];
/// A cancellation may come before anything has happened and after everything has.
const SECOND_THOUGHTS_MS_MAX: u64 = 2_500;

/// `count` orders: of each hundred 70 plain, 10 declined, 10 out of stock, 5 cancelled, 5 placed twice, shuffled.
pub fn orders(count: usize, seed: u64) -> Vec<Planned> {
    let mut random = Random(seed);
    let mut planned: Vec<Planned> = (0..count).map(|n| one(n, &mut random)).collect();
    for last in (1..planned.len()).rev() {
        let other = random.below(last + 1);
        planned.swap(last, other);
    }
    planned
}

fn one(n: usize, random: &mut Random) -> Planned {
    let kind = match n % 100 {
        0..70 => Kind::Plain,
        70..80 => Kind::Declined,
        80..90 => Kind::Scarce,
        90..95 => Kind::Cancelled,
        _ => Kind::Twice,
    };
    let sku = if kind == Kind::Scarce { shop::SCARCE } else { ARTICLES[random.below(ARTICLES.len())] };
    let quantity = if kind == Kind::Scarce { 1 } else { 1 + n % 3 };
    let card = match kind {
        Kind::Declined => DECLINED_CARDS[random.below(DECLINED_CARDS.len())],
        Kind::Plain | Kind::Scarce | Kind::Cancelled | Kind::Twice => "pm_card_visa",
    };
    let shipping = if random.below(4) == 0 { "express" } else { "standard" };
    let quantity = u32::try_from(quantity).unwrap_or(1);
    Planned {
        kind,
        key: format!("acceptance-{n}"),
        order: shop::order(&format!("customer-{n}"), sku, quantity, card, shipping),
        second_thoughts: Duration::from_millis(random.next() % SECOND_THOUGHTS_MS_MAX),
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_thousand_orders_have_the_mix_that_is_promised() {
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        for planned in orders(1_000, 7) {
            *kinds.entry(planned.kind).or_default() += 1;
        }
        let expected = [
            (Kind::Plain, 700),
            (Kind::Declined, 100),
            (Kind::Scarce, 100),
            (Kind::Cancelled, 50),
            (Kind::Twice, 50),
        ];
        assert_eq!(kinds, BTreeMap::from(expected));
    }

    #[test]
    fn keys_are_unique_and_the_same_seed_is_the_same_run() {
        let keys = |seed| orders(300, seed).into_iter().map(|p| p.key).collect::<Vec<_>>();
        assert_eq!(keys(1), keys(1));
        assert_ne!(keys(1), keys(2));
        let mut sorted = keys(1);
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 300);
    }
}
