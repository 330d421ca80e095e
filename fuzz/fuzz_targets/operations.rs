//! Random programs on a new map against the map of the standard library, with everything verified after each step.
#![no_main]

use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr, u16_le, u32_le, u64_le};
use arenamap_fuzz::{Key, Unstructured, Value, look, step};
use libfuzzer_sys::fuzz_target;
use std::collections::HashMap;

fn run<K: Key, V: Value>(input: &mut Unstructured<'_>) {
    let [capacity, seed] = input.arbitrary::<[u8; 2]>().unwrap_or_default();
    let capacity = usize::from(capacity % 41);
    let need = FixedMap::<K, V>::bytes_for(capacity);
    let mut map =
        FixedMap::<K, V, _>::create_seeded(AlignedBytes::zeroed(need), capacity, seed.into()).expect("memory enough");
    let mut model = HashMap::new();
    while !input.is_empty() {
        step(&mut map, Some(&mut model), input);
        assert_eq!(map.len(), model.len());
        map.verify().expect("every operation leaves a whole archive");
    }
    look(&map, Some(&model));
    let bytes = AlignedBytes::from_slice(map.seal());
    look(
        &FixedMap::<K, V, _>::open_verified(&bytes[..]).expect("a sealed archive is whole"),
        Some(&model),
    );
}

fuzz_target!(|input: &[u8]| {
    let mut input = Unstructured::new(input);
    match input.arbitrary::<u8>().unwrap_or_default() % 5 {
        0 => run::<u64_le, u64_le>(&mut input),
        1 => run::<FixedStr<9>, u16_le>(&mut input),
        2 => run::<[u8; 3], bool>(&mut input),
        3 => run::<u32_le, ()>(&mut input),
        _ => run::<u64_le, bool>(&mut input),
    }
});
