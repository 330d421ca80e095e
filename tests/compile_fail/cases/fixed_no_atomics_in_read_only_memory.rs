use arenamap::fixed::{AtomicU64Le, FixedMap, u64_le};

fn main() {
    // `fetch_add` would write where nobody may.
    let _ = FixedMap::<u64_le, AtomicU64Le, _>::open(&[0_u8; 1024][..]);
}
