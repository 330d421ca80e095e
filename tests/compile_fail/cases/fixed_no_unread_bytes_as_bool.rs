use arenamap::fixed::{FixedMap, u64_le};

fn main() {
    // A byte of 7 is no `bool`, and `open` does not look.
    let _ = FixedMap::<u64_le, bool, _>::open(&[0_u8; 1024][..]);
}
