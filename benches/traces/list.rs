//! A list in a slab, doubly linked: the order of the model policies.

/// The index that stands for no node.
pub(crate) const NONE: usize = usize::MAX;

struct Node<T> {
    newer: usize,
    older: usize,
    value: T,
}

/// Nodes from the newest to the oldest. A node keeps its index as long as it is in the list.
pub(crate) struct List<T> {
    nodes: Vec<Node<T>>,
    free: Vec<usize>,
    newest: usize,
    oldest: usize,
}

impl<T> List<T> {
    pub(crate) fn new() -> Self {
        List {
            nodes: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
        }
    }

    /// Puts `value` before the newest; returns its index.
    pub(crate) fn push(&mut self, value: T) -> usize {
        let node = Node {
            newer: NONE,
            older: NONE,
            value,
        };
        let at = if let Some(at) = self.free.pop() {
            self.nodes[at] = node;
            at
        } else {
            self.nodes.push(node);
            self.nodes.len() - 1
        };
        self.link(at);
        at
    }

    /// Makes the node at `at` the newest.
    pub(crate) fn renew(&mut self, at: usize) {
        self.unlink(at);
        self.link(at);
    }

    /// Takes the node at `at` out.
    pub(crate) fn remove(&mut self, at: usize) {
        self.unlink(at);
        self.free.push(at);
    }

    /// [`NONE`] when empty.
    pub(crate) fn oldest(&self) -> usize {
        self.oldest
    }

    /// The next newer one, or [`NONE`].
    pub(crate) fn newer(&self, at: usize) -> usize {
        self.nodes[at].newer
    }

    pub(crate) fn at(&mut self, at: usize) -> &mut T {
        &mut self.nodes[at].value
    }

    fn link(&mut self, at: usize) {
        let before = std::mem::replace(&mut self.newest, at);
        (self.nodes[at].newer, self.nodes[at].older) = (NONE, before);
        match before {
            NONE => self.oldest = at,
            _ => self.nodes[before].newer = at,
        }
    }

    fn unlink(&mut self, at: usize) {
        let (newer, older) = (self.nodes[at].newer, self.nodes[at].older);
        match newer {
            NONE => self.newest = older,
            _ => self.nodes[newer].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            _ => self.nodes[older].newer = newer,
        }
    }
}
