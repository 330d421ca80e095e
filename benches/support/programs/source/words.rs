//! How often each word of a text comes, and which come most often.

use super::HashMap;
use crate::programs::Program;
use crate::support;

/// A text of about n different words; some come often, most seldom.
pub(crate) struct WordCounter {
    text: String,
}

impl Program for WordCounter {
    fn new(n: usize) -> Self {
        let mut text = String::new();
        for i in 0..20 * n as u64 {
            let random = |i: u64| support::key(i) % n as u64;
            let word = random(3 * i) * random(3 * i + 1) / n as u64;
            let letters = format!("{:x}", support::key(word));
            let length = 2 + usize::try_from(word % 9).expect("a digit");
            text.push_str(&letters[..length.min(letters.len())]);
            text.push_str(if random(3 * i + 2).is_multiple_of(10) {
                ".\n"
            } else {
                " "
            });
        }
        WordCounter { text }
    }

    fn run(&mut self) -> u64 {
        let mut counts: HashMap<String, u64> = HashMap::default();
        for line in self.text.lines() {
            for word in line.split([' ', '.']).filter(|word| !word.is_empty()) {
                // Owned only when new.
                match counts.get_mut(word) {
                    Some(count) => *count += 1,
                    None => {
                        counts.insert(word.to_owned(), 1);
                    }
                }
            }
        }
        let mut most: Vec<(String, u64)> = counts.into_iter().collect();
        most.sort_unstable_by(|(a, a_times), (b, b_times)| b_times.cmp(a_times).then_with(|| a.cmp(b)));
        most.truncate(10);
        most.iter()
            .fold(0, |sum, (word, count)| 31 * sum + word.len() as u64 * count)
    }
}
