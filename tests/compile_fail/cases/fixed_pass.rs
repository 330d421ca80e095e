//! What the other files do wrong, done right.
use arenamap::fixed::{AlignedBytes, AtomicU64Le, FixedMap, FixedStr, u32_le, u64_le};

arenamap::fixed_struct! { pub struct Page { bytes: u64_le, port: u32_le, status: u32_le } }
arenamap::fixed_struct! { pub checked struct Flag { on: bool } }
arenamap::fixed_struct! { pub atomic struct Counter { hits: AtomicU64Le } }

fn main() {
    let mut bytes = AlignedBytes::zeroed(4096);
    {
        let mut map = FixedMap::<u64_le, FixedStr<16>, _>::create(&mut bytes[..], 10).unwrap();
        for key in [1_u64, 2] {
            map.insert(key.into(), "text".try_into().unwrap()).unwrap();
        }
        let value = map.get(&1);
        println!("{value:?}");
    }
    let map = FixedMap::<u64_le, FixedStr<16>, _>::open(&bytes[..]).unwrap();
    println!("{}", map.len());
    assert!(FixedMap::<Page, ()>::bytes_for(10) > 0);

    let flags = FixedMap::<u64_le, Flag, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    FixedMap::<u64_le, Flag, _>::open_verified(flags.into_memory()).unwrap();

    let mut counters = FixedMap::<u64_le, Counter, _>::create(AlignedBytes::zeroed(1024), 10).unwrap();
    let sealed = AlignedBytes::from_slice(counters.seal());
    FixedMap::<u64_le, Counter, _>::open(sealed).unwrap();
}
