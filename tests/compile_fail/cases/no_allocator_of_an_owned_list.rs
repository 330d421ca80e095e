use arenamap::ArenaVec;

fn main() {
    let list = ArenaVec::from([1]);
    list.allocator();
}
