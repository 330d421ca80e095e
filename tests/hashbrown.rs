//! Conversions to and from hashbrown's maps and sets: nothing is lost, and no key is hashed twice.

use std::cell::Cell;
use std::hash::BuildHasher;

use arenamap::{Arena, ArenaError, ArenaMap, ArenaSet, DefaultHashBuilder, FromHashbrownError, HashbrownMap};
use hashbrown::{HashMap, HashSet};

thread_local! {
    static HASHES: Cell<usize> = const { Cell::new(0) };
}

/// Counts the keys that it hashes.
#[derive(Clone, Default)]
struct Counting(DefaultHashBuilder);

impl BuildHasher for Counting {
    type Hasher = <DefaultHashBuilder as BuildHasher>::Hasher;

    fn build_hasher(&self) -> Self::Hasher {
        HASHES.set(HASHES.get() + 1);
        self.0.build_hasher()
    }
}

fn hashes(run: impl FnOnce()) -> usize {
    HASHES.set(0);
    run();
    HASHES.get()
}

#[test]
fn maps_go_there_and_back_with_one_hash_a_key() {
    for n in [0_usize, 1, 4, 5, 100, 10_000] {
        let arena = Arena::new();
        let theirs: HashMap<u64, String, Counting> = (0..n as u64).map(|key| (key, key.to_string())).collect();
        let mut ours = None;
        assert_eq!(
            hashes(|| ours = Some(ArenaMap::from_hashbrown_in(theirs.clone(), &arena))),
            n
        );
        let ours = ours.unwrap();
        assert!(ours.len() == theirs.len() && theirs.iter().all(|(key, value)| ours.get(key) == Some(value)));
        let other = Arena::new();
        let mut back = None;
        assert_eq!(hashes(|| back = Some(ours.into_hashbrown_in(&other))), n);
        let back: HashbrownMap<u64, String, Counting> = back.unwrap();
        assert!(back.len() == theirs.len() && theirs.iter().all(|(key, value)| back.get(key) == Some(value)));
        drop(back);
        assert_eq!((arena.used(), other.used()), (0, 0));
    }
}

#[test]
fn sets_go_there_and_back() {
    let arena = Arena::new();
    let theirs: HashSet<u64, Counting> = (0..1000).collect();
    let ours = ArenaSet::from_hashbrown_in(theirs.clone(), &arena);
    assert!(ours.len() == 1000 && theirs.iter().all(|element| ours.contains(element)));
    let back = ours.into_hashbrown_in(&arena);
    assert!(back.len() == 1000 && theirs.iter().all(|element| back.contains(element)));
}

#[test]
fn a_refused_conversion_gives_the_collection_back() {
    for n in [1_usize, 4, 5, 100, 10_000] {
        let theirs: HashMap<u64, String, Counting> = (0..n as u64).map(|key| (key, key.to_string())).collect();
        let copy = theirs.clone();
        let arena = Arena::with_budget(n * 32 - 8);
        let mut refused = None;
        let hashed = hashes(|| refused = ArenaMap::try_from_hashbrown_in(theirs, &arena).err());
        let FromHashbrownError {
            collection: theirs,
            cause,
        } = refused.expect("a table takes no less than its entries");
        assert_eq!(hashed, 0, "refused before anything moves");
        assert!(matches!(cause, ArenaError::Budget { .. }), "{cause}");
        assert!(theirs == copy && arena.used() == 0);

        let theirs: HashSet<u64, Counting> = (0..n as u64).collect();
        let arena = Arena::with_budget(n * 8 - 8);
        let error = ArenaSet::try_from_hashbrown_in(theirs, &arena).unwrap_err();
        assert!(error.to_string().contains(&error.cause.to_string()), "{error}");
        let theirs = error.collection;
        assert!(theirs.len() == n && arena.used() == 0);
        let arena = Arena::with_budget(n * 64 + 1_000);
        let ours = ArenaSet::try_from_hashbrown_in(theirs, &arena).unwrap();
        assert!(ours.len() == n && (0..n as u64).all(|element| ours.contains(&element)));
    }
}
