//! `request_str`: one request with string keys and values, both copied into what the map owns.

use std::io;

use arenamap::fixed::{AlignedBytes, FixedMap, FixedStr};
use arenamap::{Arena, ArenaMap};
use bumpalo::Bump;
use foldhash::fast::RandomState;
use heapless::index_map::FnvIndexMap;

use crate::child::Port;
use crate::maps::HINT;
use crate::names::Subject;
use crate::scenarios::no_part;
use crate::support::{self, string_cycle};
use crate::turns::Cycles;

type InBump<'a> = hashbrown::HashMap<&'a str, &'a str, RandomState, &'a Bump>;
type InFixed<M> = FixedMap<FixedStr<32>, FixedStr<48>, M>;

pub(crate) fn request(port: &mut Port, subject: Subject, n: usize) -> io::Result<()> {
    let pairs = support::string_pairs(n);
    let pairs = &pairs[..];
    port.inputs_are_ready();
    let hasher = RandomState::default;
    /// Maps that own `String`s.
    macro_rules! owned {
        ($make:expr) => {
            port.serve(Cycles::new(1, || {
                string_cycle!($make, pairs, |text| text.to_owned()) as u64
            }))
        };
    }
    match subject {
        Subject::Std => owned!(std::collections::HashMap::new()),
        Subject::StdFoldhash => owned!(std::collections::HashMap::with_hasher(hasher())),
        Subject::Hashbrown => owned!(hashbrown::HashMap::with_hasher(hasher())),
        Subject::HashbrownPresized => owned!(hashbrown::HashMap::with_capacity_and_hasher(n, hasher())),
        Subject::Griddle => owned!(griddle::HashMap::with_hasher(hasher())),
        Subject::Indexmap => owned!(indexmap::IndexMap::with_hasher(hasher())),
        Subject::HashbrownBump => in_bump(port, pairs, |bump| InBump::with_hasher_in(hasher(), bump)),
        Subject::HashbrownBumpPresized => in_bump(port, pairs, |bump| {
            InBump::with_capacity_and_hasher_in(n, hasher(), bump)
        }),
        Subject::Arenamap => in_arena(port, pairs),
        Subject::ArenamapFixed => fixed(port, pairs),
        Subject::Heapless => match n {
            ..=8 => on_stack::<8>(port, pairs),
            9..=64 => on_stack::<64>(port, pairs),
            _ => on_stack::<512>(port, pairs),
        },
        Subject::Odht | Subject::Rkyv => Err(no_part(subject)),
    }
}

fn in_bump(
    port: &mut Port,
    pairs: &[(String, String)],
    make: impl for<'a> Fn(&'a Bump) -> InBump<'a>,
) -> io::Result<()> {
    let mut bump = Bump::new();
    port.serve(Cycles::new(1, || {
        let sum = string_cycle!(make(&bump), pairs, |text| &*bump.alloc_str(text));
        bump.reset();
        sum as u64
    }))
}

fn in_arena(port: &mut Port, pairs: &[(String, String)]) -> io::Result<()> {
    let mut arena = Arena::new();
    port.serve(Cycles::new(1, || {
        let map = ArenaMap::<&str, &str>::builder().hint(&HINT);
        let map = map.hasher(RandomState::default()).build_in(&arena);
        let sum = string_cycle!(map, pairs, |text| &*arena.alloc_str(text));
        arena.reset();
        sum as u64
    }))
}

fn fixed(port: &mut Port, pairs: &[(String, String)]) -> io::Result<()> {
    let mut memory = AlignedBytes::zeroed(InFixed::<AlignedBytes>::bytes_for(pairs.len()));
    port.serve(Cycles::new(1, || {
        let pairs = std::hint::black_box(pairs);
        let mut map = InFixed::create(&mut memory[..], pairs.len()).expect("memory of the right size");
        for (key, value) in pairs {
            let (key, value) = (FixedStr::new(key), FixedStr::new(value));
            map.insert(key.expect("a short key"), value.expect("a short value"))
                .expect("a map with room");
        }
        let mut sum = 0;
        for (key, _) in pairs {
            sum += map.get(key.as_str()).map_or(0, |value| value.as_str().len());
        }
        for (key, value) in &map {
            sum += key.as_str().len() + value.as_str().len();
        }
        sum as u64
    }))
}

fn on_stack<const ROOM: usize>(port: &mut Port, pairs: &[(String, String)]) -> io::Result<()> {
    type Text<const N: usize> = heapless::String<N>;
    port.serve(Cycles::new(1, || {
        let pairs = std::hint::black_box(pairs);
        let mut map = FnvIndexMap::<Text<32>, Text<48>, ROOM>::new();
        for (key, value) in pairs {
            let (key, value) = (Text::try_from(key.as_str()), Text::try_from(value.as_str()));
            map.insert(key.expect("a short key"), value.expect("a short value"))
                .expect("a slot for each pair");
        }
        let mut sum = 0;
        for (key, _) in pairs {
            sum += map.get(key.as_str()).map_or(0, |value| value.len());
        }
        for (key, value) in &map {
            sum += key.len() + value.len();
        }
        sum as u64
    }))
}
