//! What is for sale: an article with its price and the counter of its free units, and the price of a basket.
//!
//! The counter is moved by reservations only ([`crate::reservation`]), never set from here.

use std::collections::BTreeMap;

use semel_contracts::{Currency, Lines, MinorUnits, Money, OrderLine, Sku, StockLine};
use serde::{Deserialize, Serialize};

/// First part of a stock item's key.
pub const KIND: &str = "sku";

/// The attribute that counts the units that are free.
pub const AVAILABLE: &str = "available";

/// An article. Each field is an attribute of its item of the same name, so that the counter can be adjusted in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockItem {
    /// Which article.
    pub sku: Sku,
    /// Its name for people.
    pub name: String,
    /// The price of one unit, in minor units.
    pub unit_amount: MinorUnits,
    /// The currency of the price.
    pub currency: Currency,
    /// Units that are free to be reserved.
    pub available: u64,
}

impl StockItem {
    /// The key of an article's item: `sku#<SKU>`.
    pub fn key(sku: &Sku) -> String {
        format!("{KIND}#{sku}")
    }

    /// The price of one unit.
    pub const fn unit_price(&self) -> Money {
        Money::of(self.unit_amount, self.currency)
    }
}

/// What a basket costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The lines with the prices of the catalogue.
    pub lines: Lines<OrderLine>,
    /// What they cost together.
    pub total: Money,
}

/// Why a basket has no price. `line` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// The catalogue has no such article.
    #[error("line {line}: there is no such article")]
    UnknownSku {
        /// The line.
        line: usize,
    },
    /// Another currency than that of the lines before.
    #[error("line {line}: the article is sold in another currency than those before it")]
    MixedCurrencies {
        /// The line.
        line: usize,
    },
    /// The total is more than money can be.
    #[error("line {line}: the total exceeds the largest amount")]
    TooLarge {
        /// The line that takes it there.
        line: usize,
    },
}

/// Prices a basket from the articles it names.
pub fn quote(wanted: &Lines<StockLine>, catalogue: &[StockItem]) -> Result<Quote, QuoteError> {
    let catalogue: BTreeMap<&Sku, Money> =
        catalogue.iter().map(|item| (&item.sku, item.unit_price())).collect();
    let mut total: Option<Money> = None;
    let mut lines = Vec::with_capacity(wanted.len());
    for (line, StockLine { sku, quantity }) in wanted.iter().enumerate() {
        let price = *catalogue.get(sku).ok_or(QuoteError::UnknownSku { line })?;
        let before = total.unwrap_or(Money::zero(price.currency()));
        if before.currency() != price.currency() {
            return Err(QuoteError::MixedCurrencies { line });
        }
        let after = price.checked_mul(*quantity).and_then(|cost| before.checked_add(cost));
        total = Some(after.map_err(|_| QuoteError::TooLarge { line })?);
        lines.push(OrderLine { sku: sku.clone(), quantity: *quantity, unit_amount: price.minor_units() });
    }
    match (Lines::new(lines), total) {
        (Ok(lines), Some(total)) => Ok(Quote { lines, total }),
        // `Lines` are never empty, so there is a total; and there are as many as were wanted.
        (Err(_), _) | (_, None) => Err(QuoteError::UnknownSku { line: 0 }),
    }
}

#[cfg(test)]
mod tests {
    use semel_contracts::{MAX_MINOR_UNITS, Quantity};

    use super::*;

    fn item(sku: &str, unit_amount: i64, currency: Currency) -> StockItem {
        StockItem {
            sku: Sku::new(sku).expect("a SKU"),
            name: sku.to_lowercase(),
            unit_amount: MinorUnits::new(unit_amount).expect("an amount"),
            currency,
            available: 5,
        }
    }

    fn quoted(wanted: &[(&str, u32)]) -> Result<(i64, usize), QuoteError> {
        let catalogue = [
            item("MUG", 1_450, Currency::EUR),
            item("TEE", 2_400, Currency::EUR),
            item("YACHT", MAX_MINOR_UNITS, Currency::EUR),
            item("KIMONO", 9_000, Currency::JPY),
        ];
        let line = |(sku, units): &(&str, u32)| StockLine {
            sku: Sku::new(*sku).expect("a SKU"),
            quantity: Quantity::new(*units).expect("a quantity"),
        };
        let wanted = Lines::new(wanted.iter().map(line).collect()).expect("lines");
        quote(&wanted, &catalogue).map(|quote| (quote.total.amount(), quote.lines.len()))
    }

    #[test]
    fn a_basket_costs_the_sum_of_its_lines() {
        assert_eq!(quoted(&[("MUG", 2), ("TEE", 1), ("MUG", 1)]), Ok((6_750, 3)));
        assert_eq!(quoted(&[("YACHT", 1)]), Ok((MAX_MINOR_UNITS, 1)));
    }

    #[test]
    fn a_fault_names_its_line() {
        assert_eq!(quoted(&[("MUG", 1), ("CAP", 1)]), Err(QuoteError::UnknownSku { line: 1 }));
        assert_eq!(
            quoted(&[("MUG", 1), ("TEE", 1), ("KIMONO", 1)]),
            Err(QuoteError::MixedCurrencies { line: 2 })
        );
        assert_eq!(quoted(&[("MUG", 1), ("YACHT", 1)]), Err(QuoteError::TooLarge { line: 1 }));
        assert_eq!(quoted(&[("YACHT", 10_000)]), Err(QuoteError::TooLarge { line: 0 }));
    }
}
