use arenamap::{Arena, ArenaPool};

static POOL: ArenaPool = ArenaPool::new();

fn main() {
    let mut pooled = POOL.checkout();
    let arena: &mut Arena = &mut pooled;
    core::mem::swap(arena, &mut Arena::new());
}
