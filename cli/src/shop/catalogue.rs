//! What is for sale locally, and filling the catalogue with it.

use semel_aws::operator::Operator;
use semel_contracts::{Currency, MinorUnits, Timestamp};
use semel_domain::StockItem;

use crate::error::Error;

/// An article: SKU, name, price in minor units, currency, units.
pub type Article = (&'static str, &'static str, i64, Currency, u64);

/// Units of what never runs out during a run.
const PLENTY: u64 = 1_000_000;
/// An article of which there is too little for everybody who wants it.
pub const SCARCE: &str = "PRINT-LIMITED";
/// How many of it there are.
const SCARCE_UNITS: u64 = 10;

/// Everything for sale.
pub const SOLD: [Article; 8] = [
    ("MUG-BLUE", "Mug, blue", 1_450, Currency::EUR, PLENTY),
    ("MUG-GREEN", "Mug, green", 1_450, Currency::EUR, PLENTY),
    ("TEE-M", "T-shirt, size M", 2_400, Currency::EUR, PLENTY),
    ("BOOK-RUST", "Rust in commerce", 3_950, Currency::EUR, PLENTY),
    ("LAMP-DESK", "Desk lamp", 6_900, Currency::EUR, PLENTY),
    (SCARCE, "Print, numbered edition", 12_000, Currency::EUR, SCARCE_UNITS),
    ("CAP-US", "Baseball cap, sold in dollars", 1_900, Currency::USD, PLENTY),
    // Eight of it cost more than money can say: for trying what an overflow answers.
    ("ISLAND", "Small island", 9_007_199_254_740_991 / 7, Currency::EUR, PLENTY),
];

/// Lists every article that the catalogue does not have yet.
pub async fn fill(operator: &Operator, table: &str, now: Timestamp) -> Result<usize, Error> {
    let catalogue = operator.catalogue(table);
    let mut listed = 0;
    for (sku, name, unit_amount, currency, available) in SOLD {
        let article = StockItem {
            sku: sku.parse().map_err(invalid)?,
            name: name.to_owned(),
            unit_amount: MinorUnits::new(unit_amount).map_err(invalid)?,
            currency,
            available,
        };
        let fresh = catalogue.list(&article, now).await;
        listed += usize::from(fresh.map_err(|error| Error::chain("cannot fill the catalogue", &error))?);
    }
    Ok(listed)
}

fn invalid(error: semel_contracts::InvalidValue) -> Error {
    Error::Unexpected(format!("the local catalogue has {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_is_valid_and_named_once() {
        let mut skus: Vec<&str> = SOLD.iter().map(|article| article.0).collect();
        skus.sort_unstable();
        skus.dedup();
        assert_eq!(skus.len(), SOLD.len());
        for (sku, _, unit_amount, _, _) in SOLD {
            assert!(sku.parse::<semel_contracts::Sku>().is_ok(), "{sku}");
            assert!(MinorUnits::new(unit_amount).is_ok(), "{sku}");
        }
    }
}
