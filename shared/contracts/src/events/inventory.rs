//! Events of the inventory service: the stock of an order.

use serde::{Deserialize, Serialize};

use crate::{Lines, OrderId, StockLine};

/// All units of the order are held for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InventoryReserved {
    /// The order.
    pub order_id: OrderId,
    /// What is held.
    pub lines: Lines<StockLine>,
}

/// Some article is short; nothing is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InventoryRejected {
    /// The order.
    pub order_id: OrderId,
    /// Which articles are short, and how many units of each are missing.
    pub shortages: Lines<StockLine>,
}

/// The units that were held are for sale again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InventoryReleased {
    /// The order.
    pub order_id: OrderId,
    /// What was released; empty if the cancellation came before anything was held.
    #[serde(deserialize_with = "crate::lines::at_most_50")]
    #[cfg_attr(feature = "schema", schemars(length(max = 50)))]
    pub lines: Vec<StockLine>,
}

crate::strict::object!(InventoryReserved, InventoryRejected, InventoryReleased);
