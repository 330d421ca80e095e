//! Iterating: whole, partly, and inside closures that outlive the loop.

use std::hint::black_box;

use arenamap::{Arena, ArenaMap};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{claim, consumed, control, on_every_handle};
use crate::support::{fixed, key};

const N: u64 = 500;

pub(crate) fn trials() -> Vec<Trial> {
    [whole(), partly(), escaping(), into_iterators()]
        .into_iter()
        .flatten()
        .collect()
}

fn whole() -> Vec<Trial> {
    on_every_handle!("iterate_whole", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        let sum = N * (N - 1) / 2;
        assert_eq!(map.iter().map(|(_, value)| value).sum::<u64>(), sum);
        assert_eq!(map.values().sum::<u64>(), sum);
        assert_eq!(map.keys().len(), 500);
        let mut count = 0;
        for (_, value) in &mut *map {
            *value += 1;
            count += 1;
        }
        for (_, value) in map.iter_mut() {
            *value -= 1;
        }
        map.values_mut().for_each(|value| *value *= 2);
        assert_eq!((count, map.values().sum::<u64>()), (N, 2 * sum));
        for (key, value) in &*map {
            black_box((key, value));
        }
    })
}

fn partly() -> Vec<Trial> {
    on_every_handle!("iterate_partly", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        assert_eq!(map.iter().take(10).count(), 10);
        let mut entries = map.iter();
        entries.next();
        let rest = entries.clone();
        assert_eq!((entries.len(), rest.count()), (499, 499));
        assert!(map.values().any(|&value| value == 3));
        let _ = map.keys();
        map.iter_mut().take(5).for_each(|(_, value)| *value = 0);
    })
}

/// An iterator captured by a closure that is called after the loop; the map is there before and stays.
///
/// The twin does what such a closure needs where it may outlive the map: it boxes a copy of the entries.
fn escaping() -> Vec<Trial> {
    macro_rules! filled {
        ($map:expr) => {{
            let mut map = $map;
            for i in 0..N {
                map.insert(key(i), i);
            }
            map
        }};
    }
    vec![
        claim(
            "iterate_in_an_escaping_closure",
            || filled!(ArenaMap::<u64, u64, _>::with_hasher_in(fixed(), Arena::new())),
            |_| {},
            |map| {
                let mut entries = map.iter();
                let mut sum: u64 = entries.by_ref().take(100).map(|(_, value)| value).sum();
                let mut next = move || entries.next().map(|(_, value)| *value);
                while let Some(value) = black_box(&mut next)() {
                    sum += value;
                }
                assert_eq!(sum, N * (N - 1) / 2);
            },
        ),
        control(
            "iterate_in_an_escaping_closure",
            || filled!(hashbrown::HashMap::<u64, u64, FixedState>::with_hasher(fixed())),
            |_| {},
            |map| {
                let mut values = map.values().copied().collect::<Vec<_>>().into_iter();
                let mut next: Box<dyn FnMut() -> Option<u64>> = Box::new(move || values.next());
                let mut sum = 0;
                while let Some(value) = black_box(&mut next)() {
                    sum += value;
                }
                assert_eq!(sum, N * (N - 1) / 2);
            },
        ),
    ]
}

fn into_iterators() -> Vec<Trial> {
    let mut trials = consumed!("into_iter", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        let mut entries = map.into_iter();
        assert!(entries.next().is_some());
        // The rest is dropped unread.
        black_box(entries.len());
    });
    trials.extend(consumed!("into_keys", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        assert_eq!(map.into_keys().count(), 500);
    }));
    trials.extend(consumed!("into_values", |map: u64 => u64| {
        map.extend((0..N).map(|i| (key(i), i)));
        assert_eq!(map.into_values().sum::<u64>(), N * (N - 1) / 2);
    }));
    trials
}
