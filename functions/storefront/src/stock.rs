//! `GET /stock` and `GET /stock/{sku}`: what is for sale, at which price, and how much of it is left.

use semel_contracts::Sku;
use semel_contracts::api::StockList;
use semel_exactly_once::{AggregateStore, Clock};
use semel_lambda::http::{Request, Response};

use crate::handler::{Answer, Storefront};
use crate::page::{Paging, Position};
use crate::ports::{Catalogue, History};
use crate::{refusal, view};

impl<S: AggregateStore, C: Clock, H: History, K: Catalogue> Storefront<S, C, H, K> {
    /// One page of the catalogue.
    pub(crate) async fn list_stock(&self, request: &Request) -> Answer {
        let page = self.catalogue.page(&Paging::of(request)?).await;
        let page = page.map_err(|error| refusal::not_read(&error))?;
        let stock = page.entries.iter().map(view::stock_level).collect();
        let next = page.next.as_ref().map(Position::token);
        Ok(Response::json(200, &StockList { stock, next }))
    }

    /// One article.
    pub(crate) async fn read_stock(&self, request: &Request) -> Answer {
        let sku: Sku = request
            .path_parameter("sku")
            .unwrap_or_default()
            .parse()
            .map_err(|invalid| refusal::path("sku", invalid))?;
        let articles = self.catalogue.articles(std::slice::from_ref(&sku)).await;
        let articles = articles.map_err(|error| refusal::not_read(&error))?;
        match articles.first() {
            Some(article) => Ok(Response::json(200, &view::stock_level(article))),
            None => Err(refusal::not_found(format!("There is no article {sku}."))),
        }
    }
}
