use arenamap::{Arena, ArenaVec};

fn main() {
    let list = {
        let arena = Arena::new();
        let mut list = ArenaVec::new_in(&arena);
        list.push(1);
        list
    };
    println!("{}", list.len());
}
