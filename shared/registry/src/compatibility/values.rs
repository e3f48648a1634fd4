//! Which values are taken at all: types, enumerated values, excluded values, conditions, patterns and formats.

use serde_json::Value;

use super::found::Found;
use super::kind::Kind;
use super::pairs::Pairs;
use super::view::{Place, View};

/// A set of types. Integers and fractions are two, so that `number` is more than `integer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

pub(super) const TEXT: Types = Types(0b000_0001);
pub(super) const OBJECT: Types = Types(0b000_0010);
pub(super) const LIST: Types = Types(0b000_0100);
const INTEGER: Types = Types(0b000_1000);
pub(super) const NUMBER: Types = Types(0b001_1000);
const BOOLEAN: Types = Types(0b010_0000);
const NULL: Types = Types(0b100_0000);
const ANY: Types = Types(0b111_1111);

impl Types {
    /// Whether any of those is among these.
    pub fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    fn named(name: &Value) -> Self {
        match name.as_str() {
            Some("string") => TEXT,
            Some("object") => OBJECT,
            Some("array") => LIST,
            Some("integer") => INTEGER,
            Some("number") => NUMBER,
            Some("boolean") => BOOLEAN,
            Some("null") => NULL,
            // The draft's own schema knows no further one.
            Some(_) | None => Self(0),
        }
    }

    fn of(view: &View<'_>) -> Self {
        match view.get("type") {
            None => ANY,
            Some(Value::Array(names)) => {
                names.iter().map(Self::named).fold(Self(0), |all, each| Self(all.0 | each.0))
            }
            Some(name) => Self::named(name),
        }
    }
}

/// Compares the types, and tells which both take.
pub(super) fn types(from: &View<'_>, to: &View<'_>, found: &mut Found) -> Types {
    let (before, after) = (Types::of(from), Types::of(to));
    let common = Types(before.0 & after.0);
    if before != after {
        let kind = if after.has_all(before) {
            Kind::TypeExtended
        } else if before.has_all(after) {
            Kind::TypeNarrowed
        } else {
            Kind::TypeChanged
        };
        found.add_change(&["type"], kind, from.get("type"), to.get("type"));
    }
    common
}

pub(super) fn compare(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    enumerated(from, to, found);
    constant(from, to, found);
    excluded(pairs, from, to, found);
    condition(pairs, from, to, found);
}

fn enumerated(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let (before, after) = (from.list("enum"), to.list("enum"));
    let missing = |these: &[Value], in_those: &[Value]| {
        let missing: Vec<Value> = these.iter().filter(|value| !in_those.contains(value)).cloned().collect();
        Some(Value::Array(missing))
    };
    let (gone, new) = (missing(before, after), missing(after, before));
    let is_empty =
        |values: &Option<Value>| values.as_ref().and_then(Value::as_array).is_none_or(Vec::is_empty);
    match (from.get("enum").is_some(), to.get("enum").is_some()) {
        (false, false) => {}
        (false, true) => found.add_change(&["enum"], Kind::EnumAdded, None, to.get("enum")),
        (true, false) => found.add_change(&["enum"], Kind::EnumRemoved, from.get("enum"), None),
        (true, true) => match (is_empty(&gone), is_empty(&new)) {
            (true, true) => {}
            (true, false) => found.add_change(&["enum"], Kind::EnumArrayExtended, None, new.as_ref()),
            (false, true) => found.add_change(&["enum"], Kind::EnumArrayNarrowed, gone.as_ref(), None),
            (false, false) => {
                found.add_change(&["enum"], Kind::EnumArrayChanged, gone.as_ref(), new.as_ref());
            }
        },
    }
}

fn constant(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let (before, after) = (from.get("const"), to.get("const"));
    let kind = match (before, after) {
        (None, None) => return,
        (Some(one), Some(other)) if one == other => return,
        (Some(_), Some(_)) => Kind::EnumArrayChanged,
        (None, Some(_)) => Kind::EnumAdded,
        (Some(_), None) => Kind::EnumRemoved,
    };
    found.add_change(&["const"], kind, before, after);
}

fn excluded(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    match (from.child("not"), to.child("not")) {
        (None, None) => {}
        (None, Some(_)) => found.add(&["not"], Kind::NotAdded),
        (Some(_), None) => found.add(&["not"], Kind::NotRemoved),
        (Some(before), Some(after)) => {
            // The other way round: what the reader refuses, the writer must avoid.
            let inner = pairs.compare(after, before);
            if only_notes(&inner) {
                found.nest(&["not"], inner);
            } else if inner.is_compatible(pairs.policy) {
                found.add(&["not"], Kind::NotTypeNarrowed);
            } else {
                found.add(&["not"], Kind::NotTypeExtended);
            }
        }
    }
}

/// Whether nothing differs that an event could show.
pub(super) fn only_notes(found: &Found) -> bool {
    found.0.iter().all(|single| {
        matches!(
            single.kind,
            Kind::IdChanged | Kind::TitleChanged | Kind::DescriptionChanged | Kind::DefaultChanged
        )
    })
}

static ANYTHING: Value = Value::Bool(true);

fn condition(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let has = |view: &View<'_>| {
        view.get("if").is_some() && (view.get("then").is_some() || view.get("else").is_some())
    };
    match (has(from), has(to)) {
        (false, false) => {}
        (false, true) => found.add(&["if"], Kind::ConditionAdded),
        (true, false) => found.add(&["if"], Kind::ConditionRemoved),
        (true, true) => {
            let part = |view: &View<'_>, keyword: &str| view.get(keyword).is_some();
            let (Some(before), Some(after)) = (from.child("if"), to.child("if")) else { return };
            if !only_notes(&pairs.compare(before, after)) {
                return found.add(&["if"], Kind::ConditionChanged);
            }
            for keyword in ["then", "else"].into_iter().filter(|each| part(from, each) || part(to, each)) {
                let (before, after) = (branch(from, keyword), branch(to, keyword));
                pairs.nest(found, &[keyword], before, after);
            }
        }
    }
}

/// A branch that is not said asks nothing.
fn branch<'a>(view: &View<'a>, keyword: &str) -> Place<'a> {
    view.child(keyword).unwrap_or(view.place.at(&ANYTHING))
}

/// Formats that the drafts define for texts, and that a validator may check. Others, such as `uint64`, are notes.
const FORMATS: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

pub(super) fn texts(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let (before, after) = (from.get("pattern"), to.get("pattern"));
    match (before, after) {
        (None, Some(_)) => found.add_change(&["pattern"], Kind::PatternAdded, before, after),
        (Some(_), None) => found.add_change(&["pattern"], Kind::PatternRemoved, before, after),
        (Some(_), Some(_)) if before != after => {
            found.add_change(&["pattern"], Kind::PatternChanged, before, after);
        }
        _ => {}
    }
    let (before, after) = (from.get("format"), to.get("format"));
    if before == after {
        return;
    }
    let is_checked =
        |format: Option<&Value>| format.and_then(Value::as_str).is_some_and(|name| FORMATS.contains(&name));
    let kind = match (is_checked(before), is_checked(after)) {
        (false, false) => Kind::FormatIsOnlyANote,
        (false, true) => Kind::FormatAdded,
        (true, false) => Kind::FormatRemoved,
        (true, true) => Kind::FormatChanged,
    };
    found.add_change(&["format"], kind, before, after);
}
