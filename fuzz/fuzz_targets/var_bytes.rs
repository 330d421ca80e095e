//! An archive with texts that the input has changed, or noise: whatever opens is safe to use, whatever is verified is a map.
#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;

use arenamap::fixed::{AlignedBytes, Frozen, Memory, MemoryMut, Refusal, VarKey, VarMap, VarValue, u64_le};
use arenamap_fuzz::{Unstructured, mark_sealed, sign_header};
use libfuzzer_sys::arbitrary::Result;
use libfuzzer_sys::fuzz_target;

/// Bytes of a header.
const HEADER: usize = 192;
const CAPACITY: usize = 60;
const ROOM: usize = 900;

/// Texts of which pairs are made.
const TEXTS: [&str; 8] = [
    "",
    "a",
    "é",
    "漢字",
    "a longer text",
    "0123456789abcdef",
    "sixteen and more bytes",
    "\0",
];

fn text(number: u8) -> String {
    TEXTS[usize::from(number % 8)].repeat(usize::from(number / 8 % 4)) + &number.to_string()
}

/// A type of map, with the way to give it a key and a value.
trait Kind {
    type K: VarKey + ?Sized;
    type V: VarValue<Slot: Frozen> + ?Sized;
    /// What a model keeps of them.
    type Key: Ord + Clone + Debug;
    type Value: PartialEq + Clone + Debug;

    fn key(key: &Self::K) -> Self::Key;
    fn value(value: &Self::V) -> Self::Value;
    fn insert<M: MemoryMut>(
        map: &mut VarMap<Self::K, Self::V, M>,
        key: u8,
        value: u8,
    ) -> std::result::Result<(), Refusal>;
    fn remove<M: MemoryMut>(map: &mut VarMap<Self::K, Self::V, M>, key: u8) -> bool;
    fn get<M: Memory>(map: &VarMap<Self::K, Self::V, M>, key: u8) -> Option<Self::Value>;
    fn change<M: MemoryMut>(map: &mut VarMap<Self::K, Self::V, M>, key: u8);
    fn pair(key: u8, value: u8) -> (Self::Key, Self::Value);
    /// Opened in O(1), to be written.
    fn open(bytes: &AlignedBytes) -> Option<VarMap<Self::K, Self::V, AlignedBytes>>;
}

struct Strings;

impl Kind for Strings {
    type K = str;
    type V = str;
    type Key = String;
    type Value = String;

    fn key(key: &str) -> String {
        key.to_owned()
    }
    fn value(value: &str) -> String {
        value.to_owned()
    }
    fn insert<M: MemoryMut>(map: &mut VarMap<str, str, M>, key: u8, value: u8) -> std::result::Result<(), Refusal> {
        map.insert(&text(key), &text(value))
            .map(drop)
            .map_err(|error| error.cause)
    }
    fn remove<M: MemoryMut>(map: &mut VarMap<str, str, M>, key: u8) -> bool {
        map.remove(&text(key)).is_some()
    }
    fn get<M: Memory>(map: &VarMap<str, str, M>, key: u8) -> Option<String> {
        let text = text(key);
        assert_eq!(map.get_key_value(&text).map(|(_, value)| value), map.get(&text));
        map.get(&text).map(str::to_owned)
    }
    fn change<M: MemoryMut>(map: &mut VarMap<str, str, M>, key: u8) {
        if let Some(value) = map.get_mut(&text(key)) {
            value.make_ascii_uppercase();
            value.make_ascii_lowercase();
        }
    }
    fn pair(key: u8, value: u8) -> (String, String) {
        (text(key), text(value))
    }
    fn open(bytes: &AlignedBytes) -> Option<VarMap<str, str, AlignedBytes>> {
        VarMap::open_mut(bytes.clone()).ok()
    }
}

struct Lists;

impl Kind for Lists {
    type K = u64_le;
    type V = [u8];
    type Key = u64;
    type Value = Vec<u8>;

    fn key(key: &u64_le) -> u64 {
        key.to_native()
    }
    fn value(value: &[u8]) -> Vec<u8> {
        value.to_vec()
    }
    fn insert<M: MemoryMut>(map: &mut VarMap<u64_le, [u8], M>, key: u8, value: u8) -> std::result::Result<(), Refusal> {
        map.insert(u64::from(key).into(), text(value).as_bytes())
            .map(drop)
            .map_err(|error| error.cause)
    }
    fn remove<M: MemoryMut>(map: &mut VarMap<u64_le, [u8], M>, key: u8) -> bool {
        map.remove(&u64::from(key)).is_some()
    }
    fn get<M: Memory>(map: &VarMap<u64_le, [u8], M>, key: u8) -> Option<Vec<u8>> {
        map.get(&u64::from(key)).map(<[u8]>::to_vec)
    }
    fn change<M: MemoryMut>(map: &mut VarMap<u64_le, [u8], M>, key: u8) {
        if let Some(value) = map.get_mut(&u64::from(key)) {
            value.reverse();
            value.reverse();
        }
    }
    fn pair(key: u8, value: u8) -> (u64, Vec<u8>) {
        (key.into(), text(value).into_bytes())
    }
    fn open(bytes: &AlignedBytes) -> Option<VarMap<u64_le, [u8], AlignedBytes>> {
        VarMap::open_mut(bytes.clone()).ok()
    }
}

