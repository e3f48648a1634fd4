//! Requests: what a client may ask for, and how a request is read.

use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_path_to_error::Track;

use super::Violation;
use crate::events::ShippingMethod;
use crate::violation::{Step, Violated, examine, pointer};
use crate::{Address, CustomerId, EmailAddress, Lines, MAX_ENVELOPE_BYTES, Money, PaymentMethod, StockLine};

/// `POST /orders`: a customer places an order. The price is the shop's to say; a client that states what it expects
/// to pay is refused instead of surprised. Read it with [`decode_command`], which refuses unknown fields too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct PlaceOrder {
    /// Who orders, where the caller's token does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<StatedCustomer>,
    /// What is ordered: each article once.
    pub lines: Lines<StockLine>,
    /// How it is to be shipped.
    pub shipping_method: ShippingMethod,
    /// Where the parcel goes.
    pub ship_to: Address,
    /// What it is paid with, as the gateway's token.
    pub payment_method: PaymentMethod,
    /// What the client believes the total to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
}

/// What a request says about who orders.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct StatedCustomer {
    /// Who they are; a guest has no id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// Where they are told about the order.
    pub email: EmailAddress,
}

/// Reads the body of `POST /orders`. Refuses fields that it does not know at any depth, and an article that is
/// listed twice; the violation points at the first thing that is wrong.
pub fn decode_command(body: &(impl AsRef<[u8]> + ?Sized)) -> Result<PlaceOrder, Violation> {
    let body = body.as_ref();
    let at_root = |detail: String| Violation { pointer: String::new(), detail };
    if body.len() > MAX_ENVELOPE_BYTES {
        return Err(at_root(format!(
            "the body has {} bytes; at most {MAX_ENVELOPE_BYTES} are allowed",
            body.len()
        )));
    }
    let text =
        std::str::from_utf8(body).map_err(|error| at_root(format!("the body is not UTF-8: {error}")))?;

    let mut unknown = None;
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let command: PlaceOrder = serde_ignored::deserialize(tracked, |path| {
        unknown.get_or_insert_with(|| steps(&path));
    })
    .and_then(|command| json.end().map(|()| command))
    .map_err(|error| match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => violation(&examine(&error, &track.path())),
        Err(error) => at_root(format!("the body is not JSON: {error}")),
    })?;
    if let Some(path) = unknown {
        return Err(Violation {
            pointer: pointer(&path),
            detail: "is not a field of this request".to_owned(),
        });
    }
    refuse_repeated_articles(&command)?;
    Ok(command)
}

fn refuse_repeated_articles(command: &PlaceOrder) -> Result<(), Violation> {
    let mut met = HashSet::with_capacity(command.lines.len());
    match command.lines.iter().position(|line| !met.insert(&line.sku)) {
        None => Ok(()),
        Some(index) => Err(Violation {
            pointer: format!("/lines/{index}/sku"),
            detail: "is listed above already; put all units of an article into one line".to_owned(),
        }),
    }
}

fn violation(violated: &Violated) -> Violation {
    let detail = match violated {
        Violated::Missing { .. } => "is missing".to_owned(),
        Violated::WrongType { detail, .. } | Violated::Invalid { detail, .. } => detail.clone(),
    };
    Violation { pointer: pointer(violated.path()), detail }
}

/// The path of an ignored field, from the root.
fn steps(path: &serde_ignored::Path<'_>) -> Vec<Step> {
    use serde_ignored::Path;
    let (parent, step) = match path {
        Path::Root => return Vec::new(),
        Path::Seq { parent, index } => (parent, Some(Step::Index(*index))),
        Path::Map { parent, key } => (parent, Some(Step::Field(key.clone()))),
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            (parent, None)
        }
    };
    let mut path = steps(parent);
    path.extend(step);
    path
}

crate::strict::object!(PlaceOrder, StatedCustomer);
