use arenamap::{Arena, ArenaMap};

fn main() {
    let map = {
        let arena = Arena::new();
        let mut map = ArenaMap::new_in(&arena);
        map.insert(1, 1);
        map
    };
    println!("{}", map.len());
}
