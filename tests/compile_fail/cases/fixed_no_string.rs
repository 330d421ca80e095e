use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};

fn main() {
    // A pointer means nothing in another process.
    let mut map = FixedMap::<u64_le, String, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    map.insert(1.into(), String::new()).unwrap();
}
