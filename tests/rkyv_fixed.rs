//! A `FixedMap` as a field of a struct that rkyv archives: its bytes as they are, checked by `access`, opened in place,
//! and safe whatever somebody wrote over them.

use std::mem::MaybeUninit;

use arenamap::fixed::{AlignedBytes, ArchivedFixedMap, Exclusive, Field, FixedMap, FixedStr, u32_le, u64_le};
use arenamap::{Arena, ArenaMap};
use rkyv::api::low::{LowSerializer, to_bytes_in_with_alloc};
use rkyv::rancor::{Error, Failure, Strategy};
use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;
use rkyv::ser::{Positional, Writer};
use rkyv::util::AlignedVec;
use rkyv::{Archive, Deserialize, Serialize, access, from_bytes, to_bytes};

#[path = "support/basics.rs"]
mod support;

use support::{Dice, key, times};

type Numbers<M = AlignedBytes> = FixedMap<u64_le, u64_le, M>;
type Words<M = AlignedBytes> = FixedMap<FixedStr<16>, bool, M>;

/// What a program of its own would archive: two maps among other things.
#[derive(Archive, Serialize, Deserialize)]
struct Report {
    title: String,
    numbers: Numbers,
    lines: Vec<u32>,
    words: Words,
}

fn numbers(len: u64) -> Numbers {
    let map: ArenaMap<u64, u64> = (0..len).map(|i| (key(i), i)).collect();
    let memory = AlignedBytes::zeroed(Numbers::<AlignedBytes>::bytes_for(map.len()));
    map.snapshot_into(memory, map.len()).unwrap()
}

fn words(len: usize) -> Words {
    let mut map = Words::create(AlignedBytes::zeroed(Words::<AlignedBytes>::bytes_for(len)), len).unwrap();
    for i in 0..len {
        let word = FixedStr::try_from(format!("word {i}").as_str()).unwrap();
        map.insert(word, i % 3 == 0).unwrap();
    }
    map
}

fn report(len: u64) -> Report {
    Report {
        title: "a title that is longer than what fits in place".to_owned(),
        numbers: numbers(len),
        lines: (0..7).collect(),
        words: words(20),
    }
}

/// Where the first map of an archive begins.
fn find(archive: &[u8], map: &[u8]) -> usize {
    archive.windows(map.len()).position(|window| window == map).unwrap()
}

/// Everything that reads, on a map of which nothing is known but its header.
fn exercise(map: &Numbers<&[u8]>) {
    for i in 0..50 {
        let _ = map.get(&key(i));
        let _ = map.try_get(&i);
    }
    let entries = map.iter().count();
    assert!(entries <= map.as_bytes().len() / 16);
    assert!(map.keys().count() == entries && map.values().count() == entries);
    let _ = map.verify();
    let _ = map.stats();
}

#[test]
fn a_field_among_others() {
    for len in [0, 1, 12, 13, 1000, times(100_000, 2000) as u64] {
        let mut report = report(len);
        report.words.seal(); // one of the two; the other is archived as it is
        let bytes = to_bytes::<Error>(&report).unwrap();

        let archived = access::<ArchivedReport, Error>(&bytes).unwrap();
        assert_eq!(archived.title, report.title);
        assert!(archived.lines.iter().eq(&report.lines));
        assert_eq!(archived.numbers.as_bytes(), report.numbers.as_bytes());
        assert_eq!(archived.words.as_bytes(), report.words.as_bytes());

        let view = archived.numbers.open().unwrap();
        assert_eq!((view.len() as u64, view.is_sealed()), (len, false));
        assert!((0..len).all(|i| view.get(&key(i)) == Some(&i.into())));
        assert!((len..len + 100).all(|i| !view.contains_key(&key(i))));
        archived.numbers.open_verified().unwrap();

        // A type of which not every byte is a value.
        let view = archived.words.open_verified().unwrap();
        assert!(view.is_sealed());
        assert_eq!(view.get("word 3"), Some(&true));
        let view = archived.words.open_unverified().unwrap();
        assert_eq!(view.try_get("word 4").unwrap(), Some(&false));

        let mut again = from_bytes::<Report, Error>(&bytes).unwrap();
        assert_eq!(again.numbers, report.numbers);
        assert_eq!(again.words, report.words);
        assert_eq!(again.numbers.seed(), report.numbers.seed());
        again.numbers.insert(key(0).into(), 42.into()).ok(); // it is in writable memory
        drop(report);
        assert_eq!(again.words.get("word 19"), Some(&false));
    }
}

