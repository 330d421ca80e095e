use arenamap::ArenaPool;

fn main() {
    let pool = ArenaPool::new();
    let pooled = pool.checkout();
    let text = pooled.alloc_str("text");
    drop(pooled.into_arena());
    println!("{text}");
}
