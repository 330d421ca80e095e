use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};

fn main() {
    let mut map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    for (key, value) in &map {
        map.insert((*key + 1).into(), *value).unwrap();
    }
}
