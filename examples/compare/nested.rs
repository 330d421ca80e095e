//! `nested3`: maps of maps of maps, as wide at each level.

use std::hint::black_box;
use std::io;

use arenamap::{Arena, ArenaMap};
use bumpalo::Bump;
use foldhash::fast::RandomState;

use crate::child::Port;
use crate::maps::HINT;
use crate::names::Subject;
use crate::scenarios::no_part;
use crate::support;
use crate::turns::Cycles;

/// The way to one leaf.
type Path = [u64; 3];

/// Makes, fills, reads and iterates a map of maps of maps; `$new` is an empty map of any level.
macro_rules! nest {
    ($paths:expr, $new:expr) => {{
        let paths: &[Path] = black_box($paths);
        let mut map = $new;
        for (value, &[a, b, c]) in paths.iter().enumerate() {
            let leaves = map.entry(a).or_insert_with(|| $new).entry(b).or_insert_with(|| $new);
            *leaves.entry(c).or_insert(0_u64) += value as u64;
        }
        let mut sum = 0_u64;
        for [a, b, c] in paths {
            let leaf = map
                .get(a)
                .and_then(|inner| inner.get(b))
                .and_then(|leaves| leaves.get(c));
            sum = sum.wrapping_add(*leaf.expect("a leaf that was put there"));
        }
        for (a, inner) in map.iter() {
            for (b, leaves) in inner.iter() {
                for (c, value) in leaves.iter() {
                    sum = sum.wrapping_add(a ^ b.rotate_left(1) ^ c.rotate_left(2) ^ value);
                }
            }
        }
        sum
    }};
}

pub(crate) fn request(port: &mut Port, subject: Subject, n: usize) -> io::Result<()> {
    let width = (1..=n).find(|width| width * width * width >= n).unwrap_or(n);
    let paths = paths(width as u64);
    let paths = &paths[..];
    port.inputs_are_ready();
    let hasher = RandomState::default;
    macro_rules! on_heap {
        ($new:expr) => {
            port.serve(Cycles::new(1, || nest!(paths, $new)))
        };
    }
    match subject {
        Subject::Std => on_heap!(std::collections::HashMap::new()),
        Subject::StdFoldhash => on_heap!(std::collections::HashMap::with_hasher(hasher())),
        Subject::Hashbrown => on_heap!(hashbrown::HashMap::with_hasher(hasher())),
        Subject::HashbrownPresized => on_heap!(hashbrown::HashMap::with_capacity_and_hasher(width, hasher())),
        Subject::Griddle => on_heap!(griddle::HashMap::with_hasher(hasher())),
        Subject::Indexmap => on_heap!(indexmap::IndexMap::with_hasher(hasher())),
        Subject::HashbrownBump => {
            let mut bump = Bump::new();
            port.serve(Cycles::new(1, || {
                let sum = nest!(paths, hashbrown::HashMap::with_hasher_in(hasher(), &bump));
                bump.reset();
                sum
            }))
        }
        Subject::HashbrownBumpPresized => {
            let mut bump = Bump::new();
            port.serve(Cycles::new(1, || {
                let sum = nest!(
                    paths,
                    hashbrown::HashMap::with_capacity_and_hasher_in(width, hasher(), &bump)
                );
                bump.reset();
                sum
            }))
        }
        Subject::Arenamap => in_arena(port, paths),
        Subject::Heapless | Subject::Odht | Subject::Rkyv | Subject::ArenamapFixed => Err(no_part(subject)),
    }
}

fn in_arena(port: &mut Port, paths: &[Path]) -> io::Result<()> {
    fn new<V>(arena: &Arena) -> ArenaMap<u64, V, RandomState, &Arena> {
        let map = ArenaMap::<u64, V>::builder().hint(&HINT);
        map.hasher(RandomState::default()).build_in(arena)
    }
    let mut arena = Arena::new();
    port.serve(Cycles::new(1, || {
        let sum = nest!(paths, new(&arena));
        arena.reset();
        sum
    }))
}

/// All leaves; neighbours differ at every level.
fn paths(width: u64) -> Vec<Path> {
    (0..width * width * width)
        .map(|i| {
            let [a, b, c] = [i % width, i / width % width, i / (width * width)];
            [
                support::key(a),
                support::key((a + b) % width + 1_000),
                support::key((a + b + c) % width + 2_000),
            ]
        })
        .collect()
}