type Model<C> = BTreeMap<<C as Kind>::Key, <C as Kind>::Value>;

fn model<C: Kind, M: Memory>(map: &VarMap<C::K, C::V, M>) -> Model<C> {
    map.iter().map(|(key, value)| (C::key(key), C::value(value))).collect()
}

/// A program of insertions, removals and lookups. With a model, every answer is checked.
fn program<C: Kind, M: MemoryMut>(
    map: &mut VarMap<C::K, C::V, M>,
    mut model: Option<&mut Model<C>>,
    input: &mut Unstructured<'_>,
) -> Result<()> {
    for _ in 0..input.arbitrary::<u8>()? % 64 {
        let [what, key, value] = input.arbitrary::<[u8; 3]>()?;
        let (k, v) = C::pair(key, value);
        match what % 8 {
            0..=3 => {
                let result = C::insert(map, key, value);
                if let Some(model) = &mut model {
                    match result {
                        Ok(()) => drop(model.insert(k, v)),
                        Err(Refusal::Full { .. }) => assert!(model.len() == map.capacity() && !model.contains_key(&k)),
                        Err(Refusal::NoRoom { needed, .. }) => assert!(map.room_used() + needed > map.room()),
                        Err(error) => panic!("a whole map: {error}"),
                    }
                }
            }
            4..=5 => {
                let removed = C::remove(map, key);
                if let Some(model) = &mut model {
                    assert_eq!(removed, model.remove(&k).is_some());
                }
            }
            6 => {
                let found = C::get(map, key);
                if let Some(model) = &model {
                    assert_eq!(found.as_ref(), model.get(&k));
                }
            }
            _ if value == 0 => {
                map.clear();
                if let Some(model) = &mut model {
                    model.clear();
                }
            }
            _ => C::change(map, key),
        }
    }
    Ok(())
}

/// Everything that only reads.
fn look<C: Kind, M: Memory>(map: &VarMap<C::K, C::V, M>) {
    let seen = map.iter().count();
    assert!(seen <= map.keys().count().max(map.values().count()));
    for key in 0..=u8::MAX {
        let _ = C::get(map, key);
    }
    let large = VarMap::<C::K, C::V>::bytes_for(500, 40_000);
    if let Ok(copy) = map.compact_into(AlignedBytes::zeroed(large), 500, 40_000) {
        copy.verify().expect("a copy is whole");
        assert_eq!(copy.garbage(), 0);
    }
}

fn run<C: Kind>(input: &mut Unstructured<'_>) -> Result<()> {
    let mode = input.arbitrary::<u8>()?;
    let bytes = if mode % 8 == 7 {
        AlignedBytes::from_slice(input.bytes(input.len())?)
    } else {
        let memory = AlignedBytes::zeroed(VarMap::<C::K, C::V>::bytes_for(CAPACITY, ROOM));
        let mut map =
            VarMap::<C::K, C::V, _>::create_seeded(memory, CAPACITY, ROOM, mode.into()).expect("memory enough");
        let mut made = Model::<C>::new();
        program::<C, _>(&mut map, Some(&mut made), input)?;
        assert_eq!(model::<C, _>(&map), made);
        map.verify().expect("whole");
        let mut bytes = map.into_memory();
        let from = if mode % 8 < 4 { HEADER } else { 0 };
        for _ in 0..input.arbitrary::<u8>()? % 16 {
            let [what, low, high, byte] = input.arbitrary::<[u8; 4]>()?;
            let at = from + usize::from(u16::from_le_bytes([low, high])) % (bytes.len() - from);
            if what % 4 == 0 && at >= HEADER {
                // One part of the archive over another: two slots or two tags of one text.
                let other = HEADER + usize::from(byte) * 8 % (bytes.len() - HEADER);
                let len = 8.min(bytes.len() - at.max(other));
                bytes.copy_within(other..other + len, at);
            } else {
                bytes[at] = byte;
            }
        }
        if mode & 8 == 0 {
            sign_header(&mut bytes);
            if mode & 16 == 0 {
                mark_sealed(&mut bytes);
            }
        }
        bytes
    };
    if let Ok(map) = VarMap::<C::K, C::V, _>::open_verified(&bytes[..]) {
        look::<C, _>(&map);
        assert_eq!(map.iter().count(), map.len());
    }
    if let Ok((mut map, recovered)) = VarMap::<C::K, C::V, _>::recover(AlignedBytes::clone(&bytes)) {
        map.verify().expect("what was recovered is whole");
        assert_eq!(map.len(), recovered.kept);
        let mut model = model::<C, _>(&map);
        program::<C, _>(&mut map, Some(&mut model), input)?;
        map.verify().expect("stays whole");
    }
    // A program on a map of whose archive nothing is known.
    if let Some(mut map) = C::open(&bytes) {
        look::<C, _>(&map);
        program::<C, _>(&mut map, None, input)?;
        look::<C, _>(&map);
        map.clear();
        assert!(map.is_empty() && map.iter().next().is_none());
        map.verify().expect("whole again");
    }
    Ok(())
}

fuzz_target!(|input: &[u8]| {
    let mut input = Unstructured::new(input);
    let _ = match input.arbitrary::<bool>() {
        Ok(true) => run::<Strings>(&mut input),
        _ => run::<Lists>(&mut input),
    }; // an input that ends early is a shorter program
});
