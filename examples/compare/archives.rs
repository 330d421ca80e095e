//! The snapshot scenarios: maps as bytes.

use std::collections::HashMap;
use std::hint::black_box;
use std::io;

use arenamap::fixed::{AlignedBytes, FixedMap, u64_le};
use arenamap::{Arena, ArenaMap};
use odht::{HashTable, HashTableOwned};
use rkyv::collections::swiss_table::ArchivedHashMap;
use rkyv::rancor::Error;
use rkyv::util::AlignedVec;

use crate::child::Port;
use crate::names::Subject;
use crate::numbers::{Numbers, ODHT_LOAD};
use crate::scenarios::no_part;
use crate::support;
use crate::turns::{Cycles, Lookups, queries, sum_of};

type Fixed = FixedMap<u64_le, u64_le>;
type View<'a> = FixedMap<u64_le, u64_le, &'a [u8]>;
type Archived = ArchivedHashMap<u64_le, u64_le>;

fn fixed(pairs: &[(u64, u64)]) -> Fixed {
    let memory = AlignedBytes::zeroed(Fixed::bytes_for(pairs.len()));
    let mut map = FixedMap::create_seeded(memory, pairs.len(), 0x5EED).expect("memory of the right size");
    map.try_extend(pairs.iter().map(|&(key, value)| (key.into(), value.into())))
        .expect("a map with room");
    map
}

fn odht(pairs: &[(u64, u64)]) -> HashTableOwned<Numbers> {
    let mut table = HashTableOwned::with_capacity(pairs.len(), ODHT_LOAD);
    for (key, value) in pairs {
        table.insert(key, value);
    }
    table
}

fn hash_map(pairs: &[(u64, u64)]) -> HashMap<u64, u64> {
    pairs.iter().copied().collect()
}

fn access(bytes: &[u8]) -> &Archived {
    rkyv::access::<Archived, Error>(bytes).expect("an archive")
}

/// What an archive of ours adds up to, if nothing in it is wrong.
fn sum_of_view(bytes: &[u8]) -> u64 {
    let view = View::open_verified(bytes).expect("an archive");
    sum_of(view.iter().map(|(key, value)| (key.to_native(), value.to_native())))
}

/// Writes into a buffer that is kept; what was written is read back once, and must add up.
fn writes<B>(
    port: &mut Port,
    mut out: B,
    mut write: impl FnMut(&mut B) -> usize,
    read_back: impl FnOnce(&B) -> u64,
) -> io::Result<()> {
    write(&mut out);
    let answer = read_back(&out);
    let (_, turns) = Cycles::new(1, || write(&mut out) as u64);
    port.serve((answer, turns))
}

/// A map in hand to bytes.
pub(crate) fn write(port: &mut Port, subject: Subject, n: usize) -> io::Result<()> {
    let pairs = &support::pairs(n)[..];
    port.inputs_are_ready();
    match subject {
        Subject::ArenamapFixed => {
            let mut map = fixed(pairs);
            let (key, value) = pairs[0];
            let out = AlignedBytes::zeroed(map.as_bytes().len());
            let write = |out: &mut AlignedBytes| {
                // A write makes it an open archive again: the checksum is made anew each time.
                *map.get_mut(&key).expect("a key that is there") = value.into();
                out.copy_from_slice(black_box(&mut map).seal());
                black_box(out).len()
            };
            writes(port, out, write, |out| sum_of_view(out))
        }
        Subject::Arenamap => write_arena(port, pairs),
        Subject::Rkyv => {
            let map = hash_map(pairs);
            let write = |kept: &mut AlignedVec| {
                let mut out = std::mem::take(kept);
                out.clear();
                *kept = rkyv::api::high::to_bytes_in::<_, Error>(black_box(&map), out).expect("an archive");
                black_box(kept).len()
            };
            writes(port, AlignedVec::new(), write, |out| {
                let entries = access(out).iter();
                sum_of(entries.map(|(key, value)| (key.to_native(), value.to_native())))
            })
        }
        Subject::Odht => {
            let table = odht(pairs);
            let out = vec![0; table.raw_bytes().len()];
            let write = |out: &mut Vec<u8>| {
                out.copy_from_slice(black_box(&table).raw_bytes());
                black_box(out).len()
            };
            writes(port, out, write, |out| {
                let entries = HashTable::<Numbers, _>::from_raw_bytes(&out[..]).expect("an archive");
                sum_of(entries.iter().collect::<Vec<_>>().into_iter())
            })
        }
        Subject::Std => {
            let map = hash_map(pairs);
            let out = postcard::to_allocvec(&map).expect("bytes");
            let write = |out: &mut Vec<u8>| {
                let written = postcard::to_slice(black_box(&map), out).expect("bytes");
                black_box(written).len()
            };
            writes(port, out, write, |out| {
                let entries: HashMap<u64, u64> = postcard::from_bytes(out).expect("a map");
                sum_of(entries.into_iter())
            })
        }
        _ => Err(no_part(subject)),
    }
}

