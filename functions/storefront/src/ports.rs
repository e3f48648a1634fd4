//! What the storefront reads beside the orders themselves, as ports, and the tables behind them.

use std::future::Future;

use semel_aws::dynamodb::{DynamoCatalogue, DynamoReads, IndexQuery};
use semel_contracts::{CustomerId, OrderId, Sku};
use semel_domain::{Order, StockItem};
use semel_exactly_once::{Aggregate, Class, StoreError};

use crate::page::{Paging, Position};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// What is on it.
    pub entries: Vec<T>,
    /// Where it ended, if there may be more.
    pub next: Option<Position<K>>,
}

/// What is for sale.
pub trait Catalogue: Send + Sync {
    /// The articles with these SKUs, in no particular order; those that are not for sale are left out.
    fn articles(&self, skus: &[Sku]) -> impl Future<Output = Result<Vec<StockItem>, StoreError>> + Send;

    /// One page of everything.
    fn page(
        &self,
        paging: &Paging<Sku>,
    ) -> impl Future<Output = Result<Page<StockItem, Sku>, StoreError>> + Send;
}

/// The orders of each customer.
pub trait History: Send + Sync {
    /// One page of a customer's orders, newest first. One that was placed a moment ago may be missing.
    fn page(
        &self,
        customer_id: &CustomerId,
        paging: &Paging<OrderId>,
    ) -> impl Future<Output = Result<Page<(OrderId, Order), OrderId>, StoreError>> + Send;
}

impl Catalogue for DynamoCatalogue {
    async fn articles(&self, skus: &[Sku]) -> Result<Vec<StockItem>, StoreError> {
        self.articles(skus).await
    }

    async fn page(&self, paging: &Paging<Sku>) -> Result<Page<StockItem, Sku>, StoreError> {
        let after = paging.after.as_ref().map(|position| (&position.id, position.at));
        let page = self.page(paging.limit, after).await?;
        let next = page.next.map(|(id, at)| Position { id, at });
        Ok(Page { entries: page.articles, next })
    }
}

impl History for DynamoReads {
    async fn page(
        &self,
        customer_id: &CustomerId,
        paging: &Paging<OrderId>,
    ) -> Result<Page<(OrderId, Order), OrderId>, StoreError> {
        let after = paging.after.as_ref().map(|position| (order_key(position.id), position.at));
        let query = IndexQuery {
            index: "by-customer",
            partition: ("customer_id", customer_id.as_str()),
            sort: "placed_at",
            up_to: None,
            newest_first: true,
            limit: paging.limit.into(),
            after: after.as_ref().map(|(key, at)| (key.as_str(), *at)),
        };
        let page = self.query(&query).await?;
        let mut found = self.aggregates(&page.keys).await?;
        let mut entries = Vec::with_capacity(page.keys.len());
        // A batch comes in no order.
        for key in &page.keys {
            let Some(at) = found.iter().position(|(of, _)| of == key) else { continue };
            let (_, stored) = found.swap_remove(at);
            let order = serde_json::from_str(&stored.state).map_err(|error| unreadable(key, error))?;
            entries.push((order_id(key)?, order));
        }
        let next = page.next.map(|(key, at)| Ok(Position { id: order_id(&key)?, at })).transpose()?;
        Ok(Page { entries, next })
    }
}

fn order_key(order_id: OrderId) -> String {
    Order::key(&order_id.to_string())
}

fn order_id(key: &str) -> Result<OrderId, StoreError> {
    let id = key.split_once('#').map_or(key, |(_, id)| id);
    id.parse().map_err(|error| unreadable(key, error))
}

fn unreadable(key: &str, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError {
        class: Class::Fatal,
        operation: "reading an order of a list",
        key: key.to_owned(),
        source: Box::new(source),
    }
}
