//! Leak 1: an iterator that is kept for later keeps its whole table.

use arenamap::hash_map::IntoIter;
use arenamap::{ArenaMap, ArenaPool, PooledArena, PooledMap};

/// Answers queries page by page.
pub struct Cursors<'p> {
    pool: &'p ArenaPool,
    open: Vec<IntoIter<u64, u64, PooledArena<'p>>>,
}

impl<'p> Cursors<'p> {
    pub fn new(pool: &'p ArenaPool) -> Self {
        let open = Vec::with_capacity(100);
        Self { pool, open }
    }

    /// How many rows the first page has. Nobody ever asks for a second one.
    pub fn query(&mut self, rows: u64) -> usize {
        let mut table: PooledMap<u64, u64> = ArenaMap::new_in(self.pool.checkout()); // <-
        for row in 0..rows {
            table.insert(row, row * row);
        }
        let mut rows = table.into_iter();
        let page = rows.by_ref().take(10).count();
        if cfg!(feature = "leaky") {
            self.open.push(rows);
        }
        page
    }
}
