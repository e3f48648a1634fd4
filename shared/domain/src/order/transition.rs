//! How an order moves: which step is due given where it and its legs stand, what a request or a fact changes, and what
//! is emitted on the way.

use semel_contracts::events::{
    CancellationReason, OrderCancellationRequested, OrderCancelled, OrderConfirmed,
};
use semel_contracts::{Event, OrderId, Timestamp};

use super::{Milestone, Order, OrderRejection, OrderStatus, PaymentLeg, ShipmentLeg, StockLeg};

/// What an order does of itself, given where it and its legs stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Confirm,
    RequestCancellation(CancellationReason),
    Cancel(CancellationReason),
    FinishCancelling,
    Ship,
    Complete,
}

impl Order {
    /// The step that is due. Statuses only move forwards, so steps come to an end.
    fn due_step(&self) -> Option<Step> {
        match self.status() {
            OrderStatus::Pending => self.due_while_pending(),
            OrderStatus::Confirmed => match (self.payment(), self.shipment()) {
                (PaymentLeg::Declined | PaymentLeg::Voided | PaymentLeg::Refunded, _) => {
                    Some(Step::RequestCancellation(CancellationReason::PaymentFailed))
                }
                (_, ShipmentLeg::Cancelled) => Some(Step::Cancel(CancellationReason::Undeliverable)),
                (_, ShipmentLeg::Dispatched | ShipmentLeg::Delivered) => Some(Step::Ship),
                (_, ShipmentLeg::None | ShipmentLeg::Created) => None,
            },
            OrderStatus::CancellationRequested => match self.shipment() {
                ShipmentLeg::Cancelled => {
                    // The reason was noted with the request.
                    Some(Step::Cancel(
                        self.cancellation_reason.unwrap_or(CancellationReason::CustomerRequest),
                    ))
                }
                ShipmentLeg::Dispatched | ShipmentLeg::Delivered => Some(Step::Ship),
                ShipmentLeg::None | ShipmentLeg::Created => None,
            },
            OrderStatus::Cancelling => match (self.payment(), self.stock()) {
                (
                    PaymentLeg::Declined | PaymentLeg::Voided | PaymentLeg::Refunded,
                    StockLeg::Rejected | StockLeg::Released,
                ) => Some(Step::FinishCancelling),
                (PaymentLeg::Awaited | PaymentLeg::Authorized | PaymentLeg::Captured, _)
                | (_, StockLeg::Awaited | StockLeg::Reserved) => None,
            },
            OrderStatus::Shipped => {
                let done =
                    self.payment() == PaymentLeg::Captured && self.shipment() == ShipmentLeg::Delivered;
                done.then_some(Step::Complete)
            }
            OrderStatus::Cancelled | OrderStatus::Completed => None,
        }
    }

    fn due_while_pending(&self) -> Option<Step> {
        match (self.payment(), self.stock()) {
            (PaymentLeg::Declined, _) => Some(Step::Cancel(CancellationReason::PaymentDeclined)),
            // Only a cancelled order is voided or refunded. Should it happen at the gateway, the money is gone.
            (PaymentLeg::Voided | PaymentLeg::Refunded, _) => {
                Some(Step::Cancel(CancellationReason::PaymentFailed))
            }
            (_, StockLeg::Rejected | StockLeg::Released) => {
                Some(Step::Cancel(CancellationReason::OutOfStock))
            }
            (PaymentLeg::Authorized | PaymentLeg::Captured, StockLeg::Reserved) => Some(Step::Confirm),
            (PaymentLeg::Awaited, StockLeg::Awaited | StockLeg::Reserved)
            | (PaymentLeg::Authorized | PaymentLeg::Captured, StockLeg::Awaited) => None,
        }
    }
}

/// An order on its way to the next state, with what it emits.
pub(super) struct Transition {
    pub order: Order,
    pub order_id: OrderId,
    pub now: Timestamp,
    pub events: Vec<Event>,
}

