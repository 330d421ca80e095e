use arenamap::Parts;
use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u32_le};

arenamap::fixed_struct! {
    pub struct Page { pub site: u32_le, pub path: FixedStr<28> }
}

fn main() {
    let map = FixedMap::<Page, u32_le, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    map.get(&Parts((1_u32,)));
    map.get(&Parts((1_u64, "/index")));
}
