use arenamap::fixed::{FixedMap, u64_le};

arenamap::fixed_struct! { pub checked struct Flag { on: bool } }

fn main() {
    let _ = FixedMap::<u64_le, Flag, _>::open(&[0_u8; 1024][..]);
}
