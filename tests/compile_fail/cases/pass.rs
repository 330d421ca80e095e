//! What the other files do wrong, done right.
use arenamap::{
    Arena, ArenaMap, ArenaPool, ArenaString, ArenaVec, Handle, SharedArena, SharedMap, StrMap, Workspace,
};

type Words = StrMap<u32, arenamap::DefaultHashBuilder, SharedArena<'static>>;

fn words(arena: &SharedArena<'static>) -> Words {
    StrMap::new_in(arena.clone())
}

fn of<H: Handle>(handle: H) {
    let len = handle.alloc_str("text").len();
    let mut map = ArenaMap::new_in(handle);
    map.insert(1, len);
}

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
        let mut list = ArenaVec::new_in(&arena);
        list.push(ArenaString::from_str_in("text", &arena));
        assert_eq!(list.allocator().held(), arena.held());
        list.drain(..).for_each(|mut text| text.drain(..).for_each(drop));
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

    let mut shared = pool.checkout().share();
    assert_eq!(shared.alloc_str("text"), "text");
    shared.reset_if_unique().unwrap();
    drop(shared.try_into_arena().unwrap());
    drop(pool.checkout().into_arena());
    of(Arena::new());

    let mut work: Workspace<Words> = Workspace::new(words);
    work.insert("key", 1);
    assert_eq!(work["key"], 1);
    work.reset().unwrap();
    let work: Workspace<SharedMap<'_, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    std::thread::scope(|scope| {
        scope.spawn(|| work.len());
    });
}
