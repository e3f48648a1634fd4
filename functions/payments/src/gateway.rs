//! The payment gateway as a port, and how a payment's intent is performed through it.
//!
//! Knows neither gateway nor protocol behind the port.

use std::future::Future;

use semel_domain::{GatewayAnswer, GatewayCall, Payment, PaymentInput};
use semel_exactly_once::{Delivery, Perform, PerformError};

/// Whoever moves the money.
pub trait Gateway: Send + Sync {
    /// Performs `call`, once per [`GatewayCall::idempotency_key`]: a repetition answers what the first one did.
    ///
    /// A definite no is an answer. A transient error means that nothing is known, and the call is repeated with the
    /// same key; a fatal one that repeating is of no use until somebody has looked.
    fn call(
        &self,
        call: &GatewayCall,
        attempt: Attempt,
    ) -> impl Future<Output = Result<GatewayAnswer, PerformError>> + Send;
}

/// Whether a call may have been made before, for gateways that forget their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The order's payment was opened in this very invocation: nobody can have called for it earlier.
    First,
    /// The payment was opened earlier, nobody knows how long ago, and whoever did so may have called.
    Repeated,
}

/// A payment's intents, performed by a gateway.
#[derive(Debug)]
pub struct Asking<'a, G> {
    /// Who is asked.
    pub gateway: &'a G,
    /// Whether that may have happened before.
    pub attempt: Attempt,
}

impl<G: Gateway> Perform<Payment> for Asking<'_, G> {
    async fn perform(&self, call: &GatewayCall) -> Result<Delivery<PaymentInput>, PerformError> {
        Ok(call.answered(self.gateway.call(call, self.attempt).await?))
    }
}

/// The gateway that the configuration names.
#[derive(Debug)]
pub enum Chosen<A, B> {
    /// Keeps a ledger and moves no money.
    Simulated(A),
    /// Charges cards.
    Stripe(B),
}

impl<A: Gateway, B: Gateway> Gateway for Chosen<A, B> {
    async fn call(&self, call: &GatewayCall, attempt: Attempt) -> Result<GatewayAnswer, PerformError> {
        match self {
            Self::Simulated(gateway) => gateway.call(call, attempt).await,
            Self::Stripe(gateway) => gateway.call(call, attempt).await,
        }
    }
}
