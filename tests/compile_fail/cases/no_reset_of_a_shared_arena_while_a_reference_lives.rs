use arenamap::Arena;

fn main() {
    let mut arena = Arena::new().share();
    let text = arena.alloc_str("text");
    let _ = arena.reset_if_unique();
    println!("{text}");
}
