use arenamap::{ArenaString, ArenaVec};

fn main() {
    let numbers = {
        let mut list = ArenaVec::from([1]);
        list.drain(..)
    };
    let characters = {
        let mut text = ArenaString::from("a");
        text.drain(..)
    };
    println!("{} {}", numbers.count(), characters.count());
}