#[test]
fn a_map_alone_and_in_other_memory() {
    let arena = Arena::new();
    let need = Numbers::<AlignedBytes>::bytes_for(100);
    let live: ArenaMap<u64, u64> = (0..100).map(|i| (key(i), i)).collect();
    let made: Numbers<_> = live
        .snapshot_into(Exclusive::in_arena(&arena, need).unwrap(), 100)
        .unwrap();
    let bytes = to_bytes::<Error>(&made).unwrap();
    let view = access::<ArchivedFixedMap<u64_le, u64_le>, Error>(&bytes).unwrap();
    assert_eq!(view.open().unwrap(), made);

    // And a map that only borrows shared bytes.
    let shared = AlignedBytes::from_slice(made.as_bytes());
    let borrowed = Numbers::open(&shared[..]).unwrap();
    assert_eq!(*to_bytes::<Error>(&borrowed).unwrap(), *bytes);
}

#[test]
fn the_type_is_part_of_what_access_checks() {
    let bytes = to_bytes::<Error>(&numbers(10)).unwrap();
    access::<ArchivedFixedMap<u64_le, u64_le>, Error>(&bytes).unwrap();
    let error = access::<ArchivedFixedMap<u64_le, u32_le>, Error>(&bytes).unwrap_err();
    assert!(error.to_string().contains("size of a value"), "{error}");
    let error = access::<ArchivedFixedMap<u64_le, arenamap::fixed::i64_le>, Error>(&bytes).unwrap_err();
    assert!(error.to_string().contains("of another type"), "{error}");
}

/// Each bit of the relative pointer and of the length, one at a time: what `access` lets through is inside of the archive.
#[test]
fn tampered_pointers_and_lengths() {
    let bytes = to_bytes::<Error>(&numbers(100)).unwrap();
    let whole = size_of::<ArchivedFixedMap<u64_le, u64_le>>();
    assert_eq!(whole, 8);
    let root = bytes.len() - whole;
    let mut refused = 0;
    for bit in 0..whole * 8 {
        let mut bytes = bytes.clone();
        bytes[root + bit / 8] ^= 1 << (bit % 8);
        match access::<ArchivedFixedMap<u64_le, u64_le>, Error>(&bytes) {
            Ok(archived) => {
                let map = archived.as_bytes().as_ptr_range();
                assert!(bytes.as_ptr_range().start <= map.start && map.end <= bytes.as_ptr_range().end);
                exercise(&archived.open().unwrap());
            }
            Err(_) => refused += 1,
        }
    }
    assert_eq!(refused, whole * 8);

    // Two fields that point to the same bytes.
    let report = report(30);
    let bytes = to_bytes::<Error>(&report).unwrap();
    let archived = access::<ArchivedReport, Error>(&bytes).unwrap();
    let field = |field: *const u8| field.addr() - bytes.as_ptr().addr();
    let numbers = field((&raw const archived.numbers).cast());
    let words = field((&raw const archived.words).cast());
    let at = |place: usize| i32::from_le_bytes(bytes[place..place + 4].try_into().unwrap());
    let (to_words, distance) = (at(words), i32::try_from(words.abs_diff(numbers)).unwrap());
    let to_words = if words > numbers {
        to_words + distance
    } else {
        to_words - distance
    };
    let mut bytes = bytes.clone();
    bytes[numbers..numbers + 4].copy_from_slice(&to_words.to_le_bytes());
    assert!(access::<ArchivedReport, Error>(&bytes).is_err());
}