impl Transition {
    /// The customer wants it cancelled; answers whether that changes anything.
    pub fn cancel(&mut self) -> Result<bool, OrderRejection> {
        let reason = CancellationReason::CustomerRequest;
        let step = match self.order.status() {
            OrderStatus::Pending => Step::Cancel(reason),
            OrderStatus::Confirmed => Step::RequestCancellation(reason),
            OrderStatus::CancellationRequested | OrderStatus::Cancelling | OrderStatus::Cancelled => {
                return Ok(false);
            }
            OrderStatus::Shipped | OrderStatus::Completed => return Err(OrderRejection::TooLate),
        };
        self.take(step);
        Ok(true)
    }

    /// The sweeper found its deadline passed; answers whether that changes anything.
    pub fn expire(&mut self) -> bool {
        let due = self.order.status() == OrderStatus::Pending && self.now >= self.order.deadline;
        if due {
            self.take(Step::Cancel(CancellationReason::DeadlinePassed));
        }
        due
    }

    /// Another service told what happened; answers whether that is news.
    pub fn learn(&mut self, event: &Event) -> Result<bool, OrderRejection> {
        let milestone = match event {
            Event::PaymentAuthorized(_) => Milestone::PaymentAuthorized,
            // Which of the two was refused follows from where the order stands: nothing is captured before it is
            // confirmed.
            Event::PaymentDeclined(_) => Milestone::PaymentDeclined,
            Event::PaymentProcessed(_) => Milestone::PaymentCaptured,
            Event::PaymentVoided(_) => Milestone::PaymentVoided,
            Event::PaymentRefunded(_) => Milestone::PaymentRefunded,
            Event::InventoryReserved(_) => Milestone::StockReserved,
            Event::InventoryRejected(_) => Milestone::StockRejected,
            Event::InventoryReleased(_) => Milestone::StockReleased,
            Event::ShipmentCreated(_) => Milestone::ShipmentCreated,
            Event::ShipmentDispatched(_) => Milestone::ShipmentDispatched,
            Event::ShipmentDelivered(_) => Milestone::ShipmentDelivered,
            Event::ShipmentCancelled(_) => Milestone::ShipmentCancelled,
            Event::OrderCreated(_)
            | Event::OrderConfirmed(_)
            | Event::OrderCancellationRequested(_)
            | Event::OrderCancelled(_) => return Err(OrderRejection::NotAFact(event.kind())),
        };
        // Even a late or repeated telling of the dispatch may be the first to bring the number.
        let mut numbered = false;
        if let (Event::ShipmentDispatched(dispatched), None) = (event, &self.order.tracking_number) {
            self.order.tracking_number = Some(dispatched.tracking_number.clone());
            numbered = true;
        }
        let moved = !self.order.status().is_final() && self.order.timeline.advances(milestone);
        if moved {
            self.reach(milestone);
        }
        Ok(moved || numbered)
    }

    /// Takes every step that is due.
    pub fn settle(&mut self) {
        while let Some(step) = self.order.due_step() {
            self.take(step);
        }
    }

    fn take(&mut self, step: Step) {
        let order_id = self.order_id;
        let Order { customer, lines, total, shipping_method, ship_to, .. } = &self.order;
        match step {
            Step::Confirm => {
                self.events.push(Event::OrderConfirmed(OrderConfirmed {
                    order_id,
                    customer: customer.clone(),
                    lines: lines.clone(),
                    total: *total,
                    shipping_method: *shipping_method,
                    ship_to: ship_to.clone(),
                }));
                self.reach(Milestone::Confirmed);
            }
            Step::RequestCancellation(reason) => {
                self.events.push(OrderCancellationRequested { order_id, reason }.into());
                self.order.cancellation_reason = Some(reason);
                self.reach(Milestone::CancellationRequested);
            }
            Step::Cancel(reason) => {
                let cancelled =
                    OrderCancelled { order_id, customer: customer.clone(), total: *total, reason };
                self.events.push(cancelled.into());
                self.order.cancellation_reason = Some(reason);
                self.reach(Milestone::Cancelling);
            }
            Step::FinishCancelling => self.reach(Milestone::Cancelled),
            Step::Ship => self.reach(Milestone::Shipped),
            Step::Complete => self.reach(Milestone::Completed),
        }
    }

    fn reach(&mut self, milestone: Milestone) {
        self.order.timeline.push(milestone, self.order.placed_at, self.now);
    }
}
