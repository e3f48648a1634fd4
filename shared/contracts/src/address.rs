//! Where a parcel goes.

use serde::{Deserialize, Serialize};

use crate::text::text_type;

text_type! {
    /// A line of an address as a person writes it.
    AddressText, "an address line",
    chars: 1..=100 of line,
}

text_type! {
    /// A postal code in the country's own form.
    PostalCode, "a postal code", "1 to 16 characters of A-Z, a-z, 0-9, space and '-', not blank",
    chars: 1..=16,
    pattern: "^[A-Za-z0-9 -]*[A-Za-z0-9-][A-Za-z0-9 -]*$",
    accepts: |text| {
        text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ' || b == b'-') && text.bytes().any(|b| b != b' ')
    },
}

text_type! {
    /// A country by its ISO 3166-1 alpha-2 code.
    CountryCode, "a country", "two letters A-Z (ISO 3166-1 alpha-2)",
    chars: 2..=2,
    pattern: "^[A-Z]{2}$",
    accepts: |text| text.bytes().all(|b| b.is_ascii_uppercase()),
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Address {
    /// Who receives the parcel.
    pub name: AddressText,
    /// Street and number.
    pub line1: AddressText,
    /// Flat, floor, company: what does not fit into the first line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<AddressText>,
    /// Town or city.
    pub city: AddressText,
    /// Postal code, in the country's own form.
    pub postal_code: PostalCode,
    /// Country, ISO 3166-1 alpha-2.
    pub country: CountryCode,
}

crate::strict::object!(Address);