#[test]
fn tampered_headers_are_rejected_and_tampered_content_is_safe() {
    let made = numbers(100);
    let bytes = to_bytes::<Error>(&made).unwrap();
    let start = find(&bytes, made.as_bytes());
    assert_eq!(start % Numbers::<AlignedBytes>::ALIGN, 0);
    let root = bytes.len() - size_of::<ArchivedFixedMap<u64_le, u64_le>>();

    // All that is written once: no bit of it can be another one.
    for bit in 0..128 * 8 {
        let mut bytes = bytes.clone();
        bytes[start + bit / 8] ^= 1 << (bit % 8);
        assert!(
            access::<ArchivedFixedMap<u64_le, u64_le>, Failure>(&bytes).is_err(),
            "{bit}"
        );
    }

    // From the length on: rejected, or a map that can be used and does not verify.
    let mut dice = Dice::new(1);
    let mut opened = 0;
    for _ in 0..times(3000, 30) {
        let mut bytes = bytes.clone();
        let place = usize::try_from(dice.below((root - start - 128) as u64)).unwrap() + start + 128;
        bytes[place] ^= 1 << dice.below(8);
        let Ok(archived) = access::<ArchivedFixedMap<u64_le, u64_le>, Failure>(&bytes) else {
            continue;
        };
        opened += 1;
        exercise(&archived.open().unwrap());
        // Any generation is right, and nobody looks at the content checksum of an open archive.
        let is_free = [136..144, 152..160].iter().any(|free| free.contains(&(place - start)));
        if !is_free && place < start + made.as_bytes().len() && is_checked(&made, place - start) {
            assert!(archived.open_verified().is_err(), "{}", place - start);
            assert!(rkyv::deserialize::<Numbers, Failure>(archived).is_err());
        }
    }
    assert!(opened > times(2000, 10));
}

/// Whether `verify` of an archive that is not sealed must see that this byte changed: not the key of an entry, which may
/// happen to belong where it stands, and not its value, of which any bytes will do.
fn is_checked(map: &Numbers, at: usize) -> bool {
    let bytes = map.as_bytes();
    let slots = 192 + 13 * 16; // 100 entries: 13 groups of 12 slots
    at < slots || at >= slots + 13 * 12 * 16 || bytes[at - (at - slots) % 16..][..16] == [0; 16]
}

#[test]
fn garbage_instead_of_a_map() {
    let made = numbers(50);
    let bytes = to_bytes::<Error>(&made).unwrap();
    let start = find(&bytes, made.as_bytes());
    let mut dice = Dice::new(2);
    for _ in 0..times(300, 5) {
        // The header as it is, all else by chance.
        let mut bytes = bytes.clone();
        for byte in &mut bytes[start + 192..start + made.as_bytes().len()] {
            [*byte, ..] = dice.next().to_le_bytes();
        }
        let archived = access::<ArchivedFixedMap<u64_le, u64_le>, Failure>(&bytes).unwrap();
        exercise(&archived.open().unwrap());
        assert!(archived.open_verified().is_err());
    }

    // A byte that is no `bool`: `open_verified` says so, and so does the lookup that meets it.
    let words = words(20);
    let slot = size_of::<FixedStr<16>>() + 1;
    let slots = 192 + 3 * 16; // 20 entries: 3 groups
    let mut bytes = to_bytes::<Error>(&words).unwrap();
    let start = find(&bytes, words.as_bytes());
    for value in (start + slots..start + slots + 3 * 12 * slot).skip(16).step_by(slot) {
        bytes[value] = 7;
    }
    let archived = access::<ArchivedFixedMap<FixedStr<16>, bool>, Failure>(&bytes).unwrap();
    assert!(archived.open_verified().is_err());
    let error = archived.open_unverified().unwrap().try_get("word 3").unwrap_err();
    assert_eq!(error.field(), Field::Value);
    assert!(rkyv::deserialize::<Words, Failure>(archived).is_err());
}

