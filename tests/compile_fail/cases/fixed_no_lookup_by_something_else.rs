use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};

fn main() {
    let map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    map.get("1");
}
