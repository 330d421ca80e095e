use arenamap::{SharedArena, SharedMap, Workspace};

fn make<'a>(arena: &'a SharedArena<'static>) -> SharedMap<'static, &'a str, u32> {
    let mut map = SharedMap::new_in(arena.clone());
    map.insert(&*arena.alloc_str("key"), 1);
    map
}

fn main() {
    let mut work = Workspace::new(make);
    let _ = work.reset();
}
