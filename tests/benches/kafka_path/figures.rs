//! Many measurements in few numbers.

use serde::Serialize;

/// How long something took, over many times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them took no longer.
    pub p50: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Percentiles {
    /// By the nearest rank: each figure is one that was measured. `None` of nothing.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let rank =
            |percent: usize| values.get((values.len() * percent).div_ceil(100).checked_sub(1)?).copied();
        Some(Self { p50: rank(50)?, p99: rank(99)?, max: rank(100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measurements() {
        let hundred = Percentiles::of((1..=100_u32).rev().map(f64::from).collect());
        assert_eq!(hundred, Some(Percentiles { p50: 50.0, p99: 99.0, max: 100.0 }));
        let few = Percentiles::of(vec![3.0, 1.0, 2.0]);
        assert_eq!(few, Some(Percentiles { p50: 2.0, p99: 3.0, max: 3.0 }));
        assert_eq!(Percentiles::of(vec![7.0]), Some(Percentiles { p50: 7.0, p99: 7.0, max: 7.0 }));
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
