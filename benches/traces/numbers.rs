//! Numbers that several files need.

use foldhash::fast::FixedState;

/// The same seed for every peer: the hashes, and with them the luck of the collisions, are equal.
pub(crate) fn fixed() -> FixedState {
    FixedState::with_seed(0x5EED)
}

/// A bijection (splitmix64): keys that look random.
pub(crate) fn scrambled(i: u64) -> u64 {
    let mut z = i.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}

/// The middle of `values`; of an even number, the lower of the two in the middle. Of none, none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_commas() {
        assert_eq!(median(&[3.0, 1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[]), None);
        assert_eq!(thousands(12), "12");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
