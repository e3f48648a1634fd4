//! Orders after they were placed: read, listed, cancelled. An order of somebody else is an order that is not there.

use semel_contracts::api::OrderList;
use semel_contracts::{EventId, OrderId};
use semel_domain::{Order, OrderInput, OrderRejection, OrderStatus};
use semel_exactly_once::{AggregateStore, Clock, Current, Delivery, Known, Verdict};
use semel_lambda::http::{Request, Response};

use crate::handler::{Answer, Storefront};
use crate::page::{Paging, Position};
use crate::ports::{Catalogue, History};
use crate::{caller, refusal, view};

impl<S: AggregateStore, C: Clock, H: History, K: Catalogue> Storefront<S, C, H, K> {
    /// `GET /orders`: one page of a customer's orders, newest first.
    pub(crate) async fn list_orders(&self, request: &Request) -> Answer {
        let customer_id = caller::listed(caller::subject(self.auth, request)?, request)?;
        let page = self.history.page(&customer_id, &Paging::of(request)?).await;
        let page = page.map_err(|error| refusal::not_read(&error))?;
        let orders = page.entries.iter().map(|(order_id, order)| view::summary(*order_id, order)).collect();
        let next = page.next.as_ref().map(Position::token);
        Ok(Response::json(200, &OrderList { orders, next }))
    }

    /// `GET /orders/{order_id}`: the whole order.
    pub(crate) async fn read_order(&self, request: &Request) -> Answer {
        let (order_id, current) = self.find(request).await?;
        Ok(Response::json(200, &view::order(order_id, &current.state)))
    }

    /// `POST /orders/{order_id}/cancel`. Asking twice is asking once; what comes of it is in the order.
    pub(crate) async fn cancel_order(&self, request: &Request) -> Answer {
        let (order_id, current) = self.find(request).await?;
        let id = EventId::derive_from(&["cancel", &order_id.to_string()]);
        let delivery =
            Delivery { id, input: OrderInput::Cancel(order_id), traceparent: caller::traceparent(request) };
        let handled = self
            .committer
            .handle::<Order>(&order_id.to_string(), Known::Current(current), &[delivery])
            .await
            .map_err(|error| refusal::not_handled(&error))?;
        let verdict = handled.verdicts.into_iter().next();
        match (verdict, handled.current) {
            (Some(Verdict::Applied | Verdict::Duplicate | Verdict::NoEffect), Some(current)) => {
                match current.state.status() {
                    // A cancellation that was accepted may still lose against the parcel.
                    OrderStatus::Shipped | OrderStatus::Completed => Err(refusal::too_late()),
                    OrderStatus::Pending
                    | OrderStatus::Confirmed
                    | OrderStatus::CancellationRequested
                    | OrderStatus::Cancelling
                    | OrderStatus::Cancelled => {
                        Ok(Response::json(202, &view::order(order_id, &current.state)))
                    }
                }
            }
            (Some(Verdict::Rejected(OrderRejection::TooLate)), _) => Err(refusal::too_late()),
            (verdict, _) => Err(refusal::broken(&format!("cancelling {order_id} ended as {verdict:?}"))),
        }
    }

    /// The order that the path names, if it is there and the caller's.
    async fn find(&self, request: &Request) -> Result<(OrderId, Current<Order>), Response> {
        let subject = caller::subject(self.auth, request)?;
        let order_id: OrderId = request
            .path_parameter("order_id")
            .unwrap_or_default()
            .parse()
            .map_err(|invalid| refusal::path("order_id", invalid))?;
        let found = self.committer.load::<Order>(&order_id.to_string()).await;
        found
            .map_err(|error| refusal::not_handled(&error))?
            .filter(|order| subject.is_none_or(|subject| subject == order.state.customer.customer_id))
            .map(|order| (order_id, order))
            .ok_or_else(|| refusal::not_found(format!("There is no order {order_id}.")))
    }
}
