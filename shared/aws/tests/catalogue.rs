//! What is for sale: listed once, restocked once for each delivery, and found by SKU and page by page.

use semel_aws::Aws;
use semel_aws::dynamodb::{DynamoCatalogue, Restocked};
use semel_contracts::{Currency, EventId, MinorUnits, Quantity, Sku, Timestamp};
use semel_domain::StockItem;
use semel_testkit::LocalDynamo;

const TABLE: &str = "InventoryTable";

fn sku(text: &str) -> Sku {
    text.parse().expect("a SKU")
}

fn units(count: u32) -> Quantity {
    Quantity::new(count).expect("a quantity")
}

fn article(text: &str, available: u64) -> StockItem {
    StockItem {
        sku: sku(text),
        name: format!("The {text}"),
        unit_amount: MinorUnits::new(1_450).expect("an amount"),
        currency: Currency::EUR,
        available,
    }
}

async fn catalogue(dynamo: &LocalDynamo) -> DynamoCatalogue {
    Aws::local(dynamo.endpoint()).await.catalogue(TABLE)
}

#[tokio::test]
async fn an_article_is_listed_once_and_read_as_it_was_listed() {
    let dynamo = LocalDynamo::start().await;
    let catalogue = catalogue(&dynamo).await;
    assert!(catalogue.list(&article("MUG", 5), Timestamp::from_secs(1)).await.expect("an answer"));
    assert!(!catalogue.list(&article("MUG", 9), Timestamp::from_secs(2)).await.expect("an answer"));

    let found = catalogue.articles(&[sku("MUG"), sku("CAP"), sku("MUG")]).await.expect("articles");
    assert_eq!(found, [article("MUG", 5)]);
    assert_eq!(catalogue.articles(&[]).await.expect("articles"), []);
}

#[tokio::test]
async fn a_delivery_is_counted_once() {
    let dynamo = LocalDynamo::start().await;
    let catalogue = catalogue(&dynamo).await;
    catalogue.list(&article("MUG", 5), Timestamp::from_secs(1)).await.expect("listed");
    let delivery = EventId::derive_from(&["delivery", "1"]);
    let restock = async |text: &str, count, id| {
        catalogue.restock(&sku(text), units(count), id).await.expect("an answer")
    };
    assert_eq!(restock("MUG", 3, delivery).await, Restocked::Added);
    assert_eq!(restock("MUG", 3, delivery).await, Restocked::Repeated);
    assert_eq!(restock("CAP", 3, EventId::derive_from(&["delivery", "2"])).await, Restocked::NotListed);
    assert_eq!(catalogue.articles(&[sku("MUG")]).await.expect("articles"), [article("MUG", 8)]);
    assert_eq!(dynamo.items(TABLE).len(), 2, "the article and its delivery");
}

#[tokio::test]
async fn the_catalogue_is_read_page_by_page_in_the_order_of_listing() {
    let dynamo = LocalDynamo::start().await;
    let catalogue = catalogue(&dynamo).await;
    for (at, text) in (1..).zip(["TEE", "MUG", "CAP"]) {
        catalogue.list(&article(text, 5), Timestamp::from_secs(at)).await.expect("listed");
    }
    catalogue.restock(&sku("CAP"), units(1), EventId::derive_from(&["d"])).await.expect("restocked");

    let first = catalogue.page(2, None).await.expect("a page");
    assert_eq!(first.articles, [article("TEE", 5), article("MUG", 5)]);
    let (last, listed_at) = first.next.expect("there is more");
    assert_eq!((&last, listed_at), (&sku("MUG"), 2_000));
    let second = catalogue.page(2, Some((&last, listed_at))).await.expect("a page");
    assert_eq!((second.articles, second.next), (vec![article("CAP", 6)], None));
}
