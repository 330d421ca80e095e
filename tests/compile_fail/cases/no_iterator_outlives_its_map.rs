use arenamap::ArenaMap;

fn main() {
    let mut map = ArenaMap::new();
    map.insert(1, 1);
    let mut iter = map.iter();
    drop(map);
    iter.next();
}
