//! Who sends over HTTP: the subject of a token that API Gateway has checked, or anyone.

use semel_contracts::CustomerId;
use semel_contracts::api::Problem;
use semel_lambda::http::{Request, Response};

/// How clients say who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// By a token: an event may name its subject as the customer, or nobody.
    Jwt,
    /// Not at all: what an event says of its customer is believed.
    Anonymous,
}

/// The token's subject; `None` where there are no tokens.
pub(crate) fn subject(auth: Auth, request: &Request) -> Result<Option<CustomerId>, Response> {
    match auth {
        Auth::Anonymous => Ok(None),
        Auth::Jwt => {
            let subject = request.claim("sub").ok_or_else(|| {
                let problem = Problem::new(401, "Unauthorized", "The token names no subject (sub).");
                Response::from(problem).with_header("www-authenticate", "Bearer")
            })?;
            let subject = CustomerId::new(subject).map_err(|invalid| {
                Response::from(Problem::new(403, "Forbidden", format!("The token's subject: {invalid}.")))
            })?;
            Ok(Some(subject))
        }
    }
}
