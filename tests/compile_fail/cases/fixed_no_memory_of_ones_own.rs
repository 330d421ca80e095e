use arenamap::fixed::{FixedMap, u64_le};

fn main() {
    // A `Vec` is no memory of a map: its bytes are aligned to 1, and move when it grows.
    let _ = FixedMap::<u64_le, u64_le, _>::create(vec![0_u8; 1024], 10);
}
