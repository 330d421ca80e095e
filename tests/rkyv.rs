//! Feature `rkyv`: into archives and back on every handle, lookups in the archive, and what happens where the buffer, the
//! scratch, the arena or the reach of offsets does not suffice.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::mem::MaybeUninit;

use arenamap::{Arena, ArenaMap, ArenaSet, BytesMap, Handle, StrMap};
use rkyv::api::low::{self, LowSerializer, to_bytes_in_with_alloc};
use rkyv::boxed::ArchivedBox;
use rkyv::collections::swiss_table::{ArchivedHashMap, ArchivedHashSet};
use rkyv::rancor::{BoxedError, Error, Failure, Source, Strategy};
use rkyv::rend::{u16_le, u32_le, u64_le};
use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;
use rkyv::ser::{Positional, Writer};
use rkyv::string::ArchivedString;
use rkyv::util::AlignedVec;
use rkyv::with::{Identity, InlineAsBox, MapKV, With};
use rkyv::{Archive, Archived, Deserialize, Serialize, access, deserialize, from_bytes, to_bytes};

#[path = "support/basics.rs"]
mod support;

use support::{fixed, key, times};

type Numbers = ArchivedHashMap<u64_le, u64_le>;

/// A deserializer that needs nothing.
fn plain(nothing: &mut ()) -> &mut Strategy<(), Error> {
    Strategy::wrap(nothing)
}

/// The archive has the entries of the map and no other, for those who iterate and for those who look up.
fn agree<S: BuildHasher, H: Handle>(map: &ArenaMap<u64, u64, S, H>, archived: &Numbers) {
    assert_eq!(archived.len(), map.len());
    assert_eq!(archived.iter().count(), map.len());
    for (key, value) in archived.iter() {
        assert_eq!(map.get(&key.to_native()), Some(&value.to_native()));
    }
    for (&key, &value) in map {
        assert_eq!(archived.get(&u64_le::from(key)).map(|v| v.to_native()), Some(value));
    }
    for missing in (0..100).map(|i| key(i + (1 << 40))) {
        assert_eq!(
            map.contains_key(&missing),
            archived.contains_key(&u64_le::from(missing))
        );
    }
}

#[test]
fn out_and_in_again_at_every_size() {
    let arena = Arena::new();
    for len in [0, 1, 2, 7, 8, 100, 1000, times(100_000, 2000) as u64] {
        let entries = || (0..len).map(|i| (key(i), i));
        let map: ArenaMap<u64, u64> = entries().collect();
        let bytes = to_bytes::<Error>(&map).unwrap();
        let archived = access::<Numbers, Error>(&bytes).unwrap();
        agree(&map, archived);
        assert_eq!(deserialize::<ArenaMap<u64, u64>, Error>(archived).unwrap(), map);
        assert_eq!(from_bytes::<ArenaMap<u64, u64>, Error>(&bytes).unwrap(), map);

        // Into an arena, with another hasher.
        let mut copy: ArenaMap<u64, u64, RandomState, &Arena> = ArenaMap::with_hasher_in(RandomState::new(), &arena);
        copy.try_extend_archived(archived, plain(&mut ())).unwrap();
        assert!(copy.same_entries(&map));
        // And out of there: a borrowed map.
        let bytes_of_copy = to_bytes::<Error>(&copy).unwrap();
        agree(&copy, access::<Numbers, Error>(&bytes_of_copy).unwrap());

        // rkyv's own maps have the same archive, and read ours.
        let std: HashMap<u64, u64> = entries().collect();
        assert_eq!(from_bytes::<HashMap<u64, u64>, Error>(&bytes).unwrap(), std);
        let bytes = to_bytes::<Error>(&std).unwrap();
        assert_eq!(from_bytes::<ArenaMap<u64, u64>, Error>(&bytes).unwrap(), map);

        let set: ArenaSet<u64> = entries().map(|(key, _)| key).collect();
        let bytes = to_bytes::<Error>(&set).unwrap();
        let archived = access::<ArchivedHashSet<u64_le>, Error>(&bytes).unwrap();
        assert_eq!(archived.len(), set.len());
        assert!(set.iter().all(|&element| archived.contains(&u64_le::from(element))));
        assert_eq!(deserialize::<ArenaSet<u64>, Error>(archived).unwrap(), set);
        assert_eq!(from_bytes::<HashSet<u64>, Error>(&bytes).unwrap().len(), set.len());
    }
    assert_eq!(arena.used(), 0);
}

