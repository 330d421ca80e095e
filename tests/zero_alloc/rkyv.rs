//! Archives: written into given bytes with given scratch, read in place, and read back into an arena.

use std::collections::HashMap;
use std::mem::MaybeUninit;

use ::rkyv::api::low::{LowSerializer, access, to_bytes_in_with_alloc};
use ::rkyv::rancor::{Failure, Strategy};
use ::rkyv::rend::u64_le;
use ::rkyv::ser::allocator::SubAllocator;
use ::rkyv::ser::writer::Buffer;
use ::rkyv::util::AlignedVec;
use ::rkyv::with::{Identity, InlineAsBox, MapKV, With};
use ::rkyv::{Archived, Serialize, from_bytes, to_bytes};
use arenamap::{Arena, ArenaMap, ArenaSet, DefaultHashBuilder, StrMap};
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};

const NUMBERS: usize = 1000;
const WORDS: usize = 50;

type Paths<H> = StrMap<ArenaMap<u16, u64, DefaultHashBuilder, H>, DefaultHashBuilder, H>;

/// Exactly the scratch that the documentation says is enough for all the maps here.
const SCRATCH: usize = {
    let numbers = ArenaMap::<u64, u64>::archive_scratch(NUMBERS);
    let paths = Paths::<Arena>::archive_scratch(WORDS) + ArenaMap::<u16, u64>::archive_scratch(3);
    if numbers > paths { numbers } else { paths }
};

/// What a handler keeps from request to request.
struct State {
    arena: Arena,
    bytes: AlignedVec,
    scratch: Vec<MaybeUninit<u8>>,
}

impl State {
    fn new() -> Self {
        let mut bytes = AlignedVec::new();
        bytes.resize(40_000, 0);
        Self {
            arena: Arena::new(),
            bytes,
            scratch: vec![MaybeUninit::uninit(); SCRATCH],
        }
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        cycle_claim("rkyv::numbers", State::new, numbers),
        cycle_claim("rkyv::maps_in_a_map", State::new, maps_in_a_map),
        cycle_claim("rkyv::borrowed_keys", State::new, borrowed_keys),
        cycle_claim("rkyv::set", State::new, set),
        cycle_claim("rkyv::refusals", State::new, refusals),
        // The same map, by the function that finds its own buffer and scratch; and back into a map on the heap.
        cycle_control(
            "rkyv::written",
            || (0..NUMBERS as u64).map(|n| (n, n * n)).collect(),
            |map: &mut ArenaMap<u64, u64>| drop(to_bytes::<Failure>(map).expect("the heap has room")),
        ),
        cycle_control(
            "rkyv::read_back",
            || to_bytes::<Failure>(&ArenaMap::from([(1_u64, 1_u64)])).expect("the heap has room"),
            |bytes| drop(from_bytes::<HashMap<u64, u64>, Failure>(bytes).expect("a map")),
        ),
    ]
}

/// The archive, in the given bytes.
fn written<'a, T>(value: &T, bytes: &'a mut [u8], scratch: &'a mut [MaybeUninit<u8>]) -> Result<Buffer<'a>, Failure>
where
    T: Serialize<LowSerializer<Buffer<'a>, SubAllocator<'a>, Failure>>,
{
    to_bytes_in_with_alloc::<_, _, Failure>(value, Buffer::from(bytes), SubAllocator::new(scratch))
}

/// A map that is written, looked up in the archive, and read back into the arena.
fn numbers(state: &mut State) {
    {
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&state.arena);
        map.extend((0..NUMBERS as u64).map(|n| (n, n * n)));
        let bytes = written(&map, &mut state.bytes, &mut state.scratch).expect("enough of both");
        let archived = access::<Archived<ArenaMap<u64, u64>>, Failure>(&bytes).expect("an archive");
        assert_eq!(archived.get(&u64_le::from(30)).expect("a key").to_native(), 900);
        assert_eq!(archived.iter().count(), NUMBERS);
        let mut copy: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&state.arena);
        copy.try_extend_archived(archived, Strategy::<_, Failure>::wrap(&mut ()))
            .expect("memory");
        assert_eq!(copy, map);
    }
    state.arena.reset();
}

