use arenamap::{Arena, TrimPolicy};

fn main() {
    let mut arena = Arena::new();
    let text = arena.alloc_str("text");
    arena.trim(TrimPolicy::All);
    println!("{text}");
}