#[cfg(feature = "std")]
#[test]
fn on_the_other_handles() {
    use arenamap::ArenaPool;

    let pool = ArenaPool::new();
    let mut pooled: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(pool.checkout());
    pooled.extend((0..100).map(|i| (i, i)));
    let bytes = to_bytes::<Error>(&pooled).unwrap();
    agree(&pooled, access::<Numbers, Error>(&bytes).unwrap());

    let arena = pool.checkout().share();
    let mut shared: ArenaMap<u64, StrMap<u64, _, _>, _, _> = ArenaMap::new_in(arena.clone());
    for i in 0..100 {
        let inner = StrMap::from_iter_in((0..i % 4).map(|n| (n.to_string(), n)), arena.clone());
        shared.insert(i, inner);
    }
    let bytes = to_bytes::<Error>(&shared).unwrap();
    let archived = access::<Archived<ArenaMap<u64, StrMap<u64>>>, Error>(&bytes).unwrap();
    assert_eq!(archived.get(&u64_le::from(3)).unwrap().get("2").unwrap().to_native(), 2);
    let mut copy: ArenaMap<u64, StrMap<u64, _, _>, _, _> = ArenaMap::new_in(arena.clone());
    copy.try_extend_archived_with(archived, |key, inner| {
        let mut words: StrMap<u64, _, _> = StrMap::new_in(arena.clone());
        words.try_extend_archived(inner, plain(&mut ()))?;
        Ok::<_, Error>((key.to_native(), words))
    })
    .unwrap();
    assert_eq!(copy, shared);
}

/// Long enough for rkyv to keep it outside of its slot, or not.
fn text(i: u64) -> String {
    "word".repeat(usize::try_from(i % 7).unwrap()) + &i.to_string()
}

#[test]
fn strings_and_bytes() {
    for len in [0, 1, 1000] {
        let map: ArenaMap<String, Vec<u8>> = (0..len).map(|i| (text(i), text(i + 1).into_bytes())).collect();
        let bytes = to_bytes::<Error>(&map).unwrap();
        let archived = access::<Archived<ArenaMap<String, Vec<u8>>>, Error>(&bytes).unwrap();
        for (key, value) in &map {
            assert_eq!(archived.get(key.as_str()).unwrap().as_slice(), value.as_slice());
        }
        assert!(archived.get("no such key").is_none());
        assert_eq!(deserialize::<ArenaMap<String, Vec<u8>>, Error>(archived).unwrap(), map);

        let words: StrMap<Vec<String>> = (0..len).map(|i| (text(i), (0..i % 5).map(text).collect())).collect();
        let bytes = to_bytes::<Error>(&words).unwrap();
        let archived = access::<Archived<StrMap<Vec<String>>>, Error>(&bytes).unwrap();
        for (key, value) in &words {
            assert_eq!(archived.get(key).unwrap().as_slice(), value.as_slice());
        }
        assert_eq!(deserialize::<StrMap<Vec<String>>, Error>(archived).unwrap(), words);
        // Bytes as keys, none of them text, are those of a `Vec<u8>`.
        let raw = |i: u64| [&[0xFF, 0][..], text(i).as_bytes()].concat();
        let blobs: BytesMap<String> = (0..len).map(|i| (raw(i), text(i))).collect();
        let bytes_of_blobs = to_bytes::<Error>(&blobs).unwrap();
        let archived = access::<Archived<BytesMap<String>>, Error>(&bytes_of_blobs).unwrap();
        for (key, value) in &blobs {
            assert_eq!(archived.get(key).unwrap().as_str(), value);
        }
        assert!(archived.get(&b"no such key"[..]).is_none());
        assert_eq!(deserialize::<BytesMap<String>, Error>(archived).unwrap(), blobs);
        let std: HashMap<Vec<u8>, String> = from_bytes::<_, Error>(&bytes_of_blobs).unwrap();
        assert!(std.len() == blobs.len() && std.iter().all(|(key, value)| blobs.get(key) == Some(value)));
        let again = from_bytes::<BytesMap<String>, Error>(&to_bytes::<Error>(&std).unwrap()).unwrap();
        assert_eq!(again, blobs);
        // A map with strings, whoever made it, is one archive.
        let std: HashMap<String, Vec<String>> = from_bytes::<_, Error>(&bytes).unwrap();
        assert!(std.iter().all(|(key, value)| words.get(key) == Some(value)));
        let map = from_bytes::<ArenaMap<String, Vec<String>>, Error>(&to_bytes::<Error>(&std).unwrap()).unwrap();
        assert_eq!(map.len(), words.len());

        let set: ArenaSet<String> = (0..len).map(text).collect();
        let bytes = to_bytes::<Error>(&set).unwrap();
        let archived = access::<Archived<ArenaSet<String>>, Error>(&bytes).unwrap();
        assert!(set.iter().all(|element| archived.contains(element.as_str())));
        let mut borrowing: ArenaSet<&str> = ArenaSet::new();
        borrowing
            .try_extend_archived_with(archived, |element| Ok::<_, Error>(element.as_str()))
            .unwrap();
        assert_eq!(borrowing.len(), set.len());
    }
}

