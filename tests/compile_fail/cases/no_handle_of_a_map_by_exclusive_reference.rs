use arenamap::{ArenaMap, ArenaPool};

static POOL: ArenaPool = ArenaPool::new();

fn main() {
    let mut map: ArenaMap<u32, u32, _, _> = ArenaMap::new_in(POOL.checkout());
    map.insert(1, 1);
    map.handle_mut().reset();
}
