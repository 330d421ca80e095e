//! The scenarios: what each subject prepares before it is run.

use std::hint::black_box;
use std::io;

use foldhash::fast::{FixedState, RandomState};

use crate::child::Port;
use crate::maps::{self, Big, Kind, Map, Remove, Value};
use crate::names::{Scenario, Subject};
use crate::programs::{Program, model, ours, theirs};
use crate::turns::{Churn, Cycles, DeleteAll, Growth, Lookups, queries, sum};
use crate::{archives, nested, strings, support};

/// Runs `$body` with `$kind` standing for the subject's kind of map; `$other` for those that need more care.
macro_rules! with_kind {
    ($subject:expr, |$kind:ident| $body:expr, |$left:ident| $other:expr) => {{
        macro_rules! of {
            ($type:ty) => {{
                type $kind = $type;
                $body
            }};
        }
        match $subject {
            Subject::Std => of!(maps::Std),
            Subject::StdFoldhash => of!(maps::StdFoldhash),
            Subject::Hashbrown => of!(maps::Hashbrown),
            Subject::HashbrownPresized => of!(maps::HashbrownPresized),
            Subject::HashbrownBump => of!(maps::HashbrownBump),
            Subject::HashbrownBumpPresized => of!(maps::HashbrownBumpPresized),
            Subject::Griddle => of!(maps::Griddle),
            Subject::Indexmap => of!(maps::Indexmap),
            Subject::Arenamap => of!(maps::InArena),
            Subject::ArenamapFixed => of!(maps::Fixed),
            $left @ (Subject::Heapless | Subject::Odht | Subject::Rkyv) => $other,
        }
    }};
}

/// The same for a map on the stack, with the room that fits.
macro_rules! with_heapless {
    ($n:expr, |$kind:ident| $body:expr) => {{
        macro_rules! of {
            ($room:literal) => {{
                type $kind = maps::Heapless<$room>;
                $body
            }};
        }
        match $n {
            ..=8 => of!(8),
            9..=32 => of!(32),
            33..=128 => of!(128),
            129..=1_024 => of!(1_024),
            _ => of!(16_384),
        }
    }};
}

/// All kinds that give entries back.
macro_rules! with_removing {
    ($subject:expr, $n:expr, |$kind:ident| $body:expr) => {
        with_kind!($subject, |$kind| $body, |left| match left {
            Subject::Heapless => with_heapless!($n, |$kind| $body),
            other => Err(no_part(other)),
        })
    };
}

/// All kinds that are written to.
macro_rules! with_growing {
    ($subject:expr, $n:expr, |$kind:ident| $body:expr) => {
        with_kind!($subject, |$kind| $body, |left| match left {
            Subject::Heapless => with_heapless!($n, |$kind| $body),
            Subject::Odht => {
                type $kind = maps::Odht;
                $body
            }
            other => Err(no_part(other)),
        })
    };
}

/// A whole program on the subject's maps: one source, compiled on each.
macro_rules! program {
    ($port:expr, $subject:expr, $n:expr, $module:ident::$program:ident) => {
        match $subject {
            Subject::StdFoldhash => program::<model::source::$module::$program>($port, $n),
            Subject::Hashbrown => program::<theirs::source::$module::$program>($port, $n),
            Subject::Arenamap => program::<ours::source::$module::$program>($port, $n),
            other => Err(no_part(other)),
        }
    };
}

/// The parent asks for nothing that `applies` leaves out.
pub(crate) fn no_part(subject: Subject) -> io::Error {
    io::Error::other(format!("{subject} has no part in this scenario"))
}

pub(crate) fn prepare(port: &mut Port, subject: Subject, scenario: Scenario, n: usize) -> io::Result<()> {
    match scenario {
        Scenario::RequestU64 => with_growing!(subject, n, |K| request::<K>(port, n)),
        Scenario::RequestStr => strings::request(port, subject, n),
        Scenario::LookupHit => with_growing!(subject, n, |K| lookup::<K>(port, n, true)),
        Scenario::LookupMiss => with_growing!(subject, n, |K| lookup::<K>(port, n, false)),
        Scenario::Iterate => with_growing!(subject, n, |K| iterate::<K>(port, n)),
        Scenario::Growth => with_growing!(subject, n, |K| growth::<K, u64>(port, n)),
        Scenario::Churn => with_removing!(subject, n, |K| churn::<K>(port, n)),
        Scenario::DeleteAll => with_removing!(subject, n, |K| delete_all::<K>(port, n)),
        Scenario::Nested3 => nested::request(port, subject, n),
        Scenario::Big512 => with_kind!(subject, |K| growth::<K, Big>(port, n), |left| match left {
            // Larger ones do not fit on the stack, and are left out.
            Subject::Heapless => growth::<maps::Heapless<1_024>, Big>(port, n),
            other => Err(no_part(other)),
        }),
        Scenario::SnapshotWrite => archives::write(port, subject, n),
        Scenario::SnapshotOpen => archives::open(port, subject, n),
        Scenario::SnapshotGet => archives::get(port, subject, n),
        Scenario::Lru => program!(port, subject, n, lru::Lru),
        Scenario::Astar => program!(port, subject, n, astar::AStar),
        Scenario::Life => program!(port, subject, n, life::Life),
        Scenario::Dijkstra => program!(port, subject, n, dijkstra::Dijkstra),
        Scenario::Cliques => program!(port, subject, n, cliques::Cliques),
        Scenario::WordCounter => program!(port, subject, n, words::WordCounter),
        Scenario::Multimap => program!(port, subject, n, multimap::Multimap),
        Scenario::SetUnion => program!(port, subject, n, sets::Union),
        Scenario::SetIntersection => program!(port, subject, n, sets::Intersection),
        Scenario::Trie => program!(port, subject, n, trie::Trie),
        Scenario::CloneMap => program!(port, subject, n, bulk::Clone),
    }
}

