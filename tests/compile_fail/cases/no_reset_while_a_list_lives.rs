use arenamap::{Arena, ArenaString, ArenaVec};

fn main() {
    let mut arena = Arena::new();
    let mut list = ArenaVec::new_in(&arena);
    list.push(ArenaString::from_str_in("text", &arena));
    arena.reset();
    println!("{}", list.len());
}
