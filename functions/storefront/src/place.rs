//! `POST /orders`: an order is placed once for each (caller, idempotency key).
//!
//! The order's id is derived from the two, so the order is its own idempotency record: it is put if absent, without
//! a read before and without a record beside it. What the item holds of the request is a fingerprint, which tells a
//! repetition from another request under the same key.
//!
//! A repetition is answered from the order that exists. It compares requests, not quotes, so it holds when prices
//! have changed since; and when the catalogue cannot price it any more, the order is looked for before refusing.

use std::ops::RangeInclusive;

use semel_contracts::api::{self, decode_command};
use semel_contracts::events::Customer;
use semel_contracts::{EventId, OrderId, Sku, Traceparent};
use semel_domain::{Order, OrderInput, OrderRejection, PlaceOrder, Quote, QuoteError, quote};
use semel_exactly_once::{AggregateStore, Clock, Delivery, Known, Verdict, fingerprint};
use semel_lambda::http::{Request, Response};

use crate::handler::{Answer, Storefront};
use crate::ports::{Catalogue, History};
use crate::{caller, refusal, view};

/// What an order's deadline may be: a minute to a week, as long as card authorisations last.
pub const DEADLINE_SECONDS: RangeInclusive<u32> = 60..=604_800;

/// Longest idempotency key; a UUID has 36 characters.
const KEY_CHARS_MAX: usize = 255;

impl<S: AggregateStore, C: Clock, H: History, K: Catalogue> Storefront<S, C, H, K> {
    /// Places an order, or answers again for the one that was placed.
    pub(crate) async fn place(&self, request: &Request) -> Answer {
        let subject = caller::subject(self.auth, request)?;
        let key = idempotency_key(request)?;
        let command = decode_command(&request.body()?).map_err(refusal::malformed)?;
        let customer = caller::customer(subject, request, command.customer.as_ref())?;
        let order_id = OrderId::derive(customer.customer_id.as_str(), key);
        let print = print_of(&command)?;
        match self.price(&command).await {
            Ok(quote) => {
                let order = self.order(order_id, customer, command, quote, print);
                self.put(order, caller::traceparent(request)).await
            }
            Err(refusal) => self.answer_again(order_id, &print).await?.ok_or(refusal),
        }
    }

    /// Prices the command from the catalogue: one batch of reads.
    async fn price(&self, command: &api::PlaceOrder) -> Result<Quote, Response> {
        let skus: Vec<Sku> = command.lines.iter().map(|line| line.sku.clone()).collect();
        let articles = self.catalogue.articles(&skus).await.map_err(|error| refusal::not_read(&error))?;
        let quote = quote(&command.lines, &articles).map_err(|error| unpriced(&error, &skus))?;
        match command.expected_total {
            Some(expected) if expected != quote.total => {
                let detail = format!("the total is {} {}", quote.total.amount(), quote.total.currency());
                Err(refusal::unprocessable("Another price", "/expected_total", detail))
            }
            Some(_) | None => Ok(quote),
        }
    }

    fn order(
        &self,
        order_id: OrderId,
        customer: Customer,
        command: api::PlaceOrder,
        quote: Quote,
        fingerprint: String,
    ) -> PlaceOrder {
        PlaceOrder {
            order_id,
            customer,
            lines: quote.lines,
            total: quote.total,
            shipping_method: command.shipping_method,
            ship_to: command.ship_to,
            payment_method: command.payment_method,
            fingerprint,
            deadline: self.committer.clock().now().saturating_add(self.deadline),
        }
    }

    /// The one write. That the order is there already is no error: it says what this request comes to.
    async fn put(&self, order: PlaceOrder, traceparent: Option<Traceparent>) -> Answer {
        let order_id = order.order_id;
        // The fingerprint is in the id: another request under the same key is no duplicate, but refused.
        let id = EventId::derive_from(&["place", &order_id.to_string(), &order.fingerprint]);
        let delivery = Delivery { id, input: OrderInput::Place(Box::new(order)), traceparent };
        let handled = self
            .committer
            .handle::<Order>(&order_id.to_string(), Known::Absent, &[delivery])
            .await
            .map_err(|error| refusal::not_handled(&error))?;
        match (handled.verdicts.into_iter().next(), handled.current) {
            (Some(Verdict::Applied), Some(order)) => Ok(accepted(order_id, &order.state)),
            (Some(Verdict::Duplicate | Verdict::NoEffect), Some(order)) => Ok(again(order_id, &order.state)),
            (Some(Verdict::Rejected(OrderRejection::KeyReused)), _) => Err(refusal::key_reused()),
            (verdict, _) => Err(refusal::broken(&format!("placing {order_id} ended as {verdict:?}"))),
        }
    }

    /// What was answered the first time, if there was one.
    async fn answer_again(&self, order_id: OrderId, print: &str) -> Result<Option<Response>, Response> {
        let order = self.committer.load::<Order>(&order_id.to_string()).await;
        match order.map_err(|error| refusal::not_handled(&error))? {
            None => Ok(None),
            Some(order) if order.state.fingerprint == print => Ok(Some(again(order_id, &order.state))),
            Some(_) => Err(refusal::key_reused()),
        }
    }
}

fn accepted(order_id: OrderId, order: &Order) -> Response {
    Response::json(201, &view::accepted(order_id, order))
        .with_header("location", format!("/orders/{order_id}"))
}

fn again(order_id: OrderId, order: &Order) -> Response {
    accepted(order_id, order).with_header("idempotency-replayed", "true")
}

fn idempotency_key(request: &Request) -> Result<&str, Response> {
    let visible = |key: &&str| {
        (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let rule = "given as a header: 1 to 255 visible ASCII characters without spaces, new for each order and the same \
                for its repetitions, such as a UUID";
    let key = request.header("idempotency-key").filter(visible);
    key.ok_or_else(|| refusal::parameter("Idempotency-Key", rule))
}

/// The fingerprint of what was asked, in one spelling: order of fields and white space do not matter.
fn print_of(command: &api::PlaceOrder) -> Result<String, Response> {
    let canonical = serde_json::to_vec(command).map_err(|error| refusal::broken(&error.to_string()))?;
    Ok(fingerprint(&canonical))
}

fn unpriced(error: &QuoteError, skus: &[Sku]) -> Response {
    let sku = |line: usize| skus.get(line).map_or("", Sku::as_str);
    match *error {
        QuoteError::UnknownSku { line } => refusal::unprocessable(
            "Unknown article",
            format!("/lines/{line}/sku"),
            format!("there is no article {}", sku(line)),
        ),
        QuoteError::MixedCurrencies { line } => refusal::unprocessable(
            "Mixed currencies",
            format!("/lines/{line}/sku"),
            format!("{} is sold in another currency than the lines before; order it apart", sku(line)),
        ),
        QuoteError::TooLarge { line } => refusal::unprocessable(
            "Total too large",
            format!("/lines/{line}/quantity"),
            "the total exceeds the largest amount of money".to_owned(),
        ),
    }
}
