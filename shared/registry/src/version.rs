//! The version of an event type's schema. Knows neither files nor schemas.

use std::fmt;
use std::str::FromStr;

/// `<major>.<minor>`: a minor version is compatible with those before it as the type's mode says, a major one need
/// not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Goes up when a reader of the version before cannot read what is written.
    pub major: u16,
    /// Goes up with every other release.
    pub minor: u16,
}

/// This is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version is two numbers below 65536 without leading zeros, such as 1.0")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let (major, minor) = text.split_once('.').ok_or(NoVersion)?;
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// `u16::from_str` also takes `+1` and `01`, which would give one version two names.
fn number(text: &str) -> Result<u16, NoVersion> {
    let number: u16 = text.parse().map_err(|_| NoVersion)?;
    if number.to_string() == text { Ok(number) } else { Err(NoVersion) }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_name() {
        assert_eq!("1.10".parse(), Ok(Version { major: 1, minor: 10 }));
        for text in ["", "1", "1.", ".1", "01.0", "+1.0", "1.0.0", "1.65536", "a.b", "1. 0"] {
            assert_eq!(text.parse::<Version>(), Err(NoVersion), "{text}");
        }
    }

    #[test]
    fn ten_comes_after_nine() {
        let versions = ["1.9", "1.10", "2.0"].map(|text| text.parse::<Version>().expect("a version"));
        assert!(versions.is_sorted());
    }
}
