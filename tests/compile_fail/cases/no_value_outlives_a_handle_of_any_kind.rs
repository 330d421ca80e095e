use arenamap::{Arena, Handle};

fn of<H: Handle + 'static>(handle: H) -> &'static str {
    handle.alloc_str("text")
}

fn main() {
    println!("{}", of(Arena::new()));
}
