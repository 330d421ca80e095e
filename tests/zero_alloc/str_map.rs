//! String keys: their bytes go into the arena when the key is new, and nothing is made to look one up.

use arenamap::{Arena, ArenaMap, BytesMap, DefaultHashBuilder, StrMap};
use foldhash::fast::FixedState;
use libtest_mimic::Trial;

use crate::proof::{cycle_claim, cycle_control};
use crate::support::fixed;

const LINE: &str = "the quick brown fox jumps over the lazy dog and the dog lets the quick fox go on";

pub(crate) fn trials() -> Vec<Trial> {
    #[allow(unused_mut, reason = "without std there are no shared arenas to add")]
    let mut trials = vec![
        cycle_claim("str_map::borrowed", Arena::new, |arena| {
            words(&mut StrMap::new_in(&*arena));
            arena.reset();
        }),
        cycle_control("str_map", || (), |()| words_on_the_heap()),
        cycle_claim("str_map::in_bulk", Arena::new, in_bulk),
        cycle_claim("bytes_map", Arena::new, bytes),
        cycle_claim("entry_ref", Arena::new, entry_ref),
        cycle_control("entry_ref", || (), |()| words_on_the_heap()),
    ];
    #[cfg(feature = "std")]
    trials.push(cycle_claim(
        "str_map::shared",
        || (),
        |()| {
            static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
            words(&mut StrMap::new_in(POOL.checkout().share()));
        },
    ));
    trials
}

fn words<H: arenamap::Handle>(map: &mut StrMap<u32, DefaultHashBuilder, H>) {
    for _ in 0..3 {
        for word in LINE.split(' ') {
            *map.entry(word).or_insert(0) += 1;
        }
    }
    assert_eq!((map.get("the"), map.get("cat"), map.len()), (Some(&12), None, 12));
    assert_eq!(map.insert("cat", 1), None);
    assert_eq!(map.insert("cat", 2), Some(1));
    assert_eq!(map.remove("cat"), Some(2));
    assert!(map.contains_key("lazy"));
    assert_eq!(map.iter().map(|(word, _)| word.len()).sum::<usize>(), 43);
    map.retain(|word, _| word.len() > 3);
    map.clear();
    map.insert("again", 1);
}

/// What takes many keys out, and copies of all of them.
fn in_bulk(arena: &mut Arena) {
    {
        let mut map: StrMap<u32, _, _> = StrMap::new_in(&*arena);
        map.extend(LINE.split(' ').map(|word| (word, 1)));
        let twin = map.clone_in(&*arena);
        assert_eq!(twin, map);
        assert_eq!(map.extract_if(|word, _| word.starts_with('t')).count(), 1);
        assert_eq!(map.drain().map(|(word, _)| word.as_str().len()).sum::<usize>(), 40);
        map.extend(twin.iter().map(|(word, &count)| (word, count)));
        assert_eq!(map.values().sum::<u32>(), 12);
        map.shrink_to_fit();
        assert_eq!(twin.into_values().count(), 12);
    }
    arena.reset();
}

/// Keys that are no strings.
fn bytes(arena: &mut Arena) {
    {
        let mut map = BytesMap::new_in(&*arena);
        for word in LINE.as_bytes().chunks(3) {
            *map.entry(word).or_insert(0) += 1;
        }
        map.insert(b"\xFF", 1);
        let mut twin = map.clone();
        twin.clone_from(&map);
        assert_eq!(twin, map);
        map.shrink_to_fit();
    }
    arena.reset();
}

/// A key of an ordinary map, copied into the arena on a miss only.
fn entry_ref(arena: &mut Arena) {
    {
        let mut map: ArenaMap<&str, u32, FixedState, _> = ArenaMap::with_hasher_in(fixed(), &*arena);
        for word in LINE.split(' ') {
            *map.entry_ref(word).or_insert_keyed(|word| arena.alloc_str(word), 0) += 1;
        }
        assert_eq!(map["the"], 4);
    }
    arena.reset();
}

fn words_on_the_heap() {
    let mut map = hashbrown::HashMap::<String, u32, FixedState>::with_hasher(fixed());
    for word in LINE.split(' ') {
        *map.entry_ref(word).or_insert(0) += 1;
    }
    assert_eq!(map["the"], 4);
}
