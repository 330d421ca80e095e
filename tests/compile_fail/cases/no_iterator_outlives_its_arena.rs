use arenamap::{Arena, ArenaMap};

fn main() {
    let mut iter = {
        let arena = Arena::new();
        let mut map = ArenaMap::new_in(&arena);
        map.insert(1, 1);
        map.into_iter()
    };
    iter.next();
}