#[test]
fn keys_in_an_arena() {
    let arena = Arena::new();
    let mut map: ArenaMap<&str, ArenaSet<u16, _, _>, _, _> = ArenaMap::new_in(&arena);
    for i in 0..200 {
        let set = ArenaSet::from_iter_in(0..u16::try_from(i % 5).unwrap(), &arena);
        let _: Option<ArenaSet<u16, arenamap::DefaultHashBuilder, _>> = map.insert(arena.alloc_str(&text(i)), set);
    }
    let bytes = to_bytes::<Error>(With::<_, MapKV<InlineAsBox, Identity>>::cast(&map)).unwrap();
    let archived = access::<ArchivedHashMap<ArchivedBox<str>, ArchivedHashSet<u16_le>>, Error>(&bytes).unwrap();
    assert_eq!(archived.len(), 200);
    for (&key, value) in &map {
        assert_eq!(archived.get(key).unwrap().len(), value.len());
    }
    let copies = Arena::new();
    let mut copy: ArenaMap<&str, ArenaSet<u16, _, _>, _, _> = ArenaMap::new_in(&copies);
    copy.try_extend_archived_with(archived, |key, value| {
        let mut set = ArenaSet::new_in(&copies);
        set.try_extend_archived(value, plain(&mut ()))?;
        Ok::<_, Error>((copies.try_alloc_str(key).map_err(Error::new)? as &str, set))
    })
    .unwrap();
    assert_eq!(copy, map);
}

#[test]
fn borrowed_values_of_copied_keys() {
    let arena = Arena::new();
    for len in [0, 1, 4, 5, 200, times(3_000, 20)] {
        let mut map = StrMap::<&str, _, _>::new_in(&arena);
        for i in 0..len as u64 {
            let _: Option<&str> = map.insert(&text(i), arena.alloc_str(&text(i + 7)));
        }
        let bytes = to_bytes::<Error>(With::<_, MapKV<Identity, InlineAsBox>>::cast(&map)).unwrap();
        let archived = access::<ArchivedHashMap<ArchivedString, ArchivedBox<str>>, Error>(&bytes).unwrap();
        assert_eq!(archived.len(), map.len());
        for (key, value) in &map {
            assert_eq!(archived.get(key).map(|value| &**value), Some(*value));
        }
        let mut again = StrMap::<&str, _, _>::new_in(&arena);
        again
            .try_extend_archived_with(archived, |value| Ok::<_, Error>(&**value))
            .unwrap();
        assert!(again.same_entries(&map));
    }
}

/// All three as fields; with an inner map that owns its arena, and keys of the user's own.
#[derive(Archive, Serialize, Deserialize, Debug, PartialEq)]
struct Index {
    places: ArenaMap<Place, ArenaMap<u16, String>>,
    words: StrMap<u32>,
    seen: ArenaSet<u64>,
}

#[derive(Archive, Serialize, Deserialize, Debug, PartialEq, Eq, Hash, Clone, Copy)]
#[rkyv(derive(PartialEq, Eq, Hash))]
struct Place {
    line: u32,
    column: u8,
}

#[test]
fn fields_of_a_struct() {
    let place = |i: u32| Place { line: i, column: 7 };
    let index = Index {
        places: (0..50)
            .map(|i| {
                (
                    place(i),
                    (0..u16::try_from(i).unwrap()).map(|n| (n, n.to_string())).collect(),
                )
            })
            .collect(),
        words: StrMap::from([("a", 1), ("a longer word", 2)]),
        seen: ArenaSet::from([1, 2, 3]),
    };
    let bytes = to_bytes::<Error>(&index).unwrap();
    let archived = access::<ArchivedIndex, Error>(&bytes).unwrap();
    let key = ArchivedPlace {
        line: u32_le::from(9),
        column: 7,
    };
    assert_eq!(archived.places.get(&key).unwrap().get(&u16_le::from(8)).unwrap(), "8");
    assert_eq!(archived.words.get("a longer word").unwrap().to_native(), 2);
    assert!(archived.seen.contains(&u64_le::from(3)));
    assert_eq!(deserialize::<Index, Error>(archived).unwrap(), index);
}

