//! A tree of letters whose nodes get a small map of children when they get the first one, all in one arena.

use super::{Arena, MapIn, map_in};
use crate::programs::Program;
use crate::support;

#[derive(Default)]
struct Node<'a> {
    /// How many words begin with what leads here.
    words: u64,
    children: Option<MapIn<'a, u8, Node<'a>>>,
}

impl<'a> Node<'a> {
    fn insert(&mut self, word: &[u8], arena: &'a Arena) {
        self.words += 1;
        if let [first, rest @ ..] = word {
            let children = self.children.get_or_insert_with(|| map_in(arena));
            children.entry(*first).or_default().insert(rest, arena);
        }
    }

    fn find(&self, prefix: &[u8]) -> Option<&Node<'a>> {
        let [first, rest @ ..] = prefix else { return Some(self) };
        self.children.as_ref()?.get(first)?.find(rest)
    }

    fn size(&self) -> u64 {
        let below: u64 = self.children.iter().flat_map(MapIn::values).map(Node::size).sum();
        1 + below
    }
}

/// n words, and half as many beginnings of words to look for.
pub(crate) struct Trie {
    arena: Arena,
    words: Vec<String>,
}

impl Program for Trie {
    fn new(n: usize) -> Self {
        let words = (0..n as u64)
            .map(|i| {
                let letters = format!("{:x}", support::key(i));
                let length = 3 + usize::try_from(i % 6).expect("a digit");
                letters[..length.min(letters.len())].to_owned()
            })
            .collect();
        Trie {
            arena: Arena::new(),
            words,
        }
    }

    fn run(&mut self) -> u64 {
        let mut root = Node::default();
        for word in &self.words {
            root.insert(word.as_bytes(), &self.arena);
        }
        let mut sum = root.size();
        for word in self.words.iter().step_by(2) {
            let found = root.find(&word.as_bytes()[..3]);
            sum += found.map_or(0, |node| node.words);
        }
        drop(root);
        self.arena.reset();
        sum
    }
}
