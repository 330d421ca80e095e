//! Counting by `entry` into a new map.

use super::HashMap;
use crate::programs::Program;
use crate::support;

/// How often each key comes.
const TIMES: usize = 4;

/// `n` keys, each [`TIMES`] times, mixed.
fn mixed<T: Clone>(keys: &[T]) -> Vec<T> {
    let mut all: Vec<T> = keys.iter().cycle().take(TIMES * keys.len()).cloned().collect();
    for i in (1..all.len()).rev() {
        let other = support::key(i as u64) % (i as u64 + 1);
        all.swap(i, usize::try_from(other).expect("an index"));
    }
    all
}

pub(crate) struct Numbers {
    keys: Vec<u64>,
}

impl Program for Numbers {
    fn new(n: usize) -> Self {
        let keys: Vec<u64> = (0..n as u64).map(support::key).collect();
        Numbers { keys: mixed(&keys) }
    }

    fn run(&mut self) -> u64 {
        let mut counts: HashMap<u64, u64> = HashMap::default();
        for &key in &self.keys {
            *counts.entry(key).or_insert(0) += 1;
        }
        counts
            .iter()
            .fold(0, |sum, (key, count)| sum.wrapping_add(key.wrapping_mul(*count)))
    }
}

pub(crate) struct Words {
    words: Vec<String>,
}

impl Program for Words {
    fn new(n: usize) -> Self {
        let words: Vec<String> = support::string_pairs(n).into_iter().map(|(word, _)| word).collect();
        Words { words: mixed(&words) }
    }

    fn run(&mut self) -> u64 {
        let mut counts: HashMap<&str, u64> = HashMap::default();
        for word in &self.words {
            *counts.entry(word).or_default() += 1;
        }
        counts.iter().map(|(word, count)| word.len() as u64 * count).sum()
    }
}
