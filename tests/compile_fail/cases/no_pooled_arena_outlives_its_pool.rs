use arenamap::ArenaPool;

fn main() {
    let arena = {
        let pool = ArenaPool::new();
        pool.checkout()
    };
    arena.alloc(1);
}