#[test]
fn into_a_map_with_entries() {
    let bytes = to_bytes::<Error>(&StrMap::from([("a", 1_u32), ("b", 2)])).unwrap();
    let archived = access::<Archived<StrMap<u32>>, Error>(&bytes).unwrap();
    let arena = Arena::new();
    let mut words: StrMap<u32, _, _> = StrMap::new_in(&arena);
    words.extend([("b", 7), ("c", 3)]);
    words.try_extend_archived(archived, plain(&mut ())).unwrap();
    assert_eq!((words["a"], words["b"], words["c"], words.len()), (1, 2, 3, 3));
    drop(words);
    assert_eq!(arena.used(), 0);

    // Room for what comes is made at once, and no more than that.
    let bytes = to_bytes::<Error>(&(0..1000_u64).map(|i| (i, i)).collect::<ArenaMap<_, _>>()).unwrap();
    let archived = access::<Numbers, Error>(&bytes).unwrap();
    let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&arena);
    map.try_extend_archived(archived, plain(&mut ())).unwrap();
    assert_eq!(map.capacity(), 1792);
    let (capacity, used) = (map.capacity(), arena.used());
    map.try_extend_archived(archived, plain(&mut ())).unwrap();
    assert_eq!((map.len(), map.capacity(), arena.used()), (1000, capacity, used));
}

#[test]
fn a_closure_ends_it() {
    let bytes = to_bytes::<Error>(&(0..100_u64).map(|i| (i, i)).collect::<ArenaMap<_, _>>()).unwrap();
    let archived = access::<Numbers, Error>(&bytes).unwrap();
    let mut map: ArenaMap<u64, u64> = ArenaMap::new();
    let ended = map.try_extend_archived_with(archived, |key, value| match value.to_native() {
        50 => Err(Failure),
        value => Ok((key.to_native(), value)),
    });
    assert_eq!(ended, Err(Failure));
    assert!(map.len() < 100 && map.iter().all(|(key, value)| key == value));
    let before = map.len();
    map.try_extend_archived(archived, plain(&mut ())).unwrap();
    assert!(before < 100 && map.len() == 100);
}

#[test]
fn a_budget_that_does_not_suffice_is_an_error() {
    let numbers: ArenaMap<u64, u64> = (0..1000).map(|i| (i, i)).collect();
    let words: StrMap<u64> = (0..1000).map(|i| (text(i), i)).collect();
    let set: ArenaSet<u64> = (0..1000).collect();
    let (numbers, words, set) = (
        to_bytes::<Error>(&numbers).unwrap(),
        to_bytes::<Error>(&words).unwrap(),
        to_bytes::<Error>(&set).unwrap(),
    );
    let numbers = access::<Numbers, Error>(&numbers).unwrap();
    let words = access::<Archived<StrMap<u64>>, Error>(&words).unwrap();
    let set = access::<Archived<ArenaSet<u64>>, Error>(&set).unwrap();
    for budget in [0, 8, 100, 1000, 4000, 10_000] {
        let arena = Arena::with_budget(budget);
        let mut nothing = ();
        let boxed = Strategy::<_, BoxedError>::wrap(&mut nothing);
        let refused = |error: BoxedError| {
            let text = error.to_string();
            assert!(text.contains("the budget of the arena is used up"), "{text}");
        };
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&arena);
        refused(map.try_extend_archived(numbers, boxed).unwrap_err());
        assert!(map.len() < 1000 && map.iter().all(|(key, value)| key == value));
        drop(map);
        let mut map: StrMap<u64, _, _> = StrMap::new_in(&arena);
        refused(map.try_extend_archived(words, boxed).unwrap_err());
        assert!(map.iter().all(|(key, &value)| key == text(value)));
        drop(map);
        let mut some: ArenaSet<u64, _, _> = ArenaSet::new_in(&arena);
        refused(some.try_extend_archived(set, boxed).unwrap_err());
        assert!(some.iter().all(|&element| element < 1000));
        drop(some);
        assert_eq!(arena.used(), 0);
    }
}

type Low<'a> = LowSerializer<Buffer<'a>, SubAllocator<'a>, BoxedError>;

