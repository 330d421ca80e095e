use arenamap::ArenaMap;

fn main() {
    let map = ArenaMap::from([(1, 1)]);
    map.allocator();
}
