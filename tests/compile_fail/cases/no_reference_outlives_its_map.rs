use arenamap::ArenaMap;

fn main() {
    let mut map = ArenaMap::new();
    map.insert(1, 1);
    let value = map.get(&1);
    drop(map);
    println!("{value:?}");
}
