//! Bounds of texts, numbers, objects and lists: one number each, which a reader may only loosen.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::found::Found;
use super::kind::Kind;
use super::view::View;

/// A keyword, and the kinds of its differences: added, removed, increased, decreased.
type Bound = (&'static str, [Kind; 4]);

const TEXTS: [Bound; 2] = [
    (
        "maxLength",
        [Kind::MaxLengthAdded, Kind::MaxLengthRemoved, Kind::MaxLengthIncreased, Kind::MaxLengthDecreased],
    ),
    (
        "minLength",
        [Kind::MinLengthAdded, Kind::MinLengthRemoved, Kind::MinLengthIncreased, Kind::MinLengthDecreased],
    ),
];

const NUMBERS: [Bound; 4] = [
    ("maximum", [Kind::MaximumAdded, Kind::MaximumRemoved, Kind::MaximumIncreased, Kind::MaximumDecreased]),
    ("minimum", [Kind::MinimumAdded, Kind::MinimumRemoved, Kind::MinimumIncreased, Kind::MinimumDecreased]),
    (
        "exclusiveMaximum",
        [
            Kind::ExclusiveMaximumAdded,
            Kind::ExclusiveMaximumRemoved,
            Kind::ExclusiveMaximumIncreased,
            Kind::ExclusiveMaximumDecreased,
        ],
    ),
    (
        "exclusiveMinimum",
        [
            Kind::ExclusiveMinimumAdded,
            Kind::ExclusiveMinimumRemoved,
            Kind::ExclusiveMinimumIncreased,
            Kind::ExclusiveMinimumDecreased,
        ],
    ),
];

const OBJECTS: [Bound; 2] = [
    (
        "maxProperties",
        [
            Kind::MaxPropertiesAdded,
            Kind::MaxPropertiesRemoved,
            Kind::MaxPropertiesIncreased,
            Kind::MaxPropertiesDecreased,
        ],
    ),
    (
        "minProperties",
        [
            Kind::MinPropertiesAdded,
            Kind::MinPropertiesRemoved,
            Kind::MinPropertiesIncreased,
            Kind::MinPropertiesDecreased,
        ],
    ),
];

const LISTS: [Bound; 3] = [
    (
        "maxItems",
        [Kind::MaxItemsAdded, Kind::MaxItemsRemoved, Kind::MaxItemsIncreased, Kind::MaxItemsDecreased],
    ),
    (
        "minItems",
        [Kind::MinItemsAdded, Kind::MinItemsRemoved, Kind::MinItemsIncreased, Kind::MinItemsDecreased],
    ),
    (
        "maxContains",
        [
            Kind::MaxContainsAdded,
            Kind::MaxContainsRemoved,
            Kind::MaxContainsIncreased,
            Kind::MaxContainsDecreased,
        ],
    ),
];

const MIN_CONTAINS: Bound = (
    "minContains",
    [
        Kind::MinContainsAdded,
        Kind::MinContainsRemoved,
        Kind::MinContainsIncreased,
        Kind::MinContainsDecreased,
    ],
);

pub(super) fn of_texts(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    for bound in TEXTS {
        compare(bound, from, to, found);
    }
}

pub(super) fn of_objects(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    for bound in OBJECTS {
        compare(bound, from, to, found);
    }
}

pub(super) fn of_lists(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    for bound in LISTS {
        compare(bound, from, to, found);
    }
    let (name, [.., increased, _]) = MIN_CONTAINS;
    // One is the default wherever something must be contained, so that taking a zero away asks for more.
    if from.get(name).and_then(Value::as_f64) == Some(0.0)
        && to.get(name).is_none()
        && to.get("contains").is_some()
    {
        return found.add_change(&[name], increased, from.get(name), None);
    }
    compare(MIN_CONTAINS, from, to, found);
}

pub(super) fn of_numbers(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    for bound in NUMBERS {
        compare(bound, from, to, found);
    }
    let (before, after) = (from.get("multipleOf"), to.get("multipleOf"));
    let kind = match (before, after) {
        (None, None) => return,
        (None, Some(_)) => Kind::MultipleOfAdded,
        (Some(_), None) => Kind::MultipleOfRemoved,
        (Some(before), Some(after)) => match (is_multiple(before, after), is_multiple(after, before)) {
            (Some(true), Some(true)) => return,
            (Some(true), _) => Kind::MultipleOfReduced,
            (_, Some(true)) => Kind::MultipleOfExpanded,
            _ if before == after => return,
            _ => Kind::MultipleOfChanged,
        },
    };
    found.add_change(&["multipleOf"], kind, before, after);
}

fn compare((keyword, kinds): Bound, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let [added, removed, increased, decreased] = kinds;
    let (before, after) = (from.get(keyword), to.get(keyword));
    let kind = match (before, after) {
        (Some(Value::Number(one)), Some(Value::Number(other))) => match order(one, other) {
            Ordering::Less => increased,
            Ordering::Equal => return,
            Ordering::Greater => decreased,
        },
        (None, Some(_)) => added,
        (Some(_), None) => removed,
        _ => return,
    };
    found.add_change(&[keyword], kind, before, after);
}

/// Exact for integers: bounds such as 2^53 - 1 are next to one that an `f64` cannot tell from it.
fn order(one: &Number, other: &Number) -> Ordering {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// Whether the one is a multiple of the other, in decimals: 0.3 is one of 0.1. Unknown beyond what fits an `i128`.
fn is_multiple(one: &Value, of: &Value) -> Option<bool> {
    let ((one, one_exponent), (of, of_exponent)) = (decimal(one)?, decimal(of)?);
    let lowest = one_exponent.min(of_exponent);
    let scaled = |digits: i128, exponent: i32| {
        let power = u32::try_from(exponent.checked_sub(lowest)?).ok()?;
        digits.checked_mul(10_i128.checked_pow(power)?)
    };
    scaled(one, one_exponent)?.checked_rem(scaled(of, of_exponent)?).map(|rest| rest == 0)
}

/// A number as digits and a power of ten.
fn decimal(value: &Value) -> Option<(i128, i32)> {
    let text = value.as_number()?.to_string();
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let places = i32::try_from(fraction.len()).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    Some((format!("{whole}{fraction}").parse().ok()?, exponent.checked_sub(places)?))
}