/// A growing map to a `FixedMap` in a buffer.
fn write_arena(port: &mut Port, pairs: &[(u64, u64)]) -> io::Result<()> {
    let arena = Arena::new();
    let mut map = ArenaMap::<u64, u64, _, _>::with_hasher_in(support::fixed(), &arena);
    map.extend(pairs.iter().copied());
    let out = AlignedBytes::zeroed(Fixed::bytes_for(map.len()));
    let write = |out: &mut AlignedBytes| {
        let into = &mut out[..];
        let mut snapshot = black_box(&map)
            .snapshot_into::<u64_le, u64_le, _>(into, map.len())
            .expect("memory of the right size");
        snapshot.seal().len()
    };
    writes(port, out, write, |out| sum_of_view(out))
}

/// Bytes to something that answers.
pub(crate) fn open(port: &mut Port, subject: Subject, n: usize) -> io::Result<()> {
    let pairs = &support::pairs(n)[..];
    match subject {
        Subject::ArenamapFixed => {
            let mut map = fixed(pairs);
            let bytes = map.seal();
            port.inputs_are_ready();
            port.serve(Cycles::new(1, || {
                View::open(black_box(bytes)).expect("an archive").len() as u64
            }))
        }
        Subject::Rkyv => {
            let bytes = rkyv::to_bytes::<Error>(&hash_map(pairs)).expect("an archive");
            port.inputs_are_ready();
            port.serve(Cycles::new(1, || access(black_box(&bytes)).len() as u64))
        }
        Subject::Odht => {
            let table = odht(pairs);
            port.inputs_are_ready();
            port.serve(Cycles::new(1, || {
                let bytes = black_box(table.raw_bytes());
                HashTable::<Numbers, _>::from_raw_bytes(bytes)
                    .expect("an archive")
                    .len() as u64
            }))
        }
        Subject::Std => {
            let bytes = postcard::to_allocvec(&hash_map(pairs)).expect("bytes");
            port.inputs_are_ready();
            port.serve(Cycles::new(1, || {
                let map: HashMap<u64, u64> = postcard::from_bytes(black_box(&bytes)).expect("a map");
                black_box(map).len() as u64
            }))
        }
        _ => Err(no_part(subject)),
    }
}

/// Random keys in an opened archive.
pub(crate) fn get(port: &mut Port, subject: Subject, n: usize) -> io::Result<()> {
    let pairs = &support::pairs(n)[..];
    let keys = queries(n, 0);
    port.inputs_are_ready();
    match subject {
        Subject::ArenamapFixed => {
            let mut map = fixed(pairs);
            let bytes = map.seal();
            let view = View::open(bytes).expect("an archive");
            let answer = sum_of_view(bytes);
            port.serve((
                answer,
                Lookups::new(keys, true, |key| black_box(view.get(key)).is_some()),
            ))
        }
        Subject::Rkyv => {
            let bytes = rkyv::to_bytes::<Error>(&hash_map(pairs)).expect("an archive");
            let view = access(&bytes);
            let entries = view.iter();
            let answer = sum_of(entries.map(|(key, value)| (key.to_native(), value.to_native())));
            let has = |key: &u64| black_box(view.get(&u64_le::from_native(*key))).is_some();
            port.serve((answer, Lookups::new(keys, true, has)))
        }
        Subject::Odht => {
            let table = odht(pairs);
            let view = HashTable::<Numbers, _>::from_raw_bytes(table.raw_bytes()).expect("an archive");
            let answer = sum_of(view.iter().collect::<Vec<_>>().into_iter());
            port.serve((
                answer,
                Lookups::new(keys, true, |key| black_box(view.get(key)).is_some()),
            ))
        }
        Subject::Std => {
            let bytes = postcard::to_allocvec(&hash_map(pairs)).expect("bytes");
            let map: HashMap<u64, u64> = postcard::from_bytes(&bytes).expect("a map");
            let answer = sum_of(map.iter().map(|(&key, &value)| (key, value)));
            port.serve((
                answer,
                Lookups::new(keys, true, |key| black_box(map.get(key)).is_some()),
            ))
        }
        _ => Err(no_part(subject)),
    }
}
