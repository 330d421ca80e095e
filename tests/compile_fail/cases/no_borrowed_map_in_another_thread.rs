use arenamap::{Arena, ArenaMap};

fn main() {
    let arena = Arena::new();
    let mut map = ArenaMap::new_in(&arena);
    std::thread::scope(|scope| {
        scope.spawn(move || map.insert(1, 1));
    });
}
