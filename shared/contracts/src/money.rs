//! Amounts of money in minor units, with arithmetic that refuses instead of rounding, wrapping or mixing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::integer::{self, Integer};
use crate::{Currency, InvalidValue, Quantity};

/// The largest amount: 2^53 - 1, the largest integer that every JSON reader keeps exact.
pub const MAX_MINOR_UNITS: i64 = 9_007_199_254_740_991;

/// An amount in the currency's smallest unit (cents), without the currency: 0 to 2^53 - 1.
///
/// Never negative: money that flows back has its own event type, not a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct MinorUnits(i64);

const INVALID: InvalidValue =
    InvalidValue { what: "an amount", rule: "an integer from 0 to 9007199254740991, in minor units" };

impl MinorUnits {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Checks the bounds.
    pub const fn new(amount: i64) -> Result<Self, InvalidValue> {
        if amount < 0 || amount > MAX_MINOR_UNITS {
            return Err(INVALID);
        }
        Ok(Self(amount))
    }

    /// The number of minor units.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Integer for MinorUnits {
    const INVALID: InvalidValue = INVALID;

    fn checked(amount: i64) -> Result<Self, InvalidValue> {
        Self::new(amount)
    }
}

impl<'de> Deserialize<'de> for MinorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer::deserialize(deserializer)
    }
}

impl TryFrom<i64> for MinorUnits {
    type Error = InvalidValue;

    fn try_from(amount: i64) -> Result<Self, InvalidValue> {
        Self::new(amount)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for MinorUnits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MinorUnits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "integer",
            "description": "an amount in the currency's smallest unit, such as cents",
            "minimum": 0,
            "maximum": MAX_MINOR_UNITS,
        })
    }
}

/// An amount of money in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Money {
    /// How much, in minor units.
    amount: MinorUnits,
    /// Of what.
    currency: Currency,
}

/// Why a sum of money cannot be computed or represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result would be below zero.
    #[error("an amount of money is never negative")]
    Negative,
    /// The result would be above [`MAX_MINOR_UNITS`].
    #[error("an amount of money is at most {MAX_MINOR_UNITS} minor units")]
    TooLarge,
    /// Two amounts of different currencies met.
    #[error("amounts in {left} and {right} cannot be combined")]
    MixedCurrencies {
        /// The currency of the first amount.
        left: Currency,
        /// The currency of the second amount.
        right: Currency,
    },
}

impl Money {
    /// `amount` minor units of `currency`.
    pub const fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount < 0 {
            return Err(MoneyError::Negative);
        }
        match MinorUnits::new(amount) {
            Ok(amount) => Ok(Self { amount, currency }),
            Err(_) => Err(MoneyError::TooLarge),
        }
    }

    /// `amount` of `currency`, when the amount has been checked already.
    pub const fn of(amount: MinorUnits, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: MinorUnits::ZERO, currency }
    }

    /// How much, in minor units: 0 to [`MAX_MINOR_UNITS`].
    pub const fn amount(self) -> i64 {
        self.amount.get()
    }

    /// How much, with its bounds in the type.
    pub const fn minor_units(self) -> MinorUnits {
        self.amount
    }

    /// Of which currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum of two amounts of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        // Both are at most 2^53, so i64 cannot overflow; `new` checks the bound.
        Self::new(self.amount() + other.amount(), self.currency)
    }

    /// This amount less another of the same currency; an error if that is negative.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::new(self.amount() - other.amount(), self.currency)
    }

    /// This amount times a quantity.
    pub fn checked_mul(self, quantity: Quantity) -> Result<Self, MoneyError> {
        let amount = self.amount().checked_mul(i64::from(quantity.get())).ok_or(MoneyError::TooLarge)?;
        Self::new(amount, self.currency)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::MixedCurrencies { left: self.currency, right: other.currency })
    }
}

/// With as many decimals as the currency has: `39.98 EUR`, `500 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.currency.exponent());
        let digits = format!("{:0>width$}", self.amount(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let point = if decimals == 0 { "" } else { "." };
        f.pad(&format!("{whole}{point}{fraction} {}", self.currency))
    }
}

crate::strict::object!(Money);
