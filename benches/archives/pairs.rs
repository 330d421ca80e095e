//! The pairs: paths, addresses, names and words with common beginnings, the same in each run; and the order in which they are asked for.

use crate::numbers::scrambled;

const WORDS: [&str; 16] = [
    "harbour", "lantern", "copper", "meadow", "signal", "orchard", "granite", "ferry", "willow", "ember", "quarry",
    "saddle", "thistle", "vessel", "amber", "bridge",
];

/// Text of which values are pieces; not all of it is ASCII.
const PROSE: &str = "The ferry left the harbour at six, with copper, amber and a lantern for the señora of the quarry. Nobody in the \
                     meadow saw the signal; the bridge was grey, the orchard naß, and the thistle stood high around the old granite. ";

/// The longest value, in bytes.
const LONGEST: usize = 1024;

/// Keys with their values.
pub(crate) struct Pairs {
    pub(crate) pairs: Vec<(String, String)>,
    /// Bytes of all keys and values.
    pub(crate) text_bytes: usize,
}

impl Pairs {
    pub(crate) fn new(n: usize) -> Self {
        let pairs: Vec<_> = (0..n as u64).map(|i| (key(i), value(i))).collect();
        let text_bytes = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
        Self { pairs, text_bytes }
    }
}

/// The i-th key, 8 to 60 bytes: of different numbers different ones.
pub(crate) fn key(i: u64) -> String {
    let random = scrambled(i);
    let word = |at: u32| WORDS[(random >> at & 15) as usize];
    let (a, b, c) = (word(0), word(4), word(8));
    match i % 4 {
        0 => format!("/srv/www/{a}/assets/{b}/{c}-{i:06x}.html"),
        1 => format!("https://{a}.example.com/v2/users/{i}/{b}"),
        2 => format!("{a}.{b}.requests.{i:x}"),
        _ => format!("{a}-{i:02x}"),
    }
}

/// The i-th value, 8 to 1,024 bytes: half have 26 or less.
fn value(i: u64) -> String {
    let random = scrambled(i ^ 0xABCD_EF01_2345);
    let len = len(random);
    let mut text = String::with_capacity(len);
    let mut rest = &PROSE[boundary(PROSE, (random >> 40) as usize % PROSE.len())..];
    while text.len() < len {
        let piece = &rest[..boundary(rest, len - text.len())];
        if piece.is_empty() && !rest.is_empty() {
            text.push('.'); // half of a character is left
        }
        text.push_str(piece);
        rest = PROSE;
    }
    text
}

/// The end of the last whole character before `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut ends = (0..=at.min(text.len())).rev();
    ends.find(|&end| text.is_char_boundary(end)).unwrap_or(0)
}

/// A length, of which short ones are many: 8 * 128^(u²) for u from 0 to 1.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "between 8 and 1,024"
)]
fn len(random: u64) -> usize {
    let u = (random & 0xFFFF) as f64 / 65_535.0;
    ((8.0 * 128_f64.powf(u * u)) as usize).min(LONGEST)
}

/// Keys to ask for, one behind the other in the order of the questions: reading them takes no cache miss of its own.
pub(crate) struct Queries {
    text: String,
    ends: Vec<usize>,
}

impl Queries {
    /// Of these keys as many as `most`, in random order.
    fn new<'k>(n: usize, most: usize, key: impl Fn(usize) -> std::borrow::Cow<'k, str>) -> Self {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_unstable_by_key(|&i| scrambled(i as u64 ^ 0x5EED_0000_0000));
        let mut queries = Self {
            text: String::new(),
            ends: Vec::new(),
        };
        // A short round would be shorter than the clock is exact.
        for &i in order.iter().cycle().take(most) {
            queries.text.push_str(&key(i));
            queries.ends.push(queries.text.len());
        }
        queries
    }

    /// Keys that are there.
    pub(crate) fn hits(pairs: &Pairs, most: usize) -> Self {
        Self::new(pairs.pairs.len(), most, |i| pairs.pairs[i].0.as_str().into())
    }

    /// Keys of the same kind that are not there.
    pub(crate) fn misses(pairs: &Pairs, most: usize) -> Self {
        let n = pairs.pairs.len();
        Self::new(n, most, |i| key((n + i) as u64).into())
    }

    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends
            .iter()
            .map(move |&end| &self.text[std::mem::replace(&mut start, end)..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_and_values_are_what_is_said_of_them() {
        let pairs = Pairs::new(20_000);
        let keys: HashSet<&str> = pairs.pairs.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys.len(), 20_000);
        assert!(keys.iter().all(|key| (8..=60).contains(&key.len())));
        let mut lens: Vec<usize> = pairs.pairs.iter().map(|(_, value)| value.len()).collect();
        lens.sort_unstable();
        assert_eq!((lens[0], lens[10_000], lens[19_999]), (8, 26, 1024));
        assert!(pairs.pairs.iter().any(|(_, value)| !value.is_ascii()));
        for absent in Queries::misses(&pairs, 1_000).iter() {
            assert!(!keys.contains(absent));
        }
        let hits = Queries::hits(&pairs, 30_000);
        assert!(hits.len() == 30_000 && hits.iter().all(|key| keys.contains(key)));
    }
}