/// Serializes into what is given, and says how many bytes it took.
fn into_given<T>(value: &T, bytes: &mut [u8], scratch: &mut [MaybeUninit<u8>]) -> Result<usize, BoxedError>
where
    T: for<'a> Serialize<Low<'a>>,
{
    let archive = to_bytes_in_with_alloc(value, Buffer::from(bytes), SubAllocator::new(scratch))?;
    Ok(archive.len())
}

/// Room for bytes that begin as far from a multiple of 16 as `shift` says.
fn shifted(room: &mut Vec<MaybeUninit<u8>>, shift: usize, len: usize) -> &mut [MaybeUninit<u8>] {
    room.resize(len + 32, MaybeUninit::uninit());
    let from = room.as_ptr().align_offset(16) + shift;
    &mut room[from..from + len]
}

#[test]
fn the_scratch_that_is_said_to_be_enough_is() {
    fn check<T: for<'a> Serialize<Low<'a>>>(value: &T, enough: usize, spare: usize) {
        let mut bytes = AlignedVec::<16>::new();
        bytes.resize(1 << 20, 0);
        let mut room = Vec::new();
        for shift in 0..16 {
            into_given(value, &mut bytes, shifted(&mut room, shift, enough)).unwrap();
        }
        // Not by much more than alignment takes.
        if let Some(too_little) = enough.checked_sub(spare + 1) {
            let error = into_given(value, &mut bytes, shifted(&mut room, 0, too_little)).unwrap_err();
            assert!(error.to_string().contains("not enough space to allocate"), "{error}");
        }
    }
    let word = align_of::<usize>();
    for len in (0..=40).chain([100, 1000]) {
        let numbers: ArenaMap<u64, u64> = (0..len).map(|i| (key(i), i)).collect();
        let bytes: ArenaMap<u64, Vec<u8>> = (0..len).map(|i| (key(i), text(i).into_bytes())).collect();
        let strings: ArenaMap<String, String> = (0..len).map(|i| (text(i), text(i + 1))).collect();
        let words: StrMap<u8> = (0..len).map(|i| (text(i), 1)).collect();
        let blobs: BytesMap<u8> = (0..len).map(|i| (text(i).into_bytes(), 1)).collect();
        let set: ArenaSet<u16> = (0..u16::try_from(len).unwrap()).collect();
        let nested: ArenaMap<u8, StrMap<ArenaSet<u64>>> = ArenaMap::from([
            (0, StrMap::new()),
            (1, StrMap::from([("a", ArenaSet::new()), ("set", (0..len).collect())])),
        ]);
        let vectors: StrMap<Vec<String>> = StrMap::from([
            ("a", Vec::new()),
            ("b", (0..len).map(text).collect()),
            ("c", Vec::new()),
        ]);
        let len = usize::try_from(len).unwrap();
        let enough = ArenaMap::<u64, u64>::archive_scratch(len);
        let slots = (len * 8 / 7).max(len + 1);
        assert!(enough <= slots * (2 * word + 1) + 37, "{len}: {enough}");
        check(&numbers, enough, word - 1);
        check(&bytes, ArenaMap::<u64, Vec<u8>>::archive_scratch(len), word + 2);
        check(&strings, ArenaMap::<String, String>::archive_scratch(len), word + 2);
        check(&words, StrMap::<u8>::archive_scratch(len), word + 2);
        check(&blobs, BytesMap::<u8>::archive_scratch(len), word + 2);
        check(&set, ArenaSet::<u16>::archive_scratch(len), word - 1);
        let inner = StrMap::<ArenaSet<u64>>::archive_scratch(2) + ArenaSet::<u64>::archive_scratch(len);
        check(
            &nested,
            ArenaMap::<u8, StrMap<ArenaSet<u64>>>::archive_scratch(2) + inner,
            3 * word + 6,
        );
        check(
            &vectors,
            StrMap::<Vec<String>>::archive_scratch(3) + 4 * len,
            3 * word + 6,
        );
        // The keys of a map through `InlineAsBox` take what strings take.
        let borrowed: ArenaMap<&str, String> = strings.iter().map(|(key, value)| (&**key, value.clone())).collect();
        check(
            With::<_, MapKV<InlineAsBox, Identity>>::cast(&borrowed),
            ArenaMap::<String, String>::archive_scratch(len),
            word + 2,
        );
    }
    assert_eq!(ArenaMap::<u64, u64>::archive_scratch(usize::MAX), usize::MAX);
}

