//! An archive as the input says, from a whole one to noise, and every way to open it.

use crate::archive::{LANES, Shape, at, mark_open, mark_sealed, put, put32, sign_header};
use crate::program::{Key, Value, look, step};
use arenamap::fixed::{AlignedBytes, FixedMap, Memory, MemoryMut};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use std::collections::HashMap;
use std::marker::PhantomData;
use zerocopy::FromBytes;

/// Operations in one program.
const STEPS: usize = 48;

/// A type of map.
pub struct Case<K, V>(pub PhantomData<(K, V)>);

/// Fields of the immutable header of eight bytes, and those of four.
const NUMBERS: [usize; 7] = [
    at::MAGIC,
    at::KEY_LAYOUT,
    at::VALUE_LAYOUT,
    at::SEED,
    at::CAPACITY,
    at::GROUPS,
    at::BYTES,
];
const NUMBERS32: [usize; 8] = [
    at::VERSION,
    at::HEADER_BYTES,
    at::SLOT_SIZE,
    at::SLOT_ALIGN,
    at::KEY_SIZE,
    at::VALUE_SIZE,
    at::VALUE_OFFSET,
    at::HASHER,
];

/// Bytes to open: noise, or a whole archive that the input has changed here and there.
fn archive<K: Key, V: Value>(input: &mut Unstructured<'_>) -> Result<AlignedBytes> {
    let mode = input.arbitrary::<u8>()?;
    if mode % 8 == 7 {
        let len = input.len().min(usize::from(input.arbitrary::<u16>()?));
        let mut bytes = AlignedBytes::from_slice(input.bytes(len)?);
        if mode & 8 != 0 && bytes.len() >= at::TAGS {
            sign_header(&mut bytes);
        }
        return Ok(bytes);
    }
    let capacity = usize::from(input.arbitrary::<u8>()? % 41);
    let need = FixedMap::<K, V>::bytes_for(capacity);
    let mut map =
        FixedMap::<K, V, _>::create_seeded(AlignedBytes::zeroed(need), capacity, input.arbitrary::<u8>()?.into())
            .expect("memory enough");
    for _ in 0..input.arbitrary::<u8>()? % 64 {
        let [key, value] = input.arbitrary::<[u8; 2]>()?;
        if value % 4 == 3 {
            map.remove(&K::make(key));
        } else {
            let full = map.insert(K::make(key), V::make(value)).is_err();
            assert!(!full || map.len() == capacity);
        }
    }
    let mut bytes = map.into_memory();
    let shape = Shape::of(&bytes);
    let slots = shape.slots();
    for _ in 0..input.arbitrary::<u8>()? % 32 {
        let [what, a, b, c] = input.arbitrary::<[u8; 4]>()?;
        let (slot, other) = (usize::from(a) % slots, usize::from(b) % slots);
        match what % 14 {
            0..=1 => {
                let offset = at::TAGS + usize::from(u16::from_le_bytes([a, b])) % (bytes.len() - at::TAGS);
                bytes[offset] = c;
            }
            // A slot copied to another, with its tag.
            2..=3 => {
                let copy = shape.slot(&mut bytes, slot).to_vec();
                shape.slot(&mut bytes, other).copy_from_slice(&copy);
                bytes[shape.tag_at(other)] = bytes[shape.tag_at(slot)];
            }
            // A key where the input wants it, with its tag.
            4..=5 => {
                let key = K::make(b);
                shape.slot(&mut bytes, slot)[..size_of::<K>()].copy_from_slice(key.as_bytes());
                bytes[shape.tag_at(slot)] = shape.way(&key).tag;
            }
            6 => put32(&mut bytes, shape.counters_at(slot / LANES), input.arbitrary()?),
            7 => bytes[shape.tag_at(slot)] = b,
            8 => put(&mut bytes, at::LEN, if c < 200 { b.into() } else { input.arbitrary()? }),
            9 => put(&mut bytes, at::GENERATION, input.arbitrary()?),
            10 if c < 128 => bytes[at::LEN + usize::from(a) % (at::TAGS - at::LEN)] = b,
            10 => bytes[usize::from(a) % at::TAGS] = b,
            11 => put(&mut bytes, NUMBERS[usize::from(a) % NUMBERS.len()], input.arbitrary()?),
            12 => put32(
                &mut bytes,
                NUMBERS32[usize::from(a) % NUMBERS32.len()],
                input.arbitrary()?,
            ),
            // All tags of a group, or all of its counters.
            _ if c < 128 => bytes[shape.tag_at(slot / LANES * LANES)..][..LANES].fill(b),
            _ => put32(&mut bytes, shape.counters_at(slot / LANES), u32::MAX),
        }
    }
    if mode & 64 == 0 {
        sign_header(&mut bytes);
    }
    match mode % 8 {
        0..=1 => mark_sealed(&mut bytes),
        2 => mark_open(&mut bytes),
        _ => {}
    }
    if mode & 32 != 0 {
        let shorter = usize::from(input.arbitrary::<u16>()?) % (bytes.len() + 1);
        bytes = AlignedBytes::from_slice(&bytes[..shorter]);
    }
    Ok(bytes)
}

