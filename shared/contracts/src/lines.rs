//! What is ordered and what is held: quantities, lines, and lists of lines with their bounds.

use std::fmt;
use std::ops::Deref;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::integer::{self, Integer};
use crate::{InvalidValue, MinorUnits, Sku};

/// How many units of one article: 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Quantity(u32);

const INVALID_QUANTITY: InvalidValue =
    InvalidValue { what: "a quantity", rule: "an integer from 1 to 10000" };

impl Quantity {
    /// The largest quantity of one line.
    pub const MAX: u32 = 10_000;

    /// Checks the bounds.
    pub const fn new(units: u32) -> Result<Self, InvalidValue> {
        if units < 1 || units > Self::MAX {
            return Err(INVALID_QUANTITY);
        }
        Ok(Self(units))
    }

    /// The number of units.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Integer for Quantity {
    const INVALID: InvalidValue = INVALID_QUANTITY;

    fn checked(units: i64) -> Result<Self, InvalidValue> {
        u32::try_from(units).map_err(|_| INVALID_QUANTITY).and_then(Self::new)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer::deserialize(deserializer)
    }
}

impl TryFrom<u32> for Quantity {
    type Error = InvalidValue;

    fn try_from(units: u32) -> Result<Self, InvalidValue> {
        Self::new(units)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "integer",
            "description": "how many units of one article",
            "minimum": 1,
            "maximum": Self::MAX,
        })
    }
}

/// One article of an order, with the price it was ordered at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderLine {
    /// The article.
    pub sku: Sku,
    /// How many units of it.
    pub quantity: Quantity,
    /// The price of one unit, in minor units of the order's currency.
    pub unit_amount: MinorUnits,
}

/// Units of one article in stock, without a price.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockLine {
    /// The article.
    pub sku: Sku,
    /// How many units of it.
    pub quantity: Quantity,
}

/// A list of 1 to 50 lines: a reservation of all of them fits into one `DynamoDB` transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>")]
pub struct Lines<T>(Vec<T>);

impl<T> Lines<T> {
    /// The largest number of lines.
    pub const MAX: usize = 50;

    /// Checks the number of lines.
    pub fn new(lines: Vec<T>) -> Result<Self, InvalidValue> {
        if lines.is_empty() || lines.len() > Self::MAX {
            return Err(InvalidValue { what: "a list of lines", rule: "1 to 50 lines long" });
        }
        Ok(Self(lines))
    }

    /// As many other lines, one from each of these.
    #[must_use]
    pub fn map<U>(&self, line: impl FnMut(&T) -> U) -> Lines<U> {
        Lines(self.0.iter().map(line).collect())
    }

    /// The lines as a plain vector.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> TryFrom<Vec<T>> for Lines<T> {
    type Error = InvalidValue;

    fn try_from(lines: Vec<T>) -> Result<Self, InvalidValue> {
        Self::new(lines)
    }
}

impl<T> Deref for Lines<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for Lines<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Lines<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Lines<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Lines_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array",
            "items": generator.subschema_for::<T>(),
            "minItems": 1,
            "maxItems": Self::MAX,
        })
    }
}

/// Reads a list that may be empty but has no more lines than [`Lines`] may have.
pub(crate) fn at_most_50<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let lines = Vec::deserialize(deserializer)?;
    if lines.len() > Lines::<T>::MAX {
        return Err(D::Error::custom(InvalidValue {
            what: "a list of lines",
            rule: "at most 50 lines long",
        }));
    }
    Ok(lines)
}

crate::strict::object!(OrderLine, StockLine);
