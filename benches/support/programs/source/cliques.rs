//! All maximal cliques of a small graph, by Bron and Kerbosch, with pivots, on sets.

use super::{HashMap, HashSet};
use crate::programs::Program;
use crate::support;

type Node = u32;

/// A graph of n nodes, of whose pairs two in five are joined.
pub(crate) struct Cliques {
    graph: HashMap<Node, HashSet<Node>>,
}

impl Cliques {
    /// Reports every clique that holds `clique`, some of `maybe` and none of `done`.
    fn extend(
        &self,
        clique: &mut Vec<Node>,
        mut maybe: HashSet<Node>,
        mut done: HashSet<Node>,
        report: &mut impl FnMut(&[Node]),
    ) {
        if maybe.is_empty() && done.is_empty() {
            report(clique);
            return;
        }
        // Of equals always the same, and all in one order: the work must not depend on the order in which a set is walked.
        let pivot = maybe.union(&done).max_by_key(|&node| {
            let neighbours = &self.graph[node];
            (neighbours.intersection(&maybe).count(), *node)
        });
        let Some(pivot) = pivot else { return };
        let mut candidates: Vec<Node> = maybe.difference(&self.graph[pivot]).copied().collect();
        candidates.sort_unstable();
        for node in candidates {
            let neighbours = &self.graph[&node];
            clique.push(node);
            self.extend(
                clique,
                maybe.intersection(neighbours).copied().collect(),
                done.intersection(neighbours).copied().collect(),
                report,
            );
            clique.pop();
            maybe.remove(&node);
            done.insert(node);
        }
    }
}

impl Program for Cliques {
    fn new(n: usize) -> Self {
        let n = Node::try_from(n).expect("a small graph");
        let mut graph: HashMap<Node, HashSet<Node>> = HashMap::default();
        for a in 0..n {
            for b in 0..a {
                if support::key(u64::from(a * n + b)) % 5 < 2 {
                    graph.entry(a).or_default().insert(b);
                    graph.entry(b).or_default().insert(a);
                }
            }
        }
        Cliques { graph }
    }

    fn run(&mut self) -> u64 {
        let mut sum = 0_u64;
        let all: HashSet<Node> = self.graph.keys().copied().collect();
        self.extend(&mut Vec::new(), all, HashSet::default(), &mut |clique| {
            sum += 1 + clique.iter().map(|&node| u64::from(node) << clique.len()).sum::<u64>();
        });
        sum
    }
}
