//! How far a list has been read: `limit` and `next` of a query.
//!
//! A token is a position and no right: it says where to go on in a list that the caller may read anyway.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use semel_lambda::http::{Request, Response};

use crate::refusal;

const LIMIT_DEFAULT: u8 = 20;
const LIMIT_MAX: u8 = 100;

/// A place in a list: the last thing read and its value in the list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position<T> {
    /// The last thing read.
    pub id: T,
    /// Its value in the list's order.
    pub at: u64,
}

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging<T> {
    /// Most entries on it: 1 to 100.
    pub limit: u8,
    /// Where the page before ended.
    pub after: Option<Position<T>>,
}

impl<T: FromStr> Paging<T> {
    /// Reads a query.
    pub(crate) fn of(request: &Request) -> Result<Self, Response> {
        let limit = match request.query("limit") {
            None => LIMIT_DEFAULT,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                limit.ok_or_else(|| refusal::parameter("limit", "a whole number from 1 to 100"))?
            }
        };
        let after = request.query("next").map(|token| {
            let position = Position::from_token(token);
            position.ok_or_else(|| refusal::parameter("next", "what the page before gave as next"))
        });
        Ok(Self { limit, after: after.transpose()? })
    }
}

impl<T: Display> Position<T> {
    /// What a caller gives back to get the next page.
    pub(crate) fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {}", self.at, self.id))
    }
}

impl<T: FromStr> Position<T> {
    fn from_token(token: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (at, id) = text.split_once(' ')?;
        Some(Self { at: at.parse().ok()?, id: id.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use semel_contracts::{OrderId, Sku};

    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place() {
        let order = Position { id: OrderId::derive("ada", "k"), at: u64::MAX };
        assert_eq!(Position::from_token(&order.token()), Some(order));
        let article = Position { id: Sku::new("MUG-BLUE").expect("a SKU"), at: 0 };
        assert_eq!(Position::from_token(&article.token()), Some(article));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let order = Position { id: OrderId::derive("ada", "k"), at: 7 }.token();
        for token in ["", "x", "%%", "MTIz", "LTEgTVVH", order.as_str()] {
            assert_eq!(Position::<Sku>::from_token(token), None, "{token}");
        }
    }
}
