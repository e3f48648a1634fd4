//! `PaymentDeclined`, as it was.
//!
//! | version | said |
//! | --- | --- |
//! | 1 | `reason`, one of whose words was `capture_failed`: the money was held and could not be taken. Why not was lost |
//! | 2 | `stage` and `reason`: what was refused, and why |

use serde_json::Value;

use super::{Data, Misfit, word};

const AUTHORIZATION: &str = "authorization";
const CAPTURE: &str = "capture";

/// `capture_failed` becomes a capture for which the bank gave no further reason; every other reason was that of an
/// authorisation.
///
/// A `stage` that is there already is kept: no event of version 1 had one, but a relay that does not know version 2
/// says version 1 of everything, and hands on what was written by a newer service.
pub fn to_2(data: &mut Data) -> Result<(), Misfit> {
    let reasons =
        ["card_declined", "insufficient_funds", "expired_card", "invalid_payment_method", "capture_failed"];
    let (stage, reason) = match word(data, "reason", &reasons)? {
        "capture_failed" => (CAPTURE, "card_declined"),
        reason if data.get("stage").and_then(Value::as_str) == Some(CAPTURE) => (CAPTURE, reason),
        reason => (AUTHORIZATION, reason),
    };
    data.insert("stage".to_owned(), stage.into());
    data.insert("reason".to_owned(), reason.into());
    Ok(())
}
