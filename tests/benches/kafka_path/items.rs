//! A table in memory: as much of DynamoDB as the fence protocol asks for, and an error for anything else.
//!
//! Conditions are checked and whole transactions refused, updates are applied, a repeated token changes nothing. There
//! are no indexes, capacity units, limits or delays.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

type Item = Map<String, Value>;
/// Partition key and sort key.
type Key = (String, String);

/// The items, by partition key and sort key.
#[derive(Debug, Default)]
pub struct Items {
    items: HashMap<Key, Item>,
    tokens: HashSet<String>,
}

/// What a request was refused with: the error's name, and the rest of its body.
#[derive(Debug, PartialEq)]
pub struct Refused {
    /// As the SDK knows it.
    pub name: &'static str,
    /// The message, and the reasons of a transaction.
    pub body: Value,
}

fn invalid(message: &str) -> Refused {
    Refused { name: "ValidationException", body: json!({ "message": message }) }
}

impl Items {
    /// Answers a request.
    pub fn request(&mut self, operation: &str, request: &Value) -> Result<Value, Refused> {
        match operation {
            "GetItem" => {
                let item = self.items.get(&key(&request["Key"])?);
                Ok(item.map_or_else(|| json!({}), |item| json!({ "Item": item })))
            }
            "BatchGetItem" => self.batch_get(&request["RequestItems"]),
            "TransactWriteItems" => self.transact(request),
            other => Err(invalid(&format!("{other} is not known here"))),
        }
    }

    /// A number of an item, if both are there.
    pub fn number(&self, pk: &str, sk: &str, name: &str) -> Option<i64> {
        let item = self.items.get(&(pk.to_owned(), sk.to_owned()))?;
        item.get(name)?["N"].as_str()?.parse().ok()
    }

    fn batch_get(&self, tables: &Value) -> Result<Value, Refused> {
        let mut responses = Map::new();
        for (table, wanted) in tables.as_object().ok_or_else(|| invalid("no tables"))? {
            let mut found = Vec::new();
            for wanted in list(&wanted["Keys"])? {
                found.extend(self.items.get(&key(wanted)?).map(|item| Value::Object(item.clone())));
            }
            responses.insert(table.clone(), Value::Array(found));
        }
        Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
    }

    fn transact(&mut self, request: &Value) -> Result<Value, Refused> {
        let token = request["ClientRequestToken"].as_str().unwrap_or_default();
        if self.tokens.contains(token) {
            return Ok(json!({}));
        }
        let mut written = Vec::new();
        let mut codes = Vec::new();
        for write in list(&request["TransactItems"])? {
            let after = if let Some(put) = write.get("Put") {
                self.put(put)?
            } else {
                self.update(&write["Update"])?
            };
            codes.push(if after.is_some() { "None" } else { "ConditionalCheckFailed" });
            written.extend(after);
        }
        if written.len() < codes.len() {
            let reasons: Vec<Value> = codes.iter().map(|code| json!({ "Code": code })).collect();
            let body = json!({ "Message": "Transaction cancelled", "CancellationReasons": reasons });
            return Err(Refused { name: "TransactionCanceledException", body });
        }
        self.items.extend(written);
        self.tokens.insert(token.to_owned());
        Ok(json!({}))
    }

    /// The item as it is to be, or `None` if the condition does not hold.
    fn put(&self, put: &Value) -> Result<Option<(Key, Item)>, Refused> {
        let item = put["Item"].as_object().ok_or_else(|| invalid("a put without an item"))?;
        let key = key(&put["Item"])?;
        let stored = self.items.get(&key);
        let holds = match put["ConditionExpression"].as_str() {
            None => true,
            Some("attribute_not_exists(#pk)") => stored.is_none(),
            Some("#next = :from") => {
                let name = put["ExpressionAttributeNames"]["#next"].as_str().unwrap_or_default();
                stored.and_then(|item| item.get(name)) == Some(&put["ExpressionAttributeValues"][":from"])
            }
            Some(other) => return Err(invalid(&format!("the condition {other} is not known here"))),
        };
        Ok(holds.then(|| (key, item.clone())))
    }

    fn update(&self, update: &Value) -> Result<Option<(Key, Item)>, Refused> {
        let key = key(&update["Key"])?;
        let absent = || update["Key"].as_object().cloned().unwrap_or_default();
        let mut item = self.items.get(&key).cloned().unwrap_or_else(absent);
        let expression =
            update["UpdateExpression"].as_str().ok_or_else(|| invalid("an update without words"))?;
        let (sets, adds) = match expression.trim().strip_prefix("SET ") {
            Some(rest) => rest.split_once("ADD ").unwrap_or((rest, "")),
            None => ("", expression.trim().strip_prefix("ADD ").unwrap_or_default()),
        };
        let mut changed = 0;
        for (part, adds) in
            sets.split(',').map(|part| (part, false)).chain(adds.split(',').map(|part| (part, true)))
        {
            let mut words = part.split([' ', '=']).filter(|word| !word.is_empty());
            let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
            let name = update["ExpressionAttributeNames"][name]
                .as_str()
                .ok_or_else(|| invalid("an unknown name"))?;
            let value = &update["ExpressionAttributeValues"][value];
            let value = if adds { sum(item.get(name), value)? } else { value.clone() };
            item.insert(name.to_owned(), value);
            changed += 1;
        }
        if changed == 0 {
            return Err(invalid(&format!("the update {expression} is not known here")));
        }
        Ok(Some((key, item)))
    }
}

fn sum(stored: Option<&Value>, more: &Value) -> Result<Value, Refused> {
    let number = |value: &Value| value["N"].as_str().and_then(|digits| digits.parse::<i64>().ok());
    let before = stored.map_or(Some(0), number);
    let sum = before.zip(number(more)).and_then(|(before, more)| before.checked_add(more));
    let sum = sum.ok_or_else(|| invalid("a sum of what is no number"))?;
    Ok(json!({ "N": sum.to_string() }))
}

fn list(value: &Value) -> Result<&Vec<Value>, Refused> {
    value.as_array().ok_or_else(|| invalid("a list is missing"))
}

fn key(item: &Value) -> Result<Key, Refused> {
    let text = |name: &str| item[name]["S"].as_str().map(str::to_owned);
    text("pk").zip(text("sk")).ok_or_else(|| invalid("a key is missing"))
}
