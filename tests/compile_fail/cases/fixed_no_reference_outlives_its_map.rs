use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};

fn main() {
    let map = FixedMap::<u64_le, u64_le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    let value = map.get(&1);
    drop(map);
    println!("{value:?}");
}
