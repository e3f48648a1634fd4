//! What the platform holds after the run, read from where it is kept: tables, queues, mail and logs.

use std::collections::BTreeMap;

use semel_aws::dynamodb::{Item, number, text};
use semel_aws::operator::{DeadLetter, Operator};
use semel_domain::{Order, Payment, Reservation, Shipment};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine_http;
use crate::error::Error;
use crate::stack::Stack;

/// The services that consume a queue, by the prefix of their outputs.
pub const CONSUMERS: [&str; 5] = ["Orders", "Payments", "Inventory", "Shipping", "Notifications"];
/// Every function that an order needs, likewise.
const FUNCTIONS: [&str; 8] =
    ["Storefront", "Orders", "Payments", "Inventory", "Shipping", "Notifications", "Relay", "Sweeper"];
/// The one that orders pay for too where there is Kafka.
const KAFKA_RELAY: &str = "KafkaRelayFunctionName";

/// An entry of the simulated gateway's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The order.
    pub order_id: String,
    /// What was done: `authorize`, `capture`, `void` or `refund`.
    pub operation: String,
    /// How much, in minor units.
    pub amount: i64,
    /// In which currency.
    pub currency: String,
    /// Whether the gateway said no.
    pub refused: bool,
}

/// A mail that left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
}

/// Everything that is looked at.
#[derive(Debug, Default)]
pub struct Collected {
    /// Orders by id, and likewise what the other services keep for them.
    pub orders: BTreeMap<String, Order>,
    /// Payments.
    pub payments: BTreeMap<String, Payment>,
    /// Reservations.
    pub reservations: BTreeMap<String, Reservation>,
    /// Shipments.
    pub shipments: BTreeMap<String, Shipment>,
    /// The gateway's books.
    pub bookings: Vec<Booking>,
    /// Free units by SKU.
    pub available: BTreeMap<String, u64>,
    /// Mails.
    pub mails: Vec<Mail>,
    /// Dead letters by queue: how many, and the first few.
    pub dead_letters: BTreeMap<String, (u64, Vec<DeadLetter>)>,
    /// The wide line of every invocation that lived to write it.
    pub invocations: Vec<Value>,
}

/// Reads it all.
pub async fn everything(operator: &Operator, stack: &Stack, port: u16) -> Result<Collected, Error> {
    let inventory = read(operator, stack, "InventoryTableName").await?;
    let mut collected = Collected {
        orders: orders(operator, stack).await?,
        payments: states(&read(operator, stack, "PaymentsTableName").await?, "payment#")?,
        reservations: states(&inventory, "reservation#")?,
        shipments: states(&read(operator, stack, "ShipmentsTableName").await?, "shipment#")?,
        available: inventory.iter().filter_map(available).collect(),
        bookings: read(operator, stack, "GatewayLedgerTableName").await?.iter().filter_map(booking).collect(),
        mails: mails(port)?,
        ..Collected::default()
    };
    for consumer in CONSUMERS {
        let url = stack.output(&format!("{consumer}DeadLettersUrl"))?;
        let depth = operator.depth(url).await.map_err(failed)?.total();
        let letters = if depth > 0 { operator.dead_letters(url).await.map_err(failed)? } else { Vec::new() };
        collected.dead_letters.insert(consumer.to_lowercase(), (depth, letters));
    }
    let mut functions = Vec::new();
    for function in FUNCTIONS {
        functions.push(stack.output(&format!("{function}FunctionName"))?);
    }
    functions.extend(stack.outputs.get(KAFKA_RELAY).map(String::as_str));
    for function in functions {
        let group = format!("/aws/lambda/{function}");
        collected.invocations.extend(operator.log_lines(&group, "invocation").await.map_err(failed)?);
    }
    Ok(collected)
}

/// Every order by its id.
pub async fn orders(operator: &Operator, stack: &Stack) -> Result<BTreeMap<String, Order>, Error> {
    states(&read(operator, stack, "OrdersTableName").await?, "order#")
}

/// Messages that wait in any consumer's queue.
pub async fn waiting(operator: &Operator, stack: &Stack) -> Result<u64, Error> {
    let mut waiting = 0;
    for consumer in CONSUMERS {
        let url = stack.output(&format!("{consumer}QueueUrl"))?;
        waiting += operator.depth(url).await.map_err(failed)?.total();
    }
    Ok(waiting)
}

async fn read(operator: &Operator, stack: &Stack, output: &str) -> Result<Vec<Item>, Error> {
    operator.items(stack.output(output)?).await.map_err(failed)
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failed(error: semel_aws::AwsError) -> Error {
    Error::chain("cannot look into the stack", &error)
}

fn states<S: DeserializeOwned>(items: &[Item], prefix: &str) -> Result<BTreeMap<String, S>, Error> {
    let aggregates = items.iter().filter_map(|item| Some((text(item, "pk")?.strip_prefix(prefix)?, item)));
    aggregates
        // Ids that were spilled have items of their own below their aggregate's key.
        .filter(|(id, _)| !id.contains('/'))
        .map(|(id, item)| {
            let state = serde_json::from_str(text(item, "state").unwrap_or_default());
            let state =
                state.map_err(|error| Error::Unexpected(format!("{prefix}{id} cannot be read: {error}")))?;
            Ok((id.to_owned(), state))
        })
        .collect()
}

fn available(item: &Item) -> Option<(String, u64)> {
    let sku = text(item, "pk")?.strip_prefix("sku#")?;
    Some((sku.to_owned(), number(item, "available")?))
}

fn booking(item: &Item) -> Option<Booking> {
    let (order_id, operation) = text(item, "pk")?.split_once('/')?;
    Some(Booking {
        order_id: order_id.to_owned(),
        operation: operation.to_owned(),
        amount: number(item, "amount")?,
        currency: text(item, "currency")?.to_owned(),
        refused: text(item, "result")?.starts_with("declined "),
    })
}

fn mails(port: u16) -> Result<Vec<Mail>, Error> {
    let answer = engine_http::get(port, "/_ministack/ses/messages")
        .map_err(|error| Error::Unexpected(format!("the engine does not show its mail: {error}")))?;
    let accounts = answer["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
    let mails = accounts.flat_map(|mails| mails.as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(mails.map(|mail| Mail { to: text(&mail["To"][0]), subject: text(&mail["Subject"]) }).collect())
}