fn maps_in_a_map(state: &mut State) {
    {
        let arena = &state.arena;
        let mut paths: Paths<&Arena> = StrMap::new_in(arena);
        for n in 0..WORDS as u64 {
            let path = ["/", "/about", "/a/rather/long/path", ""][(n % 4) as usize];
            let statuses = paths.entry(path).or_insert_with(|| ArenaMap::new_in(arena));
            *statuses.entry([200, 301, 404][(n % 3) as usize]).or_insert(0) += n;
        }
        let bytes = written(&paths, &mut state.bytes, &mut state.scratch).expect("enough of both");
        let archived = access::<Archived<Paths<Arena>>, Failure>(&bytes).expect("an archive");
        assert_eq!(archived.get("/about").expect("a path").len(), 3);
        let mut copy: Paths<&Arena> = StrMap::new_in(arena);
        copy.try_extend_archived_with(archived, |inner| {
            let mut statuses = ArenaMap::new_in(arena);
            statuses.try_extend_archived(inner, Strategy::<_, Failure>::wrap(&mut ()))?;
            Ok::<_, Failure>(statuses)
        })
        .expect("memory");
        assert_eq!(copy, paths);
    }
    state.arena.reset();
}

fn borrowed_keys(state: &mut State) {
    {
        let arena = &state.arena;
        let mut counts: ArenaMap<&str, u32, _, _> = ArenaMap::new_in(arena);
        for word in "the quick brown fox jumps over the lazy dog".split(' ') {
            *counts.entry_ref(word).or_insert_keyed(|word| arena.alloc_str(word), 0) += 1;
        }
        let map = With::<_, MapKV<InlineAsBox, Identity>>::cast(&counts);
        let bytes = written(map, &mut state.bytes, &mut state.scratch).expect("enough of both");
        let archived = access::<Archived<With<ArenaMap<&str, u32>, MapKV<InlineAsBox, Identity>>>, Failure>(&bytes);
        let archived = archived.expect("an archive");
        assert_eq!(archived.get("the").expect("a word").to_native(), 2);
        let mut borrowing: ArenaMap<&str, u32, _, _> = ArenaMap::new_in(arena);
        borrowing
            .try_extend_archived_with(archived, |word, count| Ok::<_, Failure>((&**word, count.to_native())))
            .expect("memory");
        assert_eq!(borrowing, counts);
    }
    state.arena.reset();
}

fn set(state: &mut State) {
    {
        let mut set: ArenaSet<u64, _, _> = ArenaSet::new_in(&state.arena);
        set.extend(0..NUMBERS as u64);
        let bytes = written(&set, &mut state.bytes, &mut state.scratch).expect("enough of both");
        let archived = access::<Archived<ArenaSet<u64>>, Failure>(&bytes).expect("an archive");
        let mut copy: ArenaSet<u64, _, _> = ArenaSet::new_in(&state.arena);
        copy.try_extend_archived(archived, Strategy::<_, Failure>::wrap(&mut ()))
            .expect("memory");
        assert_eq!(copy, set);
    }
    state.arena.reset();
}

/// Too few bytes, too little scratch, bytes that are no archive.
fn refusals(state: &mut State) {
    {
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::new_in(&state.arena);
        map.extend((0..NUMBERS as u64).map(|n| (n, n)));
        let (bytes, scratch) = (&mut state.bytes, &mut state.scratch);
        assert!(written(&map, &mut bytes[..10_000], scratch).is_err());
        assert!(written(&map, bytes, &mut scratch[..10_000]).is_err());
        let bytes = written(&map, bytes, scratch).expect("enough of both");
        assert!(access::<Archived<ArenaMap<u64, u64>>, Failure>(&bytes[..10_000]).is_err());
        assert_eq!(map.len(), NUMBERS);
    }
    state.arena.reset();
}
