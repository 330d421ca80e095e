use arenamap::fixed::{FixedMap, u64_le};

fn main() {
    let _ = FixedMap::<u64_le, u64_le, _>::create(&[0_u8; 1024][..], 10);
}
