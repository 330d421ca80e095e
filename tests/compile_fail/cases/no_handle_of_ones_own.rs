use arenamap::{Arena, Handle};

struct Mine(Arena);

impl Handle for Mine {}

fn main() {
    drop(Mine(Arena::new()));
}
