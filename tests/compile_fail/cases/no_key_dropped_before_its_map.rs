use arenamap::{Arena, ArenaMap};

fn main() {
    let arena = Arena::new();
    let mut map = ArenaMap::new_in(&arena);
    {
        let key = String::from("key");
        map.insert(key.as_str(), 1);
    }
    println!("{}", map.len());
}
