//! The smallest aggregate worth testing with: an account that must not move twice, and may move a shared counter.

use semel_contracts::Timestamp;
use semel_exactly_once::{Adjustment, Aggregate, Decision, Emitted, Index, IndexValue};
use serde::{Deserialize, Serialize};

/// An account. Deliberately unguarded by state: only the protocol keeps it from counting twice.
#[derive(Debug)]
pub struct Account;

/// What an account knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Sum of everything applied.
    pub balance: i64,
}

/// What can be asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountInput {
    /// Add an amount; negative balances are refused.
    Add(i64),
    /// Take an amount from the counter `pool#main`/`left` and add it.
    Draw(i64),
    /// Nothing happens.
    Ignore,
}

/// The balance moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// By how much.
    pub by: i64,
}

/// The transfer is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the balance {balance} does not cover {by}")]
pub struct AccountError {
    balance: i64,
    by: i64,
}

/// A transfer as it is delivered.
pub type Transfer = semel_exactly_once::Delivery<AccountInput>;

impl Emitted for Moved {
    fn event_type(&self) -> &'static str {
        "Moved"
    }

    fn data(&self) -> Result<Box<serde_json::value::RawValue>, serde_json::Error> {
        serde_json::value::to_raw_value(self)
    }
}

impl Aggregate for Account {
    const KIND: &'static str = "account";
    const CONSUMER: &'static str = "accounts";
    type State = AccountState;
    type Input = AccountInput;
    type Event = Moved;
    type Rejection = AccountError;

    fn decide(
        state: Option<&AccountState>,
        input: &AccountInput,
        _now: Timestamp,
    ) -> Result<Decision<AccountState, Moved>, AccountError> {
        let balance = state.map_or(0, |s| s.balance);
        match input {
            AccountInput::Ignore => Ok(Decision::Unchanged),
            AccountInput::Add(by) if balance + by < 0 => Err(AccountError { balance, by: *by }),
            AccountInput::Add(by) => {
                Ok(Decision::to(AccountState { balance: balance + by }, vec![Moved { by: *by }]))
            }
            AccountInput::Draw(by) => {
                let adjust = Adjustment { key: "pool#main".to_owned(), attribute: "left", delta: -by };
                let state = AccountState { balance: balance + by };
                Ok(Decision::adjusting(state, vec![Moved { by: *by }], vec![adjust]))
            }
        }
    }

    fn index(id: &str, state: &AccountState) -> Index {
        let mut index = Index::from([("holder", IndexValue::Text(id.to_owned()))]);
        if state.balance > 0 {
            index.insert("due_at", IndexValue::Number(1));
        }
        index
    }
}
