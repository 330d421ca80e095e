use arenamap::{Arena, ArenaMap, Handle};

fn of<H: Handle>(handle: H) {
    let text = handle.alloc_str("text");
    let mut map = ArenaMap::new_in(handle);
    map.insert(1, 2);
    println!("{text}");
}

fn main() {
    of(Arena::new());
}
