//! How long a record that failed for now stays away. Pure: the random bits are passed in.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_mins(15);

/// The wait before delivery `receive_count + 1`: doubles from 2 s to 15 min; half of it fixed, so that trouble gets
/// time to pass, half of it random, so that what failed together does not return together.
pub(super) fn retry_delay(receive_count: u32, random: u64) -> Duration {
    let doublings = receive_count.saturating_sub(1);
    let bound = FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST);
    let half_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX) / 2;
    Duration::from_millis(half_ms + random % (half_ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        let bounds = |count| {
            let random = u64::try_from(retry_delay(count, 0).as_millis()).expect("small");
            (retry_delay(count, 0), retry_delay(count, random))
        };
        let seconds = Duration::from_secs;
        assert_eq!(bounds(1), (seconds(1), seconds(2)));
        assert_eq!(bounds(2), (seconds(2), seconds(4)));
        assert_eq!(bounds(5), (seconds(16), seconds(32)));
        assert_eq!(bounds(10), (seconds(450), seconds(900)));
        assert_eq!(bounds(u32::MAX), (seconds(450), seconds(900)));
        // A count of zero is not SQS's, but no reason to panic.
        assert_eq!(bounds(0), bounds(1));
    }

    #[test]
    fn the_random_half_stays_within_its_bounds() {
        for random in [0, 1, 999, 1000, 1001, 123_456_789, u64::MAX] {
            let wait = retry_delay(3, random);
            assert!((Duration::from_secs(4)..=Duration::from_secs(8)).contains(&wait), "{wait:?}");
        }
    }
}