/// One request: create a map, fill it, read every key, iterate, drop it; the reset of an arena and the size hint are part of it.
#[inline(never)] // the stack of one scenario is not that of all
fn request<K: Kind<u64, RandomState>>(port: &mut Port, n: usize) -> io::Result<()> {
    let pairs = support::pairs(n);
    port.inputs_are_ready();
    let mut keeps = K::Keeps::default();
    K::learn(&mut keeps);
    port.serve(Cycles::new(1, || {
        let pairs = &black_box(&pairs)[..];
        let mut sum = 0_u64;
        {
            let mut map = K::make(&mut keeps, n);
            for &(key, value) in pairs {
                map.put(key, value);
            }
            for (key, _) in pairs {
                sum = sum.wrapping_add(map.at(key).unwrap_or(0));
            }
            map.each(|key, value| sum = sum.wrapping_add(key ^ value));
        }
        K::reset(&mut keeps);
        sum
    }))
}

/// A map of the keys 0 to n.
fn filled<K: Kind<u64, FixedState>>(keeps: &mut K::Keeps, n: usize) -> K::Map<'_> {
    let mut map = K::make(keeps, n);
    for i in 0..n as u64 {
        map.put(support::key(i), i);
    }
    map
}

#[inline(never)]
fn lookup<K: Kind<u64, FixedState>>(port: &mut Port, n: usize, hit: bool) -> io::Result<()> {
    // Misses are keys that never were in the map.
    let keys = queries(n, if hit { 0 } else { 4 * n as u64 });
    port.inputs_are_ready();
    let mut keeps = K::Keeps::default();
    let map = filled::<K>(&mut keeps, n);
    let lookups = Lookups::new(keys, hit, |key| black_box(map.at(key)).is_some());
    port.serve((sum(&map), lookups))
}

#[inline(never)]
fn iterate<K: Kind<u64, FixedState>>(port: &mut Port, n: usize) -> io::Result<()> {
    port.inputs_are_ready();
    let mut keeps = K::Keeps::default();
    let map = filled::<K>(&mut keeps, n);
    port.serve(Cycles::new(n, || sum(black_box(&map))))
}

#[inline(never)]
fn growth<K: Kind<V, FixedState>, V: Value>(port: &mut Port, n: usize) -> io::Result<()> {
    port.inputs_are_ready();
    port.serve(Growth::<K, V, FixedState>::new(n))
}

#[inline(never)]
fn churn<K>(port: &mut Port, n: usize) -> io::Result<()>
where
    K: Kind<u64, FixedState>,
    for<'a> K::Map<'a>: Remove,
{
    let live = (0..n as u64).map(support::key).collect();
    port.inputs_are_ready();
    let mut keeps = K::Keeps::default();
    let mut map = K::make(&mut keeps, n);
    // What memory does under churn shows from the first pair on; times are those of a map that has lived.
    let pairs_before = if port.tells_story() { 0 } else { 10 * n as u64 };
    port.serve(Churn::new(&mut map, live, pairs_before))
}

#[inline(never)]
fn delete_all<K>(port: &mut Port, n: usize) -> io::Result<()>
where
    K: Kind<u64, FixedState>,
    for<'a> K::Map<'a>: Remove,
{
    let prepared = DeleteAll::<(K, FixedState)>::new(n);
    port.inputs_are_ready();
    port.serve(prepared)
}

#[inline(never)]
fn program<P: Program>(port: &mut Port, n: usize) -> io::Result<()> {
    let mut program = P::new(n);
    program.prepare();
    port.inputs_are_ready();
    port.serve(Cycles::new(1, || program.run()))
}
