//! Conway's game of life on a plane without bounds: a set of living cells, and neighbours counted by `entry`. The keys are pairs that are made
//! where they are looked up.

use super::{HashMap, HashSet};
use crate::programs::Program;
use crate::support;

type Cell = (i32, i32);

/// Generations of one run.
const GENERATIONS: usize = 4;

/// n cells to begin with, on a square of which they are a third.
pub(crate) struct Life {
    begin: Vec<Cell>,
}

fn next(living: &HashSet<Cell>) -> HashSet<Cell> {
    let mut neighbours: HashMap<Cell, u8> = HashMap::default();
    for &(x, y) in living {
        for dx in -1..=1 {
            for dy in -1..=1 {
                if (dx, dy) != (0, 0) {
                    *neighbours.entry((x + dx, y + dy)).or_insert(0) += 1;
                }
            }
        }
    }
    let lives = |cell: Cell, count| count == 3 || count == 2 && living.contains(&cell);
    neighbours
        .into_iter()
        .filter(|&(cell, count)| lives(cell, count))
        .map(|(cell, _)| cell)
        .collect()
}

/// Living cells whose neighbour to the right lives too.
fn pairs(living: &HashSet<Cell>) -> usize {
    living.iter().filter(|&&(x, y)| living.contains(&(x + 1, y))).count()
}

impl Program for Life {
    fn new(n: usize) -> Self {
        let side = u64::try_from(3 * n).expect("a number of cells").isqrt();
        let at = |number: u64| i32::try_from(number % side).expect("a small plane");
        let begin = (0..n as u64)
            .map(|i| (at(support::key(2 * i)), at(support::key(2 * i + 1))))
            .collect();
        Life { begin }
    }

    fn run(&mut self) -> u64 {
        let mut living: HashSet<Cell> = self.begin.iter().copied().collect();
        let mut sum = 0;
        for _ in 0..GENERATIONS {
            living = next(&living);
            sum = 31 * sum + (living.len() * 1_000 + pairs(&living)) as u64;
        }
        sum
    }
}
