use arenamap::{Arena, ArenaMap};

fn next(arena: &Arena) -> Box<dyn FnMut() -> Option<u32> + '_> {
    let mut map = ArenaMap::new_in(arena);
    map.insert(1, 1);
    let mut iter = map.values();
    Box::new(move || iter.next().copied())
}

fn main() {
    next(&Arena::new())();
}
