use arenamap::fixed::{AtomicU64Le, FixedMap, u64_le};

fn main() {
    // A key that changes in its slot is not found again.
    let _ = FixedMap::<AtomicU64Le, u64_le>::bytes_for(10);
}
