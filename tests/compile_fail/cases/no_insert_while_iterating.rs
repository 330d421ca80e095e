use arenamap::ArenaMap;

fn main() {
    let mut map = ArenaMap::new();
    map.insert(1, 1);
    for (key, value) in &map {
        map.insert(*key + 1, *value);
    }
}
