use arenamap::ArenaMap;

fn main() {
    let mut map = ArenaMap::new();
    map.insert(1, 1);
    let entry = map.entry(1);
    drop(map);
    entry.or_insert(2);
}
