use arenamap::{Arena, ArenaMap};

fn main() {
    let mut arena = Arena::new();
    let mut map = ArenaMap::new_in(&arena);
    map.insert(1, 1);
    arena.reset();
    println!("{}", map.len());
}
