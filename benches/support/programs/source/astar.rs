//! Ways through a grid with walls, by A*: each place has a small map of its neighbours, each search maps of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{HashMap, HashSet};
use crate::programs::Program;
use crate::support;

type Place = (u16, u16);

/// Searches on one grid.
const SEARCHES: u64 = 4;

/// A square of n times n places, of which every fifth is a wall.
pub(crate) struct AStar {
    side: u16,
    open: Vec<Place>,
}

fn distance(a: Place, b: Place) -> u32 {
    u32::from(a.0.abs_diff(b.0)) + u32::from(a.1.abs_diff(b.1))
}

/// The cost of the best way, and how many places were looked at.
fn search(graph: &HashMap<Place, HashMap<Place, u32>>, start: Place, goal: Place) -> (Option<u32>, usize) {
    let mut costs: HashMap<Place, u32> = HashMap::default();
    let mut came_from: HashMap<Place, Place> = HashMap::default();
    let mut closed: HashSet<Place> = HashSet::default();
    let mut open = BinaryHeap::from([Reverse((distance(start, goal), start))]);
    costs.insert(start, 0);
    while let Some(Reverse((_, place))) = open.pop() {
        if place == goal {
            let mut way = 0;
            let mut at = goal;
            while let Some(&before) = came_from.get(&at) {
                way += graph[&before][&at];
                at = before;
            }
            assert_eq!((at, way), (start, costs[&goal]));
            return (Some(way), closed.len());
        }
        if !closed.insert(place) {
            continue;
        }
        let cost = costs[&place];
        for (&next, step) in &graph[&place] {
            let through = cost + step;
            if costs.get(&next).is_none_or(|&known| through < known) {
                costs.insert(next, through);
                came_from.insert(next, place);
                open.push(Reverse((through + distance(next, goal), next)));
            }
        }
    }
    (None, closed.len())
}

impl Program for AStar {
    fn new(n: usize) -> Self {
        let side = u16::try_from(n).expect("a small grid");
        let open = (0..side)
            .flat_map(|x| (0..side).map(move |y| (x, y)))
            .filter(|&(x, y)| !support::key(u64::from(x) << 16 | u64::from(y)).is_multiple_of(5))
            .collect();
        AStar { side, open }
    }

    fn run(&mut self) -> u64 {
        let places: HashSet<Place> = self.open.iter().copied().collect();
        let mut graph: HashMap<Place, HashMap<Place, u32>> = HashMap::default();
        for &(x, y) in &self.open {
            let around = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
            let neighbours = graph.entry((x, y)).or_default();
            for next in around {
                if next.0 < self.side && next.1 < self.side && places.contains(&next) {
                    neighbours.insert(next, 1 + u32::from((next.0 ^ next.1) & 3));
                }
            }
        }
        let mut sum = 0;
        for i in 0..SEARCHES {
            let [start, goal] = [2 * i, 2 * i + 1].map(|i| {
                let i = support::key(i) % self.open.len() as u64;
                self.open[usize::try_from(i).expect("an index")]
            });
            let (cost, looked_at) = search(&graph, start, goal);
            sum = 31 * sum + u64::from(cost.unwrap_or(7)) + looked_at as u64;
        }
        sum
    }
}
