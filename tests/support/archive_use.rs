//! Every operation of a map of whose archive nothing is known: each is to end, to stay in its memory, and not to panic.
//! Sanitizers and Miri see what leaves the memory: archives of tests are heap blocks of exactly their size.
#![allow(dead_code, reason = "each test binary uses its own part")]

use arenamap::fixed::{
    AlignedBytes, Checked, Entry, Field, FixedInsertError, FixedKey, FixedMap, Frozen, Memory, MemoryMut,
    NonZeroU32_le, char_le, u32_le, u64_le,
};
use zerocopy::FromBytes;

/// A type of map, and how to make its keys and values: different keys of different numbers.
pub(crate) struct Kind<K, V> {
    pub(crate) name: &'static str,
    pub(crate) key: fn(u32) -> K,
    pub(crate) value: fn(u32) -> V,
}

impl<K, V> Clone for Kind<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Kind<K, V> {}

#[allow(clippy::unused_self, reason = "it names the types")]
impl<K: FixedKey + Checked, V: Checked + Frozen> Kind<K, V> {
    /// A new map in memory of exactly its size.
    pub(crate) fn create(&self, capacity: usize, seed: u64) -> FixedMap<K, V, AlignedBytes> {
        let need = FixedMap::<K, V>::bytes_for(capacity);
        FixedMap::create_seeded(AlignedBytes::zeroed(need), capacity, seed).expect("memory enough")
    }

    /// A map with the entries `0..entries`, after others came and went.
    pub(crate) fn filled(&self, capacity: usize, entries: u32, seed: u64) -> FixedMap<K, V, AlignedBytes> {
        let mut map = self.create(capacity, seed);
        let others = 10_000..10_000 + u32::try_from(capacity).expect("small") / 2;
        for i in others.clone() {
            map.insert((self.key)(i), (self.value)(i)).expect("room");
        }
        for i in 0..entries / 2 {
            map.insert((self.key)(i), (self.value)(i)).expect("room");
        }
        for i in others {
            map.remove(&(self.key)(i)).expect("it is there");
        }
        for i in entries / 2..entries {
            map.insert((self.key)(i), (self.value)(i)).expect("room");
        }
        map
    }
}

/// Everything that a shared reference shows.
pub(crate) fn look<K, V, M>(map: &FixedMap<K, V, M>, kind: Kind<K, V>, entries: u32)
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
    M: Memory,
{
    let stats = map.stats();
    let slots = stats.groups * 12;
    let full = map.iter().count();
    assert!(full <= slots && map.len() <= map.capacity());
    assert_eq!(
        (full, full),
        (map.keys().count(), map.values().fold(0, |count, _| count + 1))
    );
    assert!(stats.longest_hit <= stats.groups && stats.longest_miss <= stats.groups);
    for (key, _) in map {
        // What stands in the archive is found, or reached by no search; never more than one way through all groups.
        let _ = map.try_get(key);
    }
    let keys: Vec<K> = (0..entries + 8).map(kind.key).collect();
    let mut values = vec![None; keys.len()];
    map.get_batch(&keys, &mut values);
    for (key, value) in keys.iter().zip(values) {
        map.prefetch(key);
        let bytes = |value: &V| value.as_bytes().to_vec();
        assert_eq!(map.get(key).map(bytes), value.map(bytes));
        assert_eq!(map.get_key_value(key).is_some(), value.is_some());
        assert_eq!(map.contains_key(key), value.is_some());
        match map.try_get(key) {
            Ok(found) => assert_eq!(found.map(bytes), value.map(bytes)),
            Err(error) => assert_eq!((error.field(), value.is_none()), (Field::Search, true)),
        }
    }
    let capacity = map.capacity();
    let need = FixedMap::<K, V>::bytes_for(capacity);
    match map.copy_into(AlignedBytes::zeroed(need), capacity) {
        // What was no text in an archive that was not verified is none in its copy.
        Ok(copy) => assert!(copy.verify().err().is_none_or(|error| error.field() == Field::Key)),
        Err(error) => assert_eq!(error.field(), Field::Len),
    }
}

