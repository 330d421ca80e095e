use arenamap::fixed::{FixedMap, u64_le};

fn main() {
    let mut map = FixedMap::<u64_le, u64_le, _>::open(&[0_u8; 1024][..]).unwrap();
    map.insert(1.into(), 1.into()).unwrap();
}
