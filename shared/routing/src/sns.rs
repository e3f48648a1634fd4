//! SNS filter policies: the same language with less in it, on a message's attributes or on its body.
//!
//! Owns what SNS does differently; the matching itself is [`Pattern`]'s.
//!
//! What SNS does not take: `wildcard`, `anything-but` of anything but values and `prefix`, nested objects on attributes,
//! more than five fields, more than 150 combinations of values.

use serde_json::{Map, Number, Value};

use crate::condition::Condition;
use crate::event::NotAnEvent;
use crate::pattern::{Failure, Pattern, Refused, Service};

/// The most fields of a policy. An object is no field, its leaves are.
pub const MAX_FIELDS: usize = 5;

/// The most combinations of values: the lengths of all lists multiplied, on a body each times the depth of its field.
pub const MAX_COMBINATIONS: usize = 150;

/// What a policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The message's attributes, which is the default.
    MessageAttributes,
    /// The message's body, which must be a JSON object.
    MessageBody,
}

impl Scope {
    /// The scope of this name in `FilterPolicyScope`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "MessageAttributes" => Some(Self::MessageAttributes),
            "MessageBody" => Some(Self::MessageBody),
            _ => None,
        }
    }
}

/// A filter policy that SNS would take.
#[derive(Debug, Clone)]
pub struct FilterPolicy {
    scope: Scope,
    pattern: Pattern,
}

/// A message's attribute, as SNS compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute<'m> {
    /// `String`, which only texts in the policy match, even if it holds digits.
    String(&'m str),
    /// `String.Array`: a JSON list of texts, numbers, `true`, `false` and `null`, each of which may match.
    StringArray(&'m str),
    /// `Number`, which only numbers in the policy match.
    Number(&'m str),
    /// `Binary`, which SNS does not look at.
    Binary,
}

impl FilterPolicy {
    /// Reads a policy, or says why SNS would refuse it.
    pub fn parse(scope: Scope, policy: &Value) -> Result<Self, Refused> {
        let pattern = Pattern::parse(policy).map_err(|refused| Refused { by: Service::Sns, ..refused })?;
        let nested = policy.as_object().and_then(|fields| fields.iter().find(|(_, value)| value.is_object()));
        if let (Scope::MessageAttributes, Some((name, _))) = (scope, nested) {
            let reason = "Filter policy scope MessageAttributes does not support nested filter policy";
            return Err(refused(name, reason));
        }
        for branch in pattern.branches() {
            if branch.fields.len() > MAX_FIELDS {
                return Err(refused("", "Filter policy can not have more than 5 keys"));
            }
            for field in &branch.fields {
                field
                    .conditions
                    .iter()
                    .try_for_each(supported)
                    .map_err(|reason| refused(&field.path, reason))?;
            }
        }
        if combinations(scope, &pattern) > MAX_COMBINATIONS {
            return Err(refused("", "Filter policy is too complex"));
        }
        Ok(Self { scope, pattern })
    }

    /// What it looks at.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The conditions, on an object of attributes or on the body.
    pub const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Whether a message with these attributes and this body is delivered.
    pub fn matches<'m>(
        &self,
        attributes: impl IntoIterator<Item = (&'m str, Attribute<'m>)>,
        body: &str,
    ) -> bool {
        match self.scope {
            Scope::MessageAttributes => self.pattern.matches(&as_object(attributes)),
            // A body that is no JSON object is not delivered.
            Scope::MessageBody => self.pattern.matches_json(body.as_bytes()).unwrap_or(false),
        }
    }

    /// Why a message is not delivered; empty if it is.
    pub fn explain<'m>(
        &self,
        attributes: impl IntoIterator<Item = (&'m str, Attribute<'m>)>,
        body: &str,
    ) -> Result<Vec<Failure>, NotAnEvent> {
        match self.scope {
            Scope::MessageAttributes => self.pattern.explain(&as_object(attributes)),
            Scope::MessageBody => self.pattern.explain(&serde_json::from_str(body)?),
        }
    }
}

fn refused(path: &str, reason: &str) -> Refused {
    Refused { by: Service::Sns, path: path.to_owned(), reason: reason.to_owned() }
}

fn supported(condition: &Condition) -> Result<(), &'static str> {
    match condition {
        Condition::Wildcard(_) => Err("Unrecognized match type wildcard"),
        Condition::PrefixIgnoreCase(_) => Err("prefix match pattern must be a string"),
        Condition::SuffixIgnoreCase(_) => Err("suffix match pattern must be a string"),
        Condition::AnythingBut(excluded) => {
            let is = |kind: fn(&Condition) -> bool| excluded.iter().any(kind);
            if is(|each| matches!(each, Condition::Suffix(_))) {
                Err("Unsupported anything-but pattern: suffix")
            } else if is(|each| matches!(each, Condition::EqualsIgnoreCase(_))) {
                Err("Unsupported anything-but pattern: equals-ignore-case")
            } else if is(|each| matches!(each, Condition::Wildcard(_))) {
                Err("Unsupported anything-but pattern: wildcard")
            } else {
                Ok(())
            }
        }
        Condition::Text(_)
        | Condition::Address(_)
        | Condition::Number(_)
        | Condition::Bool(_)
        | Condition::Null
        | Condition::Prefix(_)
        | Condition::Suffix(_)
        | Condition::EqualsIgnoreCase(_)
        | Condition::Numeric(_)
        | Condition::Cidr(_)
        | Condition::Exists
        | Condition::Absent => Ok(()),
    }
}

/// Every alternative's combinations together.
fn combinations(scope: Scope, pattern: &Pattern) -> usize {
    let of_field = |path: &str, values: usize| match scope {
        Scope::MessageAttributes => values,
        Scope::MessageBody => values.saturating_mul(path.split('.').count()),
    };
    let branches = pattern.branches().iter().map(|branch| {
        let fields = branch.fields.iter().map(|field| of_field(&field.path, field.conditions.len()));
        fields.fold(1, usize::saturating_mul)
    });
    branches.fold(0, usize::saturating_add)
}

/// The attributes as the object that a policy describes. What SNS cannot read is not there.
fn as_object<'m>(attributes: impl IntoIterator<Item = (&'m str, Attribute<'m>)>) -> Value {
    let value = |attribute| match attribute {
        Attribute::String(text) => Some(Value::from(text)),
        Attribute::StringArray(text) => serde_json::from_str(text)
            .ok()
            .filter(|list: &Value| list.as_array().is_some_and(|list| all_scalars(list))),
        Attribute::Number(text) => serde_json::from_str::<Number>(text.trim()).ok().map(Value::Number),
        Attribute::Binary => None,
    };
    let fields = attributes.into_iter().filter_map(|(name, each)| Some((name.to_owned(), value(each)?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn all_scalars(list: &[Value]) -> bool {
    !list.iter().any(|element| element.is_array() || element.is_object())
}
