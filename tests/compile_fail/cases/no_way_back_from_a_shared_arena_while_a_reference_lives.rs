use arenamap::Arena;

fn main() {
    let shared = Arena::new().share();
    let text = shared.alloc_str("text");
    let arena = shared.try_into_arena();
    println!("{text} {arena:?}");
}
