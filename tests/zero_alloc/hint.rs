//! Learned sizes: a map made through a hint starts large enough, and learning itself is silent.

use arenamap::{Arena, ArenaMap, SizeHint};
use foldhash::fast::RandomState;
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};
use crate::support::key;

const N: u64 = 500;

pub(crate) fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "without std there is no pool to add")]
    let mut trials = vec![
        cycle_claim("size_hint::borrowed", Arena::new, |arena| {
            static HINT: SizeHint = SizeHint::new();
            let expected = HINT.capacity();
            let mut map = ArenaMap::<u64, u64, RandomState, _>::with_hint_in(&HINT, &*arena);
            assert!(map.capacity() >= expected);
            let capacity = map.capacity();
            map.extend((0..N).map(|i| (key(i), i)));
            assert!(
                expected == 0 || map.capacity() == capacity,
                "what was learned was enough"
            );
            drop(map);
            assert_eq!(HINT.capacity(), 500);
            arena.reset();
        }),
        // Told the size by hand, the heap map still allocates its one table.
        cycle_control(
            "size_hint",
            || (),
            |()| {
                let mut map = hashbrown::HashMap::<u64, u64, RandomState>::default();
                map.reserve(500);
                map.extend((0..N).map(|i| (key(i), i)));
            },
        ),
    ];
    #[cfg(feature = "std")]
    trials.push(cycle_claim(
        "size_hint::pooled",
        || (),
        |()| {
            static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
            static HINT: SizeHint = SizeHint::new();
            let mut map = ArenaMap::<u64, u64, RandomState, _>::with_hint_in(&HINT, POOL.checkout());
            map.extend((0..N).map(|i| (key(i), i)));
        },
    ));
    trials
}
