//! A request handler with maps of its own: how often each path had each status.

use arenamap::{ArenaMap, ArenaPool, SharedMap, SizeHint, StrMap};

static PATHS: SizeHint = SizeHint::new();

/// How many different pairs of path and status the lines of a request have.
pub fn report(pool: &ArenaPool, lines: &str) -> usize {
    let arena = pool.checkout().share();
    let mut paths: StrMap<SharedMap<u16, u32>, _, _> = StrMap::with_hint_in(&PATHS, arena.clone());
    for line in lines.lines() {
        let Some((path, status)) = line.split_once(' ') else {
            continue;
        };
        let Ok(status) = status.parse() else { continue };
        let path: &str = if cfg!(feature = "leaky") {
            &path.to_lowercase() // <- one string for each line
        } else {
            path
        };
        let statuses = paths.entry(path).or_insert_with(|| ArenaMap::new_in(arena.clone()));
        *statuses.entry(status).or_insert(0) += 1;
    }
    paths.values().map(|statuses| statuses.len()).sum()
}
