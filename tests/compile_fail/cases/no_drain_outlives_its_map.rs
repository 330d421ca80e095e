use arenamap::ArenaMap;

fn main() {
    let mut map = ArenaMap::new();
    map.insert(1, 1);
    let mut drain = map.drain();
    drop(map);
    drain.next();
}
