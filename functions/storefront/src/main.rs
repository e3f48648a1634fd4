//! The storefront function: customers place, read and cancel orders, and look at what is for sale. Wiring only.

use semel_exactly_once::Committer;
use semel_lambda::config::WINDOW_SECONDS;
use storefront::{Auth, DEADLINE_SECONDS, Storefront};

fn main() -> std::process::ExitCode {
    semel_lambda::run_http(|start| async move {
        let orders = start.env.text("ORDERS_TABLE", "semel-orders")?;
        let inventory = start.env.text("INVENTORY_TABLE", "semel-inventory")?;
        let window = start.env.seconds("DEDUPLICATION_WINDOW_SECONDS", WINDOW_SECONDS, 300)?;
        Ok(Storefront {
            committer: Committer::new(start.aws.aggregates(&orders), start.clock, window),
            history: start.aws.reads(orders),
            catalogue: start.aws.catalogue(inventory),
            auth: start.env.choice("API_AUTH", &[("jwt", Auth::Jwt), ("anonymous", Auth::Anonymous)])?,
            deadline: start.env.seconds("ORDER_DEADLINE_SECONDS", DEADLINE_SECONDS, 900)?,
        })
    })
}
