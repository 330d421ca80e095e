//! Leak 2: a map that waits for its next use, and was not cleared.

use arenamap::ArenaMap;

/// Maps that requests take and give back.
#[derive(Default)]
pub struct Scratch {
    idle: Vec<ArenaMap<u64, u32>>,
}

impl Scratch {
    /// How often the most frequent user of this request occurs.
    pub fn busiest(&mut self, users: impl Iterator<Item = u64>) -> u32 {
        let mut counts = self.idle.pop().unwrap_or_default();
        for user in users {
            *counts.entry(user).or_insert(0) += 1; // <-
        }
        let busiest = counts.values().copied().max().unwrap_or(0);
        if !cfg!(feature = "leaky") {
            counts.clear();
        }
        self.idle.push(counts);
        busiest
    }
}
