use arenamap::fixed::{AlignedBytes, FixedMap, NonZeroU32_le, u64_le};

arenamap::fixed_struct! {
    pub checked struct Flag { pub on: bool, pub fill: [u8; 3], pub port: NonZeroU32_le }
}

fn main() {
    let mut map = FixedMap::<u64_le, Flag, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    map.insert_with(1.into(), |flag| flag.on = true).ok();
}