#[test]
fn the_bytes_that_are_said_to_be_enough_are() {
    let mut scratch = vec![MaybeUninit::uninit(); 1 << 20];
    for len in (1..=40).chain([100, 1000, 10_000]) {
        let slots = (len * 8 / 7).max(len + 1);
        let mut bytes = AlignedVec::<16>::new();
        bytes.resize(slots * (16 + 1) + 64, 0);
        let map: ArenaMap<u64, u64> = (0..len as u64).map(|i| (i, i)).collect();
        into_given(&map, &mut bytes, &mut scratch).unwrap();
        bytes.resize(slots * (32 + 1) + 64, 0);
        let map: ArenaMap<u8, u128> = (0..len.min(256)).map(|i| (u8::try_from(i).unwrap(), 1)).collect();
        into_given(&map, &mut bytes, &mut scratch).unwrap();
    }
}

#[test]
fn too_small_a_buffer_or_scratch_is_an_error_and_the_map_is_as_it_was() {
    let arena = Arena::new();
    let mut map: StrMap<Vec<String>, _, _> = StrMap::with_hasher_in(fixed(), &arena);
    map.extend((0..50).map(|i| (text(i), (0..i % 3).map(text).collect())));
    let copy = map.clone_in(Arena::new());
    let used = arena.used();

    let mut bytes = AlignedVec::<16>::new();
    bytes.resize(1 << 14, 0);
    let mut scratch = vec![MaybeUninit::uninit(); 1 << 14];
    let full = into_given(&map, &mut bytes, &mut scratch).unwrap();
    let archive = bytes[..full].to_vec();
    for too_small in 0..full {
        let error = into_given(&map, &mut bytes[..too_small], &mut scratch).unwrap_err();
        assert!(error.to_string().contains("overflowed buffer"), "{error}");
    }
    let enough = (0..scratch.len())
        .find(|&size| match into_given(&map, &mut bytes, &mut scratch[..size]) {
            Ok(size) => size == full,
            Err(error) => {
                assert!(error.to_string().contains("not enough space to allocate"), "{error}");
                false
            }
        })
        .unwrap();
    assert!((1..=StrMap::<Vec<String>>::archive_scratch(50) + 4 * 2).contains(&enough));
    assert_eq!((&map, arena.used()), (&copy.clone_in(&arena), used));
    into_given(&map, &mut bytes, &mut scratch).unwrap();
    assert_eq!(&bytes[..full], archive);
}

/// A writer that is already far into its archive.
struct Far(usize);

impl Positional for Far {
    fn pos(&self) -> usize {
        self.0
    }
}

impl<E> Writer<E> for Far {
    fn write(&mut self, bytes: &[u8]) -> Result<(), E> {
        self.0 += bytes.len();
        Ok(())
    }
}

#[test]
fn beyond_the_reach_of_offsets_is_an_error() {
    let map: ArenaMap<u64, u64> = (0..100).map(|i| (i, i)).collect();
    let words = StrMap::from([("a", 1_u64)]);
    let set: ArenaSet<u64> = (0..100).collect();
    let mut scratch = vec![MaybeUninit::uninit(); 1 << 14];
    let reach = usize::try_from(i32::MAX).unwrap();
    macro_rules! from {
        ($value:expr, $position:expr) => {
            to_bytes_in_with_alloc::<_, _, BoxedError>($value, Far($position), SubAllocator::new(&mut scratch))
        };
    }
    let refused = |error: BoxedError| {
        let text = error.to_string();
        assert!(text.contains("whose offsets reach 2147483647 bytes"), "{text}");
    };
    from!(&map, reach - 3000).ok().unwrap();
    refused(from!(&map, reach - 1000).err().unwrap());
    refused(from!(&map, reach * 2).err().unwrap());
    refused(from!(&words, reach - 10).err().unwrap());
    refused(from!(&set, reach - 100).err().unwrap());
    refused(
        from!(With::<_, MapKV<Identity, Identity>>::cast(&map), reach)
            .err()
            .unwrap(),
    );
}

#[test]
fn without_the_high_level_functions() {
    let map: ArenaMap<u64, u64> = (0..10).map(|i| (i, i)).collect();
    let bytes = to_bytes::<Error>(&map).unwrap();
    let archived = low::access::<Numbers, Failure>(&bytes).unwrap();
    assert_eq!(low::deserialize::<ArenaMap<u64, u64>, Failure>(archived).unwrap(), map);
    assert!(low::access::<Numbers, Failure>(&bytes[..bytes.len() - 4]).is_err());
}
