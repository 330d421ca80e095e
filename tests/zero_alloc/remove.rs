//! Removing: one by one, by rule, all at once, and endless churn.

use arenamap::{Arena, ArenaMap};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{claim, control, on_every_handle};
use crate::support::{fixed, key};

const N: u64 = 500;

pub(crate) fn trials() -> Vec<Trial> {
    [remove(), churn(), retain(), drain(), extract_if(), clear()]
        .into_iter()
        .flatten()
        .collect()
}

fn remove() -> Vec<Trial> {
    on_every_handle!("remove", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        for i in 0..N / 2 {
            assert_eq!(map.remove(&key(i)), Some(i));
            assert_eq!(map.remove(&key(i)), None);
        }
        for i in N / 2..N {
            assert_eq!(map.remove_entry(&key(i)), Some((key(i), i)));
        }
        assert!(map.is_empty());
    })
}

/// A map with as many entries as it was made for, one removed and another inserted, for ever. hashbrown's doubles.
fn churn() -> Vec<Trial> {
    macro_rules! churn {
        ($state:expr, $pairs:expr) => {{
            let (map, oldest) = $state;
            let live = map.len() as u64;
            for _ in 0..$pairs {
                assert_eq!(map.remove(&key(*oldest)), Some(*oldest));
                map.insert(key(*oldest + live), *oldest + live);
                *oldest += 1;
            }
            assert_eq!(map.len() as u64, live);
        }};
    }

    type Churning = (ArenaMap<u64, u64, FixedState>, u64);

    fn filled(live: u64) -> Churning {
        let mut map = ArenaMap::with_hasher_in(fixed(), Arena::new());
        map.extend((0..live).map(|i| (key(i), i)));
        (map, 0)
    }

    vec![
        claim(
            "churn",
            || filled(1_000),
            |_| {},
            |state| {
                let before = state.0.stats();
                churn!(&mut *state, 50_000);
                assert_eq!(state.0.stats(), before, "nothing moves");
            },
        ),
        claim(
            "churn_of_a_full_table",
            || filled(14_336),
            |_| {},
            |state| {
                assert_eq!(state.0.len(), state.0.capacity());
                churn!(&mut *state, 50_000);
            },
        ),
        // A removal and an insertion move entries too, until all have moved.
        claim(
            "churn_in_a_move",
            || filled(449),
            |state| {
                let mut map = ArenaMap::with_hasher_in(fixed(), Arena::new());
                for i in 0..449 {
                    map.insert(key(i), i);
                }
                assert!(map.stats().left_to_move > 0);
                *state = (map, 0);
            },
            |state| {
                churn!(&mut *state, 10_000);
                assert_eq!(state.0.stats().left_to_move, 0);
            },
        ),
        control(
            "churn",
            || {
                let mut map = hashbrown::HashMap::<u64, u64, FixedState>::with_capacity_and_hasher(1_000, fixed());
                map.extend((0..1_000).map(|i| (key(i), i)));
                (map, 0)
            },
            |_| {},
            |state| churn!(state, 50_000),
        ),
    ]
}

fn retain() -> Vec<Trial> {
    on_every_handle!("retain", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        map.retain(|_, value| {
            *value += 1;
            *value % 2 == 0
        });
        assert_eq!(map.len(), 250);
        map.retain(|_, _| false);
        map.extend((0..N).map(|i| (key(i), i)));
    })
}

fn drain() -> Vec<Trial> {
    on_every_handle!("drain", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        assert_eq!(map.drain().map(|(_, value)| value).sum::<u64>(), N * (N - 1) / 2);
        map.extend((0..N).map(|i| (key(i), i)));
        // The rest is dropped unread.
        assert_eq!(map.drain().take(3).count(), 3);
        assert!(map.is_empty());
        map.insert(1, 1);
    })
}

fn extract_if() -> Vec<Trial> {
    on_every_handle!("extract_if", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        assert_eq!(map.extract_if(|_, value| *value % 2 == 0).count(), 250);
        // The rest stays.
        assert_eq!(map.extract_if(|_, _| true).take(50).count(), 50);
        assert_eq!(map.len(), 200);
    })
}

fn clear() -> Vec<Trial> {
    on_every_handle!("clear", |map: u64 => u64| {
        for _ in 0..3 {
            map.extend((0..N).map(|i| (key(i), i)));
            map.clear();
            assert!(map.is_empty());
        }
    })
}
