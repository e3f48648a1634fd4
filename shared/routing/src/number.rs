//! Numbers as `EventBridge` compares them: as doubles, if a double holds the number exactly as it is written.
//!
//! Knows no pattern and no event.

use std::fmt;

/// Whole numbers up to here are doubles without a doubt.
const EXACT_UP_TO: u64 = 1 << 53;

/// A JSON number.
///
/// A whole number that no double holds, as the ids of some services are, only equals itself: ranges never hold it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(Form);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Double(f64),
    /// Beyond 2^53, with digits that the nearest double would lose.
    Digits(i128),
}

impl Number {
    /// The number that was read as a double.
    pub const fn of_double(value: f64) -> Self {
        Self(Form::Double(value))
    }

    /// A whole number.
    pub fn of_integer(value: i128) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "what is lost is looked for")]
        let double = value as f64;
        let same = value.unsigned_abs() <= u128::from(EXACT_UP_TO) || double.to_string() == value.to_string();
        Self(if same { Form::Double(double) } else { Form::Digits(value) })
    }

    /// The number of a JSON value.
    pub fn of_json(number: &serde_json::Number) -> Self {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map_or_else(|| Self::of_double(number.as_f64().unwrap_or(f64::NAN)), Self::of_integer)
    }

    /// The double, if one holds the number.
    pub const fn double(self) -> Option<f64> {
        match self.0 {
            Form::Double(value) => Some(value),
            Form::Digits(_) => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Double(value) => value.fmt(formatter),
            Form::Digits(value) => value.fmt(formatter),
        }
    }
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Where the range ends.
    pub value: f64,
    /// Whether the value itself is inside.
    pub inclusive: bool,
}

/// What `numeric` asks for. An end that is missing is open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The lower end.
    pub low: Option<Bound>,
    /// The upper end.
    pub high: Option<Bound>,
}

impl Range {
    /// Whether the number lies inside.
    pub fn holds(&self, number: Number) -> bool {
        let Some(value) = number.double() else { return false };
        let above = |low: &Bound| if low.inclusive { value >= low.value } else { value > low.value };
        let below = |high: &Bound| if high.inclusive { value <= high.value } else { value < high.value };
        self.low.as_ref().is_none_or(above) && self.high.as_ref().is_none_or(below)
    }

    /// Whether any number between `minimum` and `maximum`, both inclusive, lies inside.
    pub fn meets(&self, minimum: f64, maximum: f64) -> bool {
        let reaches_up = |low: Bound| if low.inclusive { low.value <= maximum } else { low.value < maximum };
        let reaches_down =
            |high: Bound| if high.inclusive { high.value >= minimum } else { high.value > minimum };
        self.low.is_none_or(reaches_up) && self.high.is_none_or(reaches_down)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(low), Some(high)) = (self.low, self.high)
            && low == high
        {
            return write!(formatter, "\"=\",{}", low.value);
        }
        let end = |sign: char, bound: Bound| {
            format!("\"{sign}{}\",{}", if bound.inclusive { "=" } else { "" }, bound.value)
        };
        let ends = [self.low.map(|low| end('>', low)), self.high.map(|high| end('<', high))];
        formatter.write_str(&ends.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}
