//! The shortest ways from one node of a sparse graph to all others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::HashMap;
use crate::programs::Program;
use crate::support;

type Node = u32;

/// A graph of n nodes with four edges each, and one of them to start from.
pub(crate) struct Dijkstra {
    graph: HashMap<Node, Vec<(Node, u32)>>,
}

impl Program for Dijkstra {
    fn new(n: usize) -> Self {
        let n = Node::try_from(n).expect("a small graph");
        let mut graph: HashMap<Node, Vec<(Node, u32)>> = HashMap::default();
        for from in 0..n {
            for edge in 0..4 {
                let random = support::key(u64::from(4 * from + edge));
                let to = Node::try_from(random % u64::from(n)).expect("a node");
                let length = u32::try_from(random >> 58).expect("six bits") + 1;
                graph.entry(from).or_default().push((to, length));
            }
        }
        Dijkstra { graph }
    }

    fn run(&mut self) -> u64 {
        let mut distances: HashMap<Node, u32> = HashMap::default();
        let mut before: HashMap<Node, Node> = HashMap::default();
        let mut open = BinaryHeap::from([Reverse((0, 0))]);
        distances.insert(0, 0);
        while let Some(Reverse((distance, node))) = open.pop() {
            if distances[&node] < distance {
                continue;
            }
            let Some(edges) = self.graph.get(&node) else { continue };
            for &(to, length) in edges {
                let through = distance + length;
                let known = distances.entry(to).or_insert(u32::MAX);
                if through < *known {
                    *known = through;
                    before.insert(to, node);
                    open.push(Reverse((through, to)));
                }
            }
        }
        let far: u64 = distances.values().copied().map(u64::from).sum();
        far + 7 * distances.len() as u64 + before.len() as u64
    }
}
