//! Bounded maps take their block when they are made, and never call the heap again: from the first operation on.

use std::collections::{HashMap, VecDeque};

use arenamap::bounded::{Bounds, Lifetime, Terms};
use arenamap::{Arena, BoundedMap, BoundedStrMap, DefaultHashBuilder, Handle};
use libtest_mimic::Trial;

use crate::proof::{claim, control, cycle_claim, cycle_control};

const ENTRIES: u64 = 500;

pub(crate) fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "without std there are no shared arenas to add")]
    let mut trials = vec![
        claim("bounded::owned", || BoundedMap::new(100), |_| (), traffic),
        control("bounded::owned", || (), |()| (), |()| traffic_on_the_heap()),
        claim(
            "bounded::weighted",
            || BoundedMap::new(Bounds::entries(100).weight(300)),
            |_| (),
            weighted,
        ),
        cycle_claim("bounded::borrowed", Arena::new, |arena| {
            traffic(&mut BoundedMap::new_in(100, &*arena));
            arena.reset();
        }),
        cycle_control("bounded::borrowed", || (), |()| traffic_on_the_heap()),
        // Long keys take blocks: a first round shows the arena their lengths.
        claim("bounded::copied", || BoundedStrMap::new(100), words, words),
        control("bounded::copied", || (), |()| (), |()| traffic_on_the_heap()),
    ];
    #[cfg(feature = "std")]
    trials.push(cycle_claim(
        "bounded::pooled_and_shared",
        || (),
        |()| {
            static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
            traffic(&mut BoundedMap::new_in(100, POOL.checkout()));
            words(&mut BoundedStrMap::new_in(100, POOL.checkout().share()));
        },
    ));
    trials
}

fn traffic<H: Handle>(map: &mut BoundedMap<u64, [u64; 4], DefaultHashBuilder, H>) {
    map.set_lifetime(Lifetime::SinceUse(50));
    for key in 0..ENTRIES {
        let now = key / 4;
        map.get_or_insert_with(key % 150, now, || [key; 4])[1] += 1;
        assert!(map.get(&(key % 150), now).is_some());
        map.insert_for(key, [1; 4], key % 40, now);
        map.entry(key, now).and_modify(|value| value[0] = 7).or_default();
        map.set_time_to_live(&key, Some(3), now);
        if key % 3 == 0 {
            map.remove(&(key / 2), now);
        }
    }
    map.retain(ENTRIES / 4, |key, _| key % 2 == 0);
    assert!(map.iter(ENTRIES / 4).count() <= map.len());
    map.iter_mut(ENTRIES / 4).for_each(|(_, value)| value[2] = 1);
    assert!(map.drain(ENTRIES / 4).take(3).count() <= 3);
    map.insert_for(1, [0; 4], 1, ENTRIES);
    map.expire(ENTRIES * 10, usize::MAX);
    assert!(map.stats().expired > 0);
    map.insert(1, [0; 4], ENTRIES * 10);
    map.clear();
    assert!(map.stats().evicted > 0);
}

fn weighted(map: &mut BoundedMap<u64, u64>) {
    for key in 0..ENTRIES {
        map.insert_with(key % 300, key, Terms::new().weight((key % 30) as u32), 0, |_| ());
    }
    assert!(map.weight() <= 300);
}

fn words<H: Handle>(map: &mut BoundedStrMap<u64, DefaultHashBuilder, H>) {
    let bytes = [b'x'; 40];
    let text = std::str::from_utf8(&bytes).unwrap();
    for round in 0..2 {
        for number in 0..40 {
            map.insert_for(&text[..number], 1, 10, round * 20);
            *map.get_or_insert_with(&text[..number / 2], round * 20, || 0) += 1;
        }
        for number in 0..40 {
            map.remove(&text[..number], round * 20);
        }
    }
    assert!(map.is_empty());
}

fn traffic_on_the_heap() {
    let mut map = HashMap::new();
    let mut order = VecDeque::new();
    for key in 0..ENTRIES {
        map.insert(key, [1; 4]);
        order.push_back(key);
    }
    assert_eq!(map.len(), order.len());
}
