//! IP addresses and ranges of them, as `EventBridge` reads them.
//!
//! Knows no pattern and no event; a range that `EventBridge` would refuse is refused with its words.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that a text is, if it is one. An IPv4 address in IPv6 clothes is an IPv4 address.
pub fn parse(text: &str) -> Option<IpAddr> {
    if looks_like_v4(text) {
        let mut bytes = [0_u8; 4];
        for (byte, part) in bytes.iter_mut().zip(text.split('.')) {
            *byte = part.parse().ok()?;
        }
        return Some(IpAddr::V4(Ipv4Addr::from(bytes)));
    }
    if !looks_like_v6(text) {
        return None;
    }
    let address: Ipv6Addr = text.parse().ok()?;
    Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
}

fn looks_like_v4(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    // The first byte decides about most texts.
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.split('.').count() == 4
        && text.split('.').all(is_number)
}

fn looks_like_v6(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|byte| byte == b':' || byte.is_ascii_hexdigit())
}

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    bits: u32,
}

impl Cidr {
    /// Reads `address/bits`, or says in `EventBridge`'s words why it is no range.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if !bits.is_empty() && !bits.contains('/') => (address, bits),
            _ => return Err("Malformed CIDR, one '/' required".to_owned()),
        };
        let bits: i32 =
            bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let bits =
            u32::try_from(bits).map_err(|_| "Malformed CIDR, mask bits must not be negative".to_owned())?;
        let network = parse(address).ok_or_else(|| {
            let kind =
                if looks_like_v4(address) || looks_like_v6(address) { "Invalid" } else { "Nonstandard" };
            format!("{kind} IP address: {address}")
        })?;
        match network {
            IpAddr::V4(_) if bits > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
            IpAddr::V6(_) if bits > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
            IpAddr::V4(_) | IpAddr::V6(_) => Ok(Self { network, bits }),
        }
    }

    /// Whether the text is an address of this range.
    pub fn holds(&self, text: &str) -> bool {
        match (self.network, parse(text)) {
            (IpAddr::V4(network), Some(IpAddr::V4(address))) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), Some(IpAddr::V6(address))) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), Some(IpAddr::V6(_)) | None) | (IpAddr::V6(_), Some(IpAddr::V4(_)) | None) => {
                false
            }
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.network, self.bits)
    }
}
