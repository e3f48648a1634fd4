//! Which request is answered by what. A refusal is an answer like any other; nothing panics on what a caller sends.
//!
//! Knows routes only: each has its own file.

use std::time::Duration;

use semel_exactly_once::{AggregateStore, Clock, Committer};
use semel_lambda::http::{Api, Request, Response};

use crate::caller::Auth;
use crate::ports::{Catalogue, History};
use crate::refusal;

/// The HTTP API.
pub struct Storefront<S, C, H, K> {
    /// Orders, each changed once for each request.
    pub committer: Committer<S, C>,
    /// The orders of a customer.
    pub history: H,
    /// What is for sale.
    pub catalogue: K,
    /// How callers say who they are.
    pub auth: Auth,
    /// How long money and stock of an order may take to be secured.
    pub deadline: Duration,
}

/// An answer, or the one that came instead of it.
pub(crate) type Answer = Result<Response, Response>;

impl<S: AggregateStore, C: Clock, H: History, K: Catalogue> Api for Storefront<S, C, H, K> {
    const NAME: &'static str = "storefront";

    async fn handle(&self, request: Request) -> Response {
        let answer = match request.route() {
            "POST /orders" => self.place(&request).await,
            "GET /orders" => self.list_orders(&request).await,
            "GET /orders/{order_id}" => self.read_order(&request).await,
            "POST /orders/{order_id}/cancel" => self.cancel_order(&request).await,
            "GET /stock" => self.list_stock(&request).await,
            "GET /stock/{sku}" => self.read_stock(&request).await,
            _ => Err(unrouted(&request)),
        };
        answer.unwrap_or_else(|refusal| refusal)
    }
}

/// API Gateway answers for paths that it does not know; this is for a route that it was given and this program was not.
fn unrouted(request: &Request) -> Response {
    let path: Vec<&str> = request.path().split('/').skip(1).collect();
    let allowed = match path.as_slice() {
        ["orders"] => "GET, POST",
        ["orders", _, "cancel"] => "POST",
        ["orders" | "stock", _] | ["stock"] => "GET",
        _ => return refusal::not_found("There is nothing at this path."),
    };
    refusal::method_not_allowed(allowed)
}

#[cfg(test)]
mod tests;
