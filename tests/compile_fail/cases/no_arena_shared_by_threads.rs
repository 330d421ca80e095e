use arenamap::Arena;

fn main() {
    let arena = Arena::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            arena.alloc(1);
        });
    });
}
