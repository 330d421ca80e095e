//! Growing maps into `FixedMap`s in given memory and back, and `FixedMap`s as fields of an archive of rkyv.

use std::collections::HashMap;

use arenamap::fixed::{AlignedBytes, Exclusive, FixedMap, FixedStr, SnapshotError, u64_le};
use arenamap::{Arena, ArenaMap, ArenaSet, StrMap};
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};
use crate::support::fixed;

const NUMBERS: u64 = 1000;
const WORDS: usize = 50;

type Numbers<M = AlignedBytes> = FixedMap<u64_le, u64_le, M>;
type Words<M = AlignedBytes> = FixedMap<FixedStr<32>, u64_le, M>;

/// What a handler keeps from request to request.
struct State {
    arena: Arena,
    bytes: AlignedBytes,
}

impl State {
    fn new() -> Self {
        Self {
            arena: Arena::new(),
            bytes: AlignedBytes::zeroed(100_000),
        }
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let trials = vec![
        cycle_claim("snapshot::numbers", State::new, numbers),
        cycle_claim("snapshot::words", State::new, words),
        cycle_claim("snapshot::set", State::new, set),
        cycle_claim("snapshot::in_the_arena", State::new, in_the_arena),
        cycle_claim("snapshot::refusals", State::new, refusals),
        // The same copy, into memory that is made for it; and back into a map on the heap.
        cycle_control(
            "snapshot::numbers",
            || (0..NUMBERS).map(|n| (n, n)).collect(),
            |map: &mut ArenaMap<u64, u64>| {
                let memory = AlignedBytes::zeroed(Numbers::<AlignedBytes>::bytes_for(map.len()));
                let snapshot: Numbers = map.snapshot_into(memory, map.len()).expect("made to measure");
                let back: HashMap<u64, u64> = snapshot.iter().map(|(k, v)| (k.to_native(), v.to_native())).collect();
                assert_eq!(back.len(), map.len());
            },
        ),
    ];
    #[cfg(feature = "rkyv")]
    let trials = trials.into_iter().chain(in_an_archive::trials()).collect();
    trials
}

/// There and back by `snapshot_into` and `try_extend`, sealed and verified in between.
fn numbers(State { arena, bytes }: &mut State) {
    {
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::with_hasher_in(fixed(), &*arena);
        map.extend((0..NUMBERS).map(|n| (n, n * n)));
        let mut snapshot: Numbers<Exclusive<'_>> = map.snapshot_into(&mut bytes[..], map.len()).expect("enough memory");
        let sealed = snapshot.seal();
        let mut scratch = [0; 200];
        let view = Numbers::open_verified_in(sealed, &mut scratch).expect("just made");
        let mut back: ArenaMap<u64, u64, _, _> = ArenaMap::with_hasher_in(fixed(), &*arena);
        back.try_reserve(view.len()).expect("no budget");
        back.try_extend(view.iter().map(|(key, value)| (key.to_native(), value.to_native())))
            .expect("no budget");
        assert_eq!(back, map);
    }
    arena.reset();
}

fn words(State { arena, bytes }: &mut State) {
    {
        let mut map: StrMap<u64, _, _> = StrMap::with_hasher_in(fixed(), &*arena);
        for n in 0..WORDS {
            map.insert(&"a word of some length, or less"[..n / 2], n as u64);
        }
        let snapshot: Words<Exclusive<'_>> = map.snapshot_into(&mut bytes[..], WORDS).expect("enough memory");
        let mut back: StrMap<u64, _, _> = StrMap::with_hasher_in(fixed(), &*arena);
        back.try_reserve(snapshot.len()).expect("no budget");
        back.try_extend(snapshot.iter().map(|(key, value)| (key.as_str(), value.to_native())))
            .expect("no budget");
        assert_eq!(back, map);
    }
    arena.reset();
}

fn set(State { arena, bytes }: &mut State) {
    {
        let mut set: ArenaSet<u64, _, _> = ArenaSet::with_hasher_in(fixed(), &*arena);
        set.extend(0..NUMBERS);
        let snapshot: FixedMap<u64_le, (), Exclusive<'_>> =
            set.snapshot_into(&mut bytes[..], set.len()).expect("enough memory");
        assert!(set.iter().all(|element| snapshot.contains_key(element)));
    }
    arena.reset();
}

/// The memory is of the arena too; and a copy with room for more.
fn in_the_arena(State { arena, .. }: &mut State) {
    {
        let mut map: ArenaMap<u64, u64, _, _> = ArenaMap::with_hasher_in(fixed(), &*arena);
        map.extend((0..NUMBERS).map(|n| (n, n)));
        let memory =
            |capacity| Exclusive::in_arena(arena, Numbers::<AlignedBytes>::bytes_for(capacity)).expect("no budget");
        let snapshot: Numbers<Exclusive<'_>> = map.snapshot_into(memory(1000), 1000).expect("made to measure");
        let larger = snapshot.copy_into(memory(2000), 2000).expect("made to measure");
        assert_eq!(larger, snapshot);
    }
    arena.reset();
}

/// Errors are plain values too.
fn refusals(State { arena, bytes }: &mut State) {
    {
        let mut map: StrMap<u64, _, _> = StrMap::with_hasher_in(fixed(), &*arena);
        map.insert("a word", 1);
        map.insert("a word of more than fifteen bytes", 2);
        let too_long = map
            .snapshot_into::<FixedStr<16>, u64_le, _>(&mut bytes[..], 2)
            .expect_err("33 bytes");
        assert!(matches!(too_long, SnapshotError::Entry(_)));
        let too_small = map
            .snapshot_into::<FixedStr<64>, u64_le, _>(&mut bytes[..], 1)
            .expect_err("two entries");
        assert!(matches!(too_small, SnapshotError::Fixed(_)));
        let too_short = map
            .snapshot_into::<FixedStr<64>, u64_le, _>(&mut bytes[..64], 2)
            .expect_err("64 bytes");
        assert!(matches!(too_short, SnapshotError::Fixed(_)));
        let repeated = map
            .snapshot_with::<FixedStr<4>, u64_le, _, SnapshotError<()>>(&mut bytes[..], 2, |word, &value| {
                Ok((FixedStr::cut(word), value.into()))
            })
            .expect_err("both begin alike");
        assert_eq!(repeated, SnapshotError::Repeated { entries: 1 });
    }
    arena.reset();
}

#[cfg(feature = "rkyv")]
mod in_an_archive {
    use std::mem::MaybeUninit;

