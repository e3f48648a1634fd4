//! How contract types are stored: as bare sequences, without the field names that the wire needs.
//!
//! For `#[serde(with = "crate::compact")]`. Knows the shapes of values only, not what they are part of.

use semel_contracts::events::Customer;
use semel_contracts::{
    Address, AddressText, CountryCode, Currency, CustomerId, EmailAddress, InvalidValue, Lines, MinorUnits,
    Money, OrderLine, PostalCode, Quantity, Sku, StockLine, Timestamp,
};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A type with a storage form that is not its wire form.
pub(crate) trait Compact: Sized {
    /// What is written, borrowing from the value.
    type Written<'a>: Serialize
    where
        Self: 'a;
    /// What is read.
    type Read: DeserializeOwned;

    fn pack(&self) -> Self::Written<'_>;
    fn unpack(read: Self::Read) -> Result<Self, InvalidValue>;
}

pub(crate) fn serialize<T: Compact, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.pack().serialize(serializer)
}

pub(crate) fn deserialize<'de, T: Compact, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::unpack(T::Read::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Milliseconds since the epoch.
impl Compact for Timestamp {
    type Written<'a> = u64;
    type Read = u64;

    fn pack(&self) -> u64 {
        self.as_millis()
    }

    fn unpack(millis: u64) -> Result<Self, InvalidValue> {
        Ok(Self::from_millis(millis))
    }
}

/// `[amount, currency]`
impl Compact for Money {
    type Written<'a> = (MinorUnits, Currency);
    type Read = (MinorUnits, Currency);

    fn pack(&self) -> Self::Written<'_> {
        (self.minor_units(), self.currency())
    }

    fn unpack((amount, currency): Self::Read) -> Result<Self, InvalidValue> {
        Ok(Self::of(amount, currency))
    }
}

/// `[customer id, e-mail address]`
impl Compact for Customer {
    type Written<'a> = (&'a CustomerId, &'a EmailAddress);
    type Read = (CustomerId, EmailAddress);

    fn pack(&self) -> Self::Written<'_> {
        (&self.customer_id, &self.email)
    }

    fn unpack((customer_id, email): Self::Read) -> Result<Self, InvalidValue> {
        Ok(Self { customer_id, email })
    }
}

/// `[[sku, quantity, unit amount], ...]`
impl Compact for Lines<OrderLine> {
    type Written<'a> = Vec<(&'a Sku, Quantity, MinorUnits)>;
    type Read = Vec<(Sku, Quantity, MinorUnits)>;

    fn pack(&self) -> Self::Written<'_> {
        self.iter().map(|line| (&line.sku, line.quantity, line.unit_amount)).collect()
    }

    fn unpack(read: Self::Read) -> Result<Self, InvalidValue> {
        let line = |(sku, quantity, unit_amount)| OrderLine { sku, quantity, unit_amount };
        Self::new(read.into_iter().map(line).collect())
    }
}

/// `[[sku, quantity], ...]`
impl Compact for Lines<StockLine> {
    type Written<'a> = Vec<(&'a Sku, Quantity)>;
    type Read = Vec<(Sku, Quantity)>;

    fn pack(&self) -> Self::Written<'_> {
        self.iter().map(|line| (&line.sku, line.quantity)).collect()
    }

    fn unpack(read: Self::Read) -> Result<Self, InvalidValue> {
        Self::new(read.into_iter().map(|(sku, quantity)| StockLine { sku, quantity }).collect())
    }
}

/// `[country, postal code, city, name, line 1]`, and line 2 if there is one.
impl Compact for Address {
    type Written<'a> = WrittenAddress<'a>;
    type Read = ReadAddress;

    fn pack(&self) -> Self::Written<'_> {
        let Self { name, line1, line2, city, postal_code, country } = self;
        match line2 {
            None => WrittenAddress::Short(country, postal_code, city, name, line1),
            Some(line2) => WrittenAddress::Long(country, postal_code, city, name, line1, line2),
        }
    }

    fn unpack(read: Self::Read) -> Result<Self, InvalidValue> {
        let (country, postal_code, city, name, line1, line2) = match read {
            ReadAddress::Long(country, postal_code, city, name, line1, line2) => {
                (country, postal_code, city, name, line1, Some(line2))
            }
            ReadAddress::Short(country, postal_code, city, name, line1) => {
                (country, postal_code, city, name, line1, None)
            }
        };
        Ok(Self { name, line1, line2, city, postal_code, country })
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum WrittenAddress<'a> {
    Short(&'a CountryCode, &'a PostalCode, &'a AddressText, &'a AddressText, &'a AddressText),
    Long(&'a CountryCode, &'a PostalCode, &'a AddressText, &'a AddressText, &'a AddressText, &'a AddressText),
}

// The longer one first: an untagged sequence is read by the first variant of its length.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ReadAddress {
    Long(CountryCode, PostalCode, AddressText, AddressText, AddressText, AddressText),
    Short(CountryCode, PostalCode, AddressText, AddressText, AddressText),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Compact + DeserializeOwned + PartialEq + std::fmt::Debug>(wire: &str, stored: &str) {
        let value: T = serde_json::from_str(wire).expect("the wire form");
        assert_eq!(serde_json::to_string(&value.pack()).expect("packs"), stored);
        let mut reader = serde_json::Deserializer::from_str(stored);
        assert_eq!(deserialize::<T, _>(&mut reader).expect("unpacks"), value);
    }

    #[test]
    fn values_are_stored_without_names_and_read_back() {
        check::<Money>(r#"{"amount":5300,"currency":"EUR"}"#, r#"[5300,"EUR"]"#);
        check::<Customer>(r#"{"customer_id":"c-1","email":"a@b.example"}"#, r#"["c-1","a@b.example"]"#);
        check::<Lines<OrderLine>>(
            r#"[{"sku":"MUG","quantity":2,"unit_amount":1450}]"#,
            r#"[["MUG",2,1450]]"#,
        );
        check::<Lines<StockLine>>(r#"[{"sku":"MUG","quantity":2}]"#, r#"[["MUG",2]]"#);
        check::<Timestamp>(r#""1970-01-01T00:00:01.500Z""#, "1500");
        check::<Address>(
            r#"{"name":"Ada","line1":"1 Rue A","city":"Paris","postal_code":"75002","country":"FR"}"#,
            r#"["FR","75002","Paris","Ada","1 Rue A"]"#,
        );
        check::<Address>(
            r#"{"name":"Ada","line1":"1 Rue A","line2":"3rd","city":"Paris","postal_code":"75002","country":"FR"}"#,
            r#"["FR","75002","Paris","Ada","1 Rue A","3rd"]"#,
        );
    }

    #[test]
    fn bounds_hold_in_storage_too() {
        for stored in [r"[]", r#"[["MUG",0]]"#, r#"[["mug",1]]"#, r#"[["MUG"]]"#] {
            let mut reader = serde_json::Deserializer::from_str(stored);
            assert!(deserialize::<Lines<StockLine>, _>(&mut reader).is_err(), "{stored}");
        }
    }
}
