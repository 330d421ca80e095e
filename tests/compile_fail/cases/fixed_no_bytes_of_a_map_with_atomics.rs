use arenamap::fixed::{AlignedBytes, AtomicU64Le, FixedMap, u64_le};

fn main() {
    let map = FixedMap::<u64_le, AtomicU64Le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    // They may change while they are lent out; `seal` is the way.
    map.as_bytes();
}
