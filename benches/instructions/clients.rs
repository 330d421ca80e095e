//! Programs as users of hashbrown write them, whole, on both maps: what `benches/support/programs` has.

#![allow(unused_qualifications, reason = "in what gungraun makes of these functions")]

use gungraun::{library_benchmark, library_benchmark_group};

use crate::programs::{Checked, Program, model, ours, theirs};

fn ready<P: Program, M: Program>(n: usize) -> Checked<P> {
    Checked::new::<M>(n)
}

/// A function to count for each program, and their sizes.
macro_rules! count {
    ($($name:ident: $module:ident::$program:ident, $sizes:tt;)+) => {
        $(
            #[library_benchmark]
            #[benches::arena_map(
                iter = $sizes,
                setup = ready::<ours::source::$module::$program, model::source::$module::$program>
            )]
            #[benches::hashbrown(
                iter = $sizes,
                setup = ready::<theirs::source::$module::$program, model::source::$module::$program>
            )]
            fn $name<P: Program>(mut program: Checked<P>) -> Checked<P> {
                program.run();
                program
            }
        )+

        library_benchmark_group!(name = clients, benchmarks = [$($name),+]);

        /// The sizes of a program of this name.
        pub(crate) fn sizes(operation: &str) -> Option<&'static [usize]> {
            match operation {
                $(stringify!($name) => Some(&$sizes),)+
                _ => None,
            }
        }
    };
}

count! {
    // Removal and insertion at constant size: of n entries, of as many as a map for n takes, of half as many.
    churn: churn::AtSize, [100, 300, 1_000, 10_000, 100_000];
    churn_full: churn::Full, [1_000, 100_000];
    churn_half: churn::Half, [1_000, 100_000];
    // Counting by `entry` into a new map: n distinct keys, each four times.
    count_numbers: count::Numbers, [100, 1_000];
    count_words: count::Words, [100, 1_000];
    // Maps of n entries, one after the other: make, fill, read each key, iterate, drop.
    small_in_arena: small::InArena, [1, 3, 8, 40, 300];
    small_owned: small::Owned, [1, 3, 8];
    // Calls that walk a whole map.
    clone: bulk::Clone, [1_000];
    iterate_entries: bulk::Entries, [1_000, 100_000];
    iterate_values: bulk::Values, [1_000, 100_000];
    retain_half: bulk::Retain, [1_000, 100_000];
    // Two sets: n elements, and as many, half of them shared; or only 10, or 100 n.
    set_intersection: sets::Intersection, [1_000];
    set_intersection_small: sets::IntersectionSmall, [1_000];
    set_intersection_large: sets::IntersectionLarge, [1_000];
    set_union: sets::Union, [1_000];
    set_difference: sets::Difference, [1_000];
    set_symmetric_difference: sets::SymmetricDifference, [1_000];
    set_is_subset: sets::IsSubset, [1_000];
    set_is_disjoint: sets::IsDisjoint, [1_000];
    // Whole programs.
    lru: lru::Lru, [100, 1_000, 10_000];
    astar: astar::AStar, [8, 32];
    life: life::Life, [100, 1_000];
    dijkstra: dijkstra::Dijkstra, [100, 1_000];
    cliques: cliques::Cliques, [24, 48];
    word_counter: words::WordCounter, [100, 1_000];
    multimap: multimap::Multimap, [100, 1_000];
    trie: trie::Trie, [100, 1_000];
}
