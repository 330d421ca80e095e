//! What the other files do wrong, done right.
use arenamap::{Arena, ArenaMap, ArenaPool};

fn main() {
    let mut arena = Arena::new();
    {
        let mut map = ArenaMap::new_in(&arena);
        map.insert(arena.alloc_str("key"), 1);
        let mut iter = map.iter();
        let mut next = move || iter.next();
        assert!(next().is_some());
        map.drain().for_each(drop);
        map.entry(arena.alloc_str("other")).or_insert(2);
        assert_eq!(map.allocator().held(), arena.held());
    }
    arena.reset();

    let pool = ArenaPool::new();
    let mut pooled: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(pool.checkout());
    pooled.insert(1, 1);
    std::thread::scope(|scope| {
        scope.spawn(move || pooled.insert(2, 2));
    });
    let mut owned: ArenaMap<u64, u64> = ArenaMap::new();
    std::thread::spawn(move || owned.insert(1, 1)).join().unwrap();
}