    use ::rkyv::api::low::{access, to_bytes_in_with_alloc};
    use ::rkyv::rancor::Failure;
    use ::rkyv::ser::allocator::SubAllocator;
    use ::rkyv::ser::writer::Buffer;
    use ::rkyv::{Archive, Serialize, to_bytes};
    use arenamap::fixed::{AlignedBytes, Exclusive, FixedMap};
    use libtest_mimic::Trial;

    use super::{Numbers, Words};
    use crate::proof::{cycle_claim, cycle_control};

    /// What a program of its own would archive.
    #[derive(Archive, Serialize)]
    #[rkyv(crate = ::rkyv)]
    struct Report<'a> {
        day: u32,
        numbers: Numbers<Exclusive<'a>>,
        words: Words,
    }

    struct State {
        numbers: AlignedBytes,
        words: Option<Words>,
        archive: AlignedBytes,
    }

    fn words() -> Words {
        let mut words = FixedMap::create(AlignedBytes::zeroed(4096), 20).expect("enough memory");
        words.insert("a".try_into().expect("short"), 1.into()).expect("room");
        words
    }

    pub(super) fn trials() -> Vec<Trial> {
        vec![
            cycle_claim(
                "snapshot::archived_by_rkyv",
                || State {
                    numbers: AlignedBytes::zeroed(4096),
                    words: Some(words()),
                    archive: AlignedBytes::zeroed(10_000),
                },
                written_and_read,
            ),
            // The same map, into a buffer that rkyv makes.
            cycle_control("snapshot::archived_by_rkyv", words, |words| {
                drop(to_bytes::<Failure>(words).expect("the heap has room"));
            }),
        ]
    }

    fn written_and_read(state: &mut State) {
        let mut numbers = Numbers::create(&mut state.numbers[..], 100).expect("enough memory");
        numbers.insert(7.into(), 49.into()).expect("room");
        let report = Report {
            day: 1,
            numbers,
            words: state.words.take().expect("put back by the cycle before"),
        };
        let mut no_scratch: [MaybeUninit<u8>; 0] = [];
        let buffer = Buffer::from(&mut state.archive[..]);
        let written = to_bytes_in_with_alloc::<_, _, Failure>(&report, buffer, SubAllocator::new(&mut no_scratch))
            .expect("enough memory");
        let archived = access::<ArchivedReport<'_>, Failure>(&written).expect("just written");
        assert_eq!(archived.day, 1);
        assert_eq!(archived.numbers.open().expect("checked").get(&7), Some(&49.into()));
        assert_eq!(
            archived.words.open_unverified().expect("checked").try_get("b"),
            Ok(None)
        );
        assert!(access::<ArchivedReport<'_>, Failure>(&written[16..]).is_err());
        state.words = Some(report.words);
    }
}
