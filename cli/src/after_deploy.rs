//! What happens once a stack is up and before the person is told so: goods in the catalogue, and a first order.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use semel_aws::operator::Operator;
use semel_contracts::Timestamp;

use crate::documents;
use crate::error::Error;
use crate::phase::Phase;
use crate::project::Project;
use crate::runtime;
use crate::shop;
use crate::stack::Stack;

/// Fills the catalogue.
pub fn fill_catalogue(stack: &Stack) -> Result<(), Error> {
    Phase::run("fill the catalogue", |phase| {
        let runtime = runtime::new()?;
        let table = stack.output("InventoryTableName")?;
        let listed = runtime.block_on(async {
            let operator = Operator::connect(&stack.region, Some(&stack.endpoint)).await;
            shop::fill(&operator, table, now()).await
        })?;
        phase.detail(&format!("{listed} articles listed"));
        Ok(())
    })
}

/// Places a first order and shows its life, then where everything is.
pub fn first_order(project: &Project, stack: &Stack) -> Result<(), Error> {
    let client = shop::Client::new(&stack.api_url()?);
    let order_id = shop::place(&client)?;
    println!("\n  order {order_id}");
    shop::watch(&client, &order_id)?;
    let catalogue = documents::write_catalogue(project)?;
    show_addresses(stack, &order_id, &catalogue)
}

fn show_addresses(stack: &Stack, order_id: &str, catalogue: &Path) -> Result<(), Error> {
    let api = stack.api_url()?;
    println!();
    println!("  API        {api}");
    println!("  the order  {api}/orders/{order_id}");
    println!("  stock      {api}/stock");
    println!("  AWS        {}   (any key; region {})", stack.endpoint, stack.region);
    println!("  e-mail     {}/_ministack/ses/messages", stack.endpoint);
    println!("  queues     {}/_ministack/sqs/messages", stack.endpoint);
    println!("  processes  {}/_semel/workers", stack.endpoint);
    println!("  events     file://{}", catalogue.display());
    println!();
    Ok(())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