/// Everything that changes a map. At its end the map is empty, and whole.
pub(crate) fn change<K, V, M>(map: &mut FixedMap<K, V, M>, kind: Kind<K, V>, entries: u32)
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
    M: MemoryMut,
{
    let Kind { key, value, .. } = kind;
    let slots = u32::try_from(map.stats().groups * 12).expect("small");
    for i in (0..entries).step_by(7) {
        let _ = map.insert(key(i), value(i + 1));
        let _ = map.get_mut(&key(i + 1)).map(|there| *there = value(i));
        let _ = map
            .get_disjoint_mut([&key(i), &key(i + 2)])
            .map(|there| there.is_some());
        let _ = map.entry(key(i + 3)).or_insert_with(|| value(i)).is_ok();
        match map.entry(key(i + 4)) {
            Entry::Occupied(entry) => drop(entry.remove_entry()),
            Entry::Vacant(entry) => drop(entry.into_key()),
        }
        let _ = map.remove(&key(i + 5));
        match map.try_remove(&key(i + 6)) {
            Ok(_) => {}
            Err(error) => assert!(matches!(error.field(), Field::Search | Field::Len), "{error}"),
        }
    }
    map.values_mut().for_each(|there| *there = value(1));
    map.iter_mut().for_each(|(_, there)| *there = value(2));
    // New keys are refused at last: each takes a slot.
    let refused = (0..=slots).find_map(|i| map.insert(key(100_000 + i), value(i)).err());
    match refused.expect("no more entries than slots") {
        FixedInsertError::Full { capacity, .. } => assert_eq!((capacity, map.len()), (map.capacity(), capacity)),
        FixedInsertError::Corrupt { error, .. } => assert_eq!(error.field(), Field::Search),
        other => panic!("{other}"),
    }
    look(map, kind, entries);
    let _ = map.try_extend((0..8).map(|i| (key(i), value(i))));
    let mut asked = 0;
    map.retain(|_, _| {
        asked += 1;
        asked % 3 != 0
    });
    assert!(asked <= slots);
    assert!(map.extract_if(|_, _| true).take(3).count() <= 3);
    assert_eq!(map.seal().len(), map.stats().bytes);
    let _ = map.verify();
    look(map, kind, entries);
    assert!(map.drain().take(2).count() <= 2);
    assert!(map.is_empty() && map.iter().next().is_none());
    map.clear();
    map.verify().expect("a map that was cleared is whole");
}

/// Opens an archive in every way in which its types can be, and uses what opens. For the answer: what `open` says.
pub(crate) fn use_plain<K, V>(
    bytes: &AlignedBytes,
    kind: Kind<K, V>,
    entries: u32,
) -> Result<(), arenamap::fixed::FixedError>
where
    K: FixedKey + Checked + FromBytes,
    V: Checked + Frozen + FromBytes,
{
    look(&FixedMap::<K, V, _>::open(&bytes[..])?, kind, entries);
    let mut writable = bytes.clone();
    let mut map = FixedMap::<K, V, _>::open_mut(&mut writable[..])?;
    change(&mut map, kind, entries);
    Ok(())
}

/// The same for types of which not all bytes are a value.
pub(crate) fn use_unverified<K, V>(
    bytes: &AlignedBytes,
    kind: Kind<K, V>,
    entries: u32,
) -> Result<(), arenamap::fixed::FixedError>
where
    K: FixedKey + Checked,
    V: Checked + Frozen,
{
    let map = FixedMap::<K, V, _>::open_unverified(&bytes[..])?;
    let len = map.len();
    assert_eq!(map.is_empty(), len == 0);
    for i in 0..entries + 8 {
        match map.try_get(&(kind.key)(i)) {
            // Whoever gets a reference gets a value: its bytes are those of one.
            Ok(Some(found)) => {
                let bytes = AlignedBytes::from_slice(found.as_bytes());
                // SAFETY: aligned to 64, of the value's size, and nobody else's.
                #[allow(unsafe_code)]
                let valid = unsafe { V::is_valid(bytes.as_ptr().cast()) };
                assert!(valid);
            }
            Ok(None) => {}
            Err(error) => assert!(
                matches!(error.field(), Field::Key | Field::Value | Field::Search),
                "{error}"
            ),
        }
    }
    if let Ok(map) = map.verified() {
        look(&map, kind, entries);
    }
    if let Ok(mut map) = FixedMap::<K, V, _>::open_verified(bytes.clone()) {
        change(&mut map, kind, entries);
    }
    Ok(())
}

arenamap::fixed_struct! {
    /// Aligned so that there is a gap between the groups and the slots.
    #[derive(Clone, Copy)]
    #[repr(align(64))]
    pub(crate) struct Line { bytes: [u64_le; 8] }
}

pub(crate) fn numbers() -> Kind<u64_le, u64_le> {
    Kind {
        name: "u64_le / u64_le",
        key: |i| u64::from(i + 1).into(),
        value: |i| u64::from(i + 7).into(),
    }
}

pub(crate) fn flags() -> Kind<u32_le, bool> {
    Kind {
        name: "u32_le / bool",
        key: |i| (i + 1).into(),
        value: |i| i % 2 == 1,
    }
}

pub(crate) fn characters() -> Kind<NonZeroU32_le, char_le> {
    Kind {
        name: "NonZeroU32_le / char_le",
        key: |i| NonZeroU32_le::new(i + 1).expect("above zero"),
        value: |_| 'é'.into(),
    }
}

pub(crate) fn lines() -> Kind<u64_le, Line> {
    Kind {
        name: "u64_le / 64 bytes",
        key: |i| u64::from(i).into(),
        value: |i| Line {
            bytes: [u64::from(i).into(); 8],
        },
    }
}