/// A program on a map of whose archive nothing is known.
fn abuse<K: Key, V: Value, M: MemoryMut>(mut map: FixedMap<K, V, M>, program: &[u8]) {
    look(&map, None);
    let mut input = Unstructured::new(program);
    for _ in 0..STEPS.min(program.len() / 3) {
        step(&mut map, None, &mut input);
    }
    look(&map, None);
}

/// A program on a map whose archive was verified: it is a map.
fn use_verified<K: Key, V: Value, M: MemoryMut>(mut map: FixedMap<K, V, M>, program: &[u8]) {
    let mut model: HashMap<K, V> = map.iter().map(|(&key, &value)| (key, value)).collect();
    look(&map, Some(&model));
    let mut input = Unstructured::new(program);
    for _ in 0..STEPS.min(program.len() / 3) {
        step(&mut map, Some(&mut model), &mut input);
        map.verify().expect("a verified map stays whole");
    }
    look(&map, Some(&model));
    map.seal();
    let bytes = map.into_memory();
    drop(bytes);
}

/// The ways to open that all types have.
fn run_checked<K: Key, V: Value>(bytes: &AlignedBytes, program: &[u8]) {
    let copy = || AlignedBytes::clone(bytes);
    let shared = FixedMap::<K, V, _>::open_verified(&bytes[..]);
    let owned = FixedMap::<K, V, _>::open_verified(copy());
    assert_eq!(shared.as_ref().err(), owned.as_ref().err());
    if let (Ok(shared), Ok(owned)) = (shared, owned) {
        assert!(shared == owned && shared.is_sealed() == owned.is_sealed());
        use_verified(owned, program);
    }
    if let Ok(map) = FixedMap::<K, V, _>::open_unverified(copy()) {
        let len = map.len();
        assert_eq!(map.is_empty(), len == 0);
        for number in (0..=u8::MAX).step_by(3) {
            let _ = map.try_get(&K::make(number));
        }
        let _ = map.verified().map(|map| look(&map, None));
    }
    match FixedMap::<K, V, _>::recover(copy()) {
        Ok((mut map, recovered)) => {
            assert_eq!(recovered.kept, map.len(), "{recovered}");
            map.verify().expect("a recovered map is whole");
            let reopened = AlignedBytes::from_slice(map.seal());
            FixedMap::<K, V, _>::open_verified(&reopened[..]).expect("a recovered archive is whole");
            use_verified(map, program);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The ways to open that only types have of which any bytes are a value.
fn run_plain<K: Key + FromBytes, V: Value + FromBytes>(bytes: &AlignedBytes, program: &[u8]) {
    let view = FixedMap::<K, V, _>::open(&bytes[..]);
    if let Ok(view) = &view {
        look(view, None);
        let _ = view.verify();
        assert_eq!(view.as_bytes(), &bytes[..view.as_bytes().len()]);
    }
    let mut writable = AlignedBytes::clone(bytes);
    match FixedMap::<K, V, _>::open_mut(&mut writable[..]) {
        Ok(map) => {
            assert!(view.is_ok() && !map.is_sealed() && memory_of(&map) > 0);
            abuse(map, program);
        }
        Err(error) => assert_eq!(view.err(), Some(error)),
    }
    // Written to without `open_mut`.
    if let Ok(map) = FixedMap::<K, V, _>::open(AlignedBytes::clone(bytes)) {
        abuse(map, program);
    }
}

fn memory_of<K: Key, V: Value, M: Memory>(map: &FixedMap<K, V, M>) -> usize {
    map.as_bytes().len()
}

impl<K: Key, V: Value> Case<K, V> {
    pub fn checked(input: &[u8]) {
        run_archive::<K, V>(input, run_checked::<K, V>);
    }

    pub fn plain(input: &[u8])
    where
        K: FromBytes,
        V: FromBytes,
    {
        run_archive::<K, V>(input, |bytes, program| {
            run_plain::<K, V>(bytes, program);
            run_checked::<K, V>(bytes, program);
        });
    }
}

/// Makes an archive of the input's first bytes and runs the rest on it.
pub fn run_archive<K: Key, V: Value>(input: &[u8], run: impl Fn(&AlignedBytes, &[u8])) {
    let mut input = Unstructured::new(input);
    if let Ok(bytes) = archive::<K, V>(&mut input) {
        run(&bytes, input.take_rest());
    }
}
