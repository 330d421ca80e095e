use arenamap::{SharedMap, Workspace};

fn main() {
    let mut work: Workspace<SharedMap<'_, u32, u32>> = Workspace::new(|arena| SharedMap::new_in(arena.clone()));
    work.insert(1, 2);
    let value = &work[&1];
    let _ = work.reset();
    println!("{value}");
}
