use arenamap::ArenaPool;

fn main() {
    let shared = {
        let pool = ArenaPool::new();
        pool.checkout().share()
    };
    shared.alloc(1);
}
