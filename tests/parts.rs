//! Keys of several parts, looked up by borrowed ones: as a model says, on maps and sets.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use arenamap::{Arena, ArenaMap, ArenaSet, ArenaString, DefaultHashBuilder, Equivalent, Parts};

fn name(n: u32) -> String {
    format!("{}{}", "x".repeat(n as usize % 3), n % 11)
}

#[test]
fn parts_find_what_a_model_has() {
    let arena = Arena::new();
    let text = |n: u32| ArenaString::from_str_in(&name(n), &arena);
    let mut map = ArenaMap::new_in(&arena);
    let mut model: HashMap<(String, String, u32), u32> = HashMap::new();
    for n in 0..2_000_u32 {
        let (first, second, c) = (n % 17, n / 17 % 13, n % 5);
        match n % 3 {
            0 | 1 => assert_eq!(
                map.insert((text(first), text(second), c), n),
                model.insert((name(first), name(second), c), n)
            ),
            _ => {
                let (x, y) = (name(second), name(first));
                assert_eq!(
                    map.remove(&Parts((x.as_str(), y.as_str(), c))),
                    model.remove(&(x, y, c))
                );
            }
        }
        let (x, y) = (name(n % 13), name(n % 17));
        let parts = Parts((x.as_str(), y.as_str(), c));
        assert_eq!(map.get(&parts), model.get(&(x.clone(), y.clone(), c)));
        assert_eq!(map.contains_key(&parts), model.contains_key(&(x, y, c)));
        assert_eq!(map.len(), model.len());
    }
    assert!(model.len() > 100);
    for ((a, b, c), value) in &model {
        assert_eq!(map.get_key_value(&Parts((&**a, &**b, *c))).map(|(_, v)| v), Some(value));
    }
}

#[test]
fn parts_are_not_joined() {
    let mut set: ArenaSet<(String, String)> = ArenaSet::new();
    set.insert(("a".into(), "bc".into()));
    assert!(set.contains(&Parts(("a", "bc"))));
    for other in [("ab", "c"), ("", "abc"), ("abc", ""), ("bc", "a"), ("a", "b")] {
        assert!(!set.contains(&Parts(other)));
    }
    assert_eq!(set.take(&Parts(("a", "bc"))), Some(("a".into(), "bc".into())));
}

/// A lookup finds what it looks for if both hash alike under every hasher.
#[allow(clippy::needless_pass_by_value, reason = "both are made for the call")]
fn hashes_alike<Q: Hash + Equivalent<K>, K: Hash>(parts: Q, key: K) {
    let hasher = DefaultHashBuilder::default();
    assert_eq!(hasher.hash_one(&parts), hasher.hash_one(&key));
    let hasher = std::hash::RandomState::new();
    assert_eq!(hasher.hash_one(&parts), hasher.hash_one(&key));
    assert!(parts.equivalent(&key));
}

#[test]
fn parts_hash_like_keys_of_every_kind_and_length() {
    let arena = Arena::new();
    let text = || ArenaString::from_str_in("t", &arena);
    hashes_alike(Parts(("t", 1_u8)), (text(), 1_u8));
    hashes_alike(Parts(("t", &1_u8)), (text(), 1_u8));
    hashes_alike(Parts((&[1, 2][..], "t", 'c')), (vec![1, 2], "t", 'c'));
    hashes_alike(
        Parts((1_i64, true, 2_u128, "t")),
        (1_i64, true, 2_u128, String::from("t")),
    );
    hashes_alike(Parts((1, 2, 3, 4, "t")), (1, 2, 3, 4, text()));
    hashes_alike(Parts((1, 2, 3, 4, 5, "t")), (1, 2, 3, 4, 5, text()));
    hashes_alike(Parts((1, 2, 3, 4, 5, 6, "t")), (1, 2, 3, 4, 5, 6, text()));
    hashes_alike(Parts((1, 2, 3, 4, 5, 6, 7, "t")), (1, 2, 3, 4, 5, 6, 7, text()));
    // A key may be a tuple in a tuple.
    hashes_alike(Parts((&("t", 1), 2)), (("t", 1), 2));
}
