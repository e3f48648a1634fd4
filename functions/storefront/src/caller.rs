//! Who calls: the subject of a checked token, or whoever an anonymous body says.
//!
//! API Gateway checks tokens; what it has checked is believed here, and nothing else is.

use semel_contracts::api::{StatedCustomer, Violation};
use semel_contracts::events::Customer;
use semel_contracts::{CustomerId, EmailAddress, Traceparent};
use semel_exactly_once::fingerprint;
use semel_lambda::http::{Request, Response};

use crate::refusal;

/// How callers say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// By a token. A caller is its subject, and sees what is that subject's.
    Jwt,
    /// By saying so: everybody may be anybody, and sees everything.
    Anonymous,
}

/// The token's subject; `None` where there are no tokens.
pub(crate) fn subject(auth: Auth, request: &Request) -> Result<Option<CustomerId>, Response> {
    match auth {
        Auth::Anonymous => Ok(None),
        Auth::Jwt => {
            let subject = request.claim("sub").ok_or_else(refusal::unauthorized)?;
            let customer_id = CustomerId::new(subject)
                .map_err(|invalid| refusal::forbidden(format!("The token's subject: {invalid}.")))?;
            Ok(Some(customer_id))
        }
    }
}

/// Who places an order. A token goes before the body; its e-mail address serves where the body states none.
pub(crate) fn customer(
    subject: Option<CustomerId>,
    request: &Request,
    stated: Option<&StatedCustomer>,
) -> Result<Customer, Response> {
    match (subject, stated) {
        (Some(customer_id), Some(stated)) => {
            if stated.customer_id.as_ref().is_some_and(|id| *id != customer_id) {
                let detail = "/customer/customer_id is not the token's subject. Leave it out.";
                return Err(refusal::forbidden(detail));
            }
            Ok(Customer { customer_id, email: stated.email.clone() })
        }
        (Some(customer_id), None) => {
            let email = request.claim("email").and_then(|email| email.parse().ok());
            let email = email.ok_or_else(|| missing("is missing, and the token has no e-mail address"))?;
            Ok(Customer { customer_id, email })
        }
        (None, Some(StatedCustomer { customer_id, email })) => {
            let customer_id = customer_id.clone().map_or_else(|| guest(email), Ok)?;
            Ok(Customer { customer_id, email: email.clone() })
        }
        (None, None) => Err(missing("is missing")),
    }
}

/// A guest is known by their address: two guests with the same idempotency key are not one.
fn guest(email: &EmailAddress) -> Result<CustomerId, Response> {
    CustomerId::new(format!("guest:{}", fingerprint(email.as_str().as_bytes())))
        .map_err(|invalid| refusal::broken(&invalid.to_string()))
}

/// Whose orders are to be listed: the subject's own, or those that the query names.
pub(crate) fn listed(subject: Option<CustomerId>, request: &Request) -> Result<CustomerId, Response> {
    const NAME: &str = "customer_id";
    let asked = request.query(NAME).map(CustomerId::new).transpose();
    let asked = asked.map_err(|invalid| refusal::parameter(NAME, invalid.rule))?;
    match (subject, asked) {
        (Some(subject), Some(asked)) if subject != asked => {
            Err(refusal::forbidden("customer_id is not the token's subject. Leave it out."))
        }
        (Some(subject), _) => Ok(subject),
        (None, Some(asked)) => Ok(asked),
        (None, None) => Err(refusal::parameter(NAME, "given in the query: whose orders are to be listed")),
    }
}

fn missing(detail: &str) -> Response {
    refusal::malformed(Violation { pointer: "/customer".to_owned(), detail: detail.to_owned() })
}

/// The caller's trace context, to be handed on to the events that the request sets off.
pub(crate) fn traceparent(request: &Request) -> Option<Traceparent> {
    request.header("traceparent").and_then(|text| text.parse().ok())
}
