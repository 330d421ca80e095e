use arenamap::ArenaVec;

fn main() {
    let mut list = ArenaVec::from([1, 2]);
    for element in &list {
        list.push(*element);
    }
}