#[test]
fn a_misaligned_archive_is_refused() {
    let made = numbers(100);
    let bytes = to_bytes::<Error>(&made).unwrap();
    for shift in 1..32 {
        let mut moved = AlignedVec::<64>::new();
        moved.resize(shift, 0);
        moved.extend_from_slice(&bytes);
        let result = access::<ArchivedFixedMap<u64_le, u64_le>, Error>(&moved[shift..]);
        assert_eq!(result.is_ok(), shift % 16 == 0, "{shift}");

        if shift % 4 == 0 {
            // SAFETY: the bytes are an archive of this type, and its root is aligned.
            #[allow(unsafe_code)]
            let archived = unsafe { rkyv::access_unchecked::<ArchivedFixedMap<u64_le, u64_le>>(&moved[shift..]) };
            match archived.open() {
                Ok(map) => assert!(shift == 16 && map == made),
                Err(error) => assert_eq!(
                    (error.field(), error.expected(), error.found()),
                    (Field::MemoryAlign, 16, 1 << shift.trailing_zeros())
                ),
            }
        }
    }
}

/// A slot with an alignment above that of `AlignedVec` is placed by its own.
#[test]
fn slots_of_larger_alignment() {
    arenamap::fixed_struct! {
        #[derive(Clone, Copy)]
        #[repr(align(64))]
        struct Line { words: [u64_le; 8] }
    }
    type Lines<M = AlignedBytes> = FixedMap<u64_le, Line, M>;

    let mut lines = Lines::create(AlignedBytes::zeroed(Lines::<AlignedBytes>::bytes_for(10)), 10).unwrap();
    assert_eq!(Lines::<AlignedBytes>::ALIGN, 64);
    let line = Line {
        words: [7, 6, 5, 4, 3, 2, 1, 0].map(u64_le::from),
    };
    lines.insert(1.into(), line).unwrap();

    let mut bytes = AlignedVec::<64>::new();
    bytes.extend_from_slice(b"some bytes before it");
    let bytes = rkyv::api::high::to_bytes_in::<_, Error>(&lines, bytes).unwrap();
    let archived = access::<ArchivedFixedMap<u64_le, Line>, Error>(&bytes).unwrap();
    assert_eq!(archived.as_bytes().as_ptr().addr() % 64, 0);
    assert_eq!(archived.open().unwrap()[&1].words, line.words);
}

/// Into a buffer of exactly the size, without scratch; one byte less is an error.
#[test]
fn into_a_given_buffer() {
    let made = numbers(100);
    let size = made.as_bytes().len() + size_of::<ArchivedFixedMap<u64_le, u64_le>>();
    let mut bytes = AlignedBytes::zeroed(size);
    let mut no_scratch: [MaybeUninit<u8>; 0] = [];
    let mut write = |bytes: &mut [u8]| {
        let buffer = Buffer::from(bytes);
        to_bytes_in_with_alloc::<_, _, Failure>(&made, buffer, SubAllocator::new(&mut no_scratch))
            .map(|written| written.len())
    };
    assert!(write(&mut bytes[..size - 1]).is_err());
    assert_eq!(write(&mut bytes).unwrap(), size);
    let archived = access::<ArchivedFixedMap<u64_le, u64_le>, Failure>(&bytes).unwrap();
    assert_eq!(archived.open().unwrap(), made);
}

/// A writer that says it has written this much already, and takes the rest as written.
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
    let made = numbers(100);
    let most = i32::MAX as usize;
    let serialize = |pos: usize| {
        let mut no_scratch: [MaybeUninit<u8>; 0] = [];
        let mut serializer = rkyv::ser::Serializer::new(Far(pos), SubAllocator::new(&mut no_scratch), ());
        let serializer: &mut LowSerializer<Far, SubAllocator<'_>, Error> = Strategy::wrap(&mut serializer);
        made.serialize(serializer).map(drop)
    };
    let last = (most - made.as_bytes().len()) / 16 * 16;
    serialize(last).unwrap();
    let error = serialize(last + 1).unwrap_err();
    assert!(error.to_string().contains("archive fewer entries"), "{error}");
    assert!(serialize(usize::MAX - 15).is_err());
}
