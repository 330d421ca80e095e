//! Maps that are made and never cleared: one for each connection, which ends some day.

use arenamap::{ArenaMap, SharedArena, SharedMap};

/// The topics of each open connection.
pub struct Connections<'p> {
    arena: SharedArena<'p>,
    topics: SharedMap<'p, u32, SharedMap<'p, u64, u32>>,
}

impl<'p> Connections<'p> {
    pub fn new(arena: SharedArena<'p>) -> Self {
        let topics = ArenaMap::new_in(arena.clone());
        Self { arena, topics }
    }

    pub fn subscribe(&mut self, connection: u32, topic: u64) {
        let new = || ArenaMap::new_in(self.arena.clone());
        let topics = self.topics.entry(connection).or_insert_with(new);
        *topics.entry(topic).or_insert(0) += 1; // <-
    }

    pub fn close(&mut self, connection: u32) {
        if !cfg!(feature = "leaky") {
            self.topics.remove(&connection);
        }
    }
}
