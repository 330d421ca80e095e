//! How many groups finding each entry looks at, beside a count by comparisons.

use std::cell::Cell;
use std::hash::{Hash, Hasher};

use arenamap::{ArenaMap, ArenaSet, StrMap};

mod support;
use support::{Identity, fixed};

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// A key whose hash is chosen, and whose comparisons are counted.
#[derive(Clone)]
struct Key {
    hash: u64,
    number: u64,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.number == other.number
    }
}

impl Eq for Key {}

/// The chosen hash is the hash.
type Map = ArenaMap<Key, (), Identity>;

/// Keys of one hash fill group after group of one way: the lengths are known.
#[test]
fn keys_of_one_hash_fill_one_way() {
    let mut map = Map::with_capacity_and_hasher(2_000, Identity);
    for number in 0..100 {
        map.insert(Key { hash: 7, number }, ());
        let lengths = map.probe_lengths();
        let len = map.len();
        assert_eq!(lengths.longest, len.div_ceil(16), "{lengths}");
        let expected: Vec<usize> = (0..16).map(|group| len.saturating_sub(16 * group).min(16)).collect();
        assert_eq!(lengths.entries[..], expected, "{lengths}");
        assert_eq!(lengths.groups, (0..len).map(|before| before / 16 + 1).sum::<usize>());
    }
    // As many comparisons as there are entries with this tag before it: the last key is in the seventh group.
    COMPARED.set(0);
    assert!(map.contains_key(&Key { hash: 7, number: 99 }));
    assert!(COMPARED.get() > 16 * 6, "{}", COMPARED.get());
}

/// What is farther than the numbers reach is in the last of them.
#[test]
fn the_last_number_counts_all_that_is_farther() {
    let mut map = Map::with_capacity_and_hasher(8_000, Identity);
    for number in 0..400 {
        map.insert(Key { hash: 7, number }, ());
    }
    let lengths = map.probe_lengths();
    assert_eq!((lengths.longest, lengths.entries[15]), (25, 400 - 15 * 16));
    assert!(lengths.to_string().ends_with("16+: 160"), "{lengths}");
    map.clear();
    assert_eq!(map.probe_lengths(), arenamap::ProbeLengths::default());
}

/// In every state, small and while entries move, each entry is counted once.
#[test]
fn every_entry_is_counted_once_in_every_state() {
    // Under random seeds one of these many states may be a crowded one.
    let mut map = ArenaMap::with_hasher(fixed());
    let mut moving = 0;
    for n in 0..3_000_u64 {
        map.insert(n, n);
        if n % 3 == 0 {
            map.remove(&(n / 2));
        }
        let lengths = map.probe_lengths();
        assert_eq!(lengths.entries.iter().sum::<usize>(), map.len());
        assert!(lengths.longest <= 16 && lengths.mean() < 1.5, "{lengths}");
        moving += usize::from(map.stats().left_to_move > 0);
    }
    assert!(moving > 50, "the test is to see moves: {moving}");
    let set: ArenaSet<u64> = map.keys().copied().collect();
    assert_eq!(set.probe_lengths().entries.iter().sum::<usize>(), map.len());
    let words: StrMap<u64> = map.iter().map(|(key, value)| (key.to_string(), *value)).collect();
    assert_eq!(words.probe_lengths().entries.iter().sum::<usize>(), map.len());
}
