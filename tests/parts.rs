//! Keys of several parts, tuples and structs, looked up by borrowed ones: as a model says, on maps and sets.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use arenamap::{Arena, ArenaMap, ArenaSet, ArenaString, DefaultHashBuilder, Equivalent, Parts, key_struct};

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

type Text<'a> = ArenaString<&'a Arena>;

key_struct! {
    /// Of what a handler has; some of its fields are others' to see.
    #[derive(Clone, Debug)]
    pub struct Route<'a> {
        /// The host.
        pub(crate) host_name: Text<'a>,
        path: Text<'a>,
        port: u16,
    }
}
key_struct! {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Written { host_name: String, #[serde(skip)] port: u16 }
}
key_struct! { struct Name { first: String, last: String } }
key_struct! {
    #[derive(Clone, Debug)]
    struct Tagged<'a, 'b, T: Copy, U> { tag: &'a str, of: &'b str, id: T, what: U }
}
key_struct! { struct Of<T> { one: T } }
key_struct! {
    /// Names that the macro has, too, and one of a type.
    struct Eight {
        key: String, part: [u8; 2], field: Option<u32>, u8: u8, name: char, a: (u8, String), nested: Name, i: i128,
    }
}
key_struct! { struct Five { a: u8, b: u8, c: u8, d: u8, e: bool } }
key_struct! { struct Six { a: u8, b: u8, c: u8, d: u8, e: u8, f: u8 } }
key_struct! { struct Seven { a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, } }

fn name_of(first: &str, last: &str) -> Name {
    Name {
        first: first.into(),
        last: last.into(),
    }
}

#[test]
fn parts_hash_like_structs_of_every_kind() {
    let arena = Arena::new();
    let text = |text| ArenaString::from_str_in(text, &arena);
    let route = Route {
        host_name: text("host"),
        path: text("/"),
        port: 80,
    };
    let written = Written {
        host_name: "host".into(),
        port: 80,
    };
    assert_eq!(serde_json::to_string(&written).unwrap(), r#"{"hostName":"host"}"#);
    hashes_alike(Parts(("host", 80_u16)), written);
    hashes_alike(Parts((&route.host_name, "/", &80_u16)), route.clone());
    hashes_alike(Parts(("host", "/", 80_u16)), route);
    hashes_alike(Parts(("a", &String::from("b"))), name_of("a", "b"));
    let tagged = Tagged {
        tag: "t",
        of: "o",
        id: 1_u64,
        what: Some('c'),
    };
    hashes_alike(Parts(("t", "o", 1_u64, &Some('c'))), tagged.clone());
    hashes_alike(Parts(("t", "o", &1_u64, &Some('c'))), tagged);
    hashes_alike(Parts(("t",)), Of { one: String::from("t") });
    hashes_alike(Parts((1_u8,)), Of { one: 1_u8 });
    let eight = Eight {
        key: "k".into(),
        part: [1, 2],
        field: Some(3),
        u8: 4,
        name: 'n',
        a: (5, "a".into()),
        nested: name_of("x", "y"),
        i: -6,
    };
    let (a, nested) = ((5, String::from("a")), name_of("x", "y"));
    hashes_alike(Parts(("k", &[1, 2], &Some(3), 4_u8, 'n', &a, &nested, -6_i128)), eight);
    // A struct in a struct may be given by its parts.
    let (a, nested) = (Parts((5_u8, "a")), Parts(("x", "y")));
    let eight = Eight {
        key: "k".into(),
        part: [1, 2],
        field: None,
        u8: 4,
        name: 'n',
        a: (5, "a".into()),
        nested: name_of("x", "y"),
        i: -6,
    };
    hashes_alike(Parts(("k", &[1, 2], &None, 4_u8, 'n', &a, &nested, -6_i128)), eight);
    let five = Five {
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        e: true,
    };
    hashes_alike(Parts((1, 2, 3, 4, true)), five);
    let six = Six {
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        e: 5,
        f: 6,
    };
    hashes_alike(Parts((1, 2, 3, 4, 5, 6)), six);
    let seven = Seven {
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        e: 5,
        f: 6,
        g: 7,
    };
    hashes_alike(Parts((1, 2, 3, 4, 5, 6, 7)), seven);
}

#[cfg(feature = "std")]
#[test]
fn parts_hash_like_structs_in_shared_arenas() {
    use arenamap::{ArenaBox, ArenaVec, SharedArena};

    type Handle = SharedArena<'static>;
    key_struct! { struct Shared { name: ArenaString<Handle>, list: ArenaVec<u32, Handle>, text: ArenaBox<str, Handle> } }

    let shared = Arena::new().share();
    let key = Shared {
        name: ArenaString::from_str_in("n", shared.clone()),
        list: ArenaVec::from_slice_in(&[1, 2], shared.clone()),
        text: ArenaBox::<str, _>::from_str_in("t", shared),
    };
    hashes_alike(Parts(("n", &[1, 2][..], "t")), key);
}

/// Sets of tuples and of structs, their strings in the arena: every call that takes what is equivalent to an element.
#[test]
fn sets_find_parts_as_a_model_does() {
    let arena = Arena::new();
    let text = |n: u32| ArenaString::from_str_in(&name(n), &arena);
    let mut tuples: ArenaSet<(Text<'_>, Text<'_>), _, _> = ArenaSet::new_in(&arena);
    let mut structs: ArenaSet<Route<'_>, _, _> = ArenaSet::new_in(&arena);
    let mut model: HashSet<(String, String)> = HashSet::new();
    for n in 0..3_000_u32 {
        let (first, second) = (n * 7 % 31, n / 5 % 17);
        let (x, y) = (name(first), name(second));
        let owned = (x.clone(), y.clone());
        let (two, three) = (Parts((x.as_str(), y.as_str())), Parts((x.as_str(), y.as_str(), 80_u16)));
        let route = || Route {
            host_name: text(first),
            path: text(second),
            port: 80,
        };
        match n % 6 {
            0 => {
                let is_new = model.insert(owned.clone());
                assert_eq!(tuples.insert((text(first), text(second))), is_new);
                assert_eq!(structs.insert(route()), is_new);
            }
            1 | 2 => {
                model.insert(owned.clone());
                let found = tuples.get_or_insert_with(&two, |_| (text(first), text(second)));
                assert_eq!((found.0.as_str(), found.1.as_str()), (&*x, &*y));
                let found = structs.try_get_or_insert_with(&three, |_| route()).unwrap();
                assert_eq!(found.path, y);
            }
            3 => {
                let was = model.remove(&owned);
                assert_eq!((tuples.remove(&two), structs.remove(&three)), (was, was));
            }
            4 => {
                let was = model.remove(&owned);
                assert_eq!(tuples.take(&two).is_some(), was);
                assert_eq!(
                    structs.take(&three).map(|route| route.host_name == x),
                    was.then_some(true)
                );
            }
            _ => assert!(!structs.contains(&Parts((x.as_str(), y.as_str(), 81_u16)))),
        }
        let (x, y) = (name(n % 31), name(n % 17));
        let is_there = model.contains(&(x.clone(), y.clone()));
        let (two, three) = (Parts((x.as_str(), y.as_str())), Parts((x.as_str(), y.as_str(), 80_u16)));
        assert_eq!((tuples.contains(&two), structs.contains(&three)), (is_there, is_there));
        assert_eq!(tuples.get(&two).map(|(x, _)| x.as_str()), is_there.then_some(&*x));
        assert_eq!(structs.get(&three).is_some(), is_there);
        assert_eq!((tuples.len(), structs.len()), (model.len(), model.len()));
    }
    assert!(model.len() > 20);
}

/// Every call of a map that takes what is equivalent to a key.
#[test]
fn every_lookup_of_a_map_takes_parts() {
    let arena = Arena::new();
    let text = |text: &str| ArenaString::from_str_in(text, &arena);
    let mut map: ArenaMap<Route<'_>, u32, _, _> = ArenaMap::new_in(&arena);
    let of = |n: usize| ["/", "/a", "/a/b", "", "/c"][n];
    for (n, times) in [(0, 3), (1, 1), (2, 2), (3, 1)] {
        for _ in 0..times {
            let parts = Parts(("host", of(n), 80_u16));
            *map.entry_ref(&parts).or_insert_keyed(
                |&Parts((host, path, port))| Route {
                    host_name: text(host),
                    path: text(path),
                    port,
                },
                0,
            ) += 1;
        }
    }
    let parts: Vec<_> = (0..5).map(|n| Parts(("host", of(n), 80_u16))).collect();
    assert_eq!(map.len(), 4);
    assert_eq!((map[&parts[0]], map.get(&parts[4])), (3, None));
    map.prefetch(&parts[0]);
    let mut out = [None; 5];
    map.get_batch(&parts, &mut out);
    assert_eq!(out, [Some(&3), Some(&1), Some(&2), Some(&1), None]);
    let [a, b, none] = map.get_disjoint_mut([&parts[0], &parts[1], &parts[4]]);
    std::mem::swap(a.unwrap(), b.unwrap());
    assert!(none.is_none());
    *map.get_mut(&parts[2]).unwrap() += 1;
    assert_eq!(map.get_key_value(&parts[2]).unwrap().0.path, "/a/b");
    assert_eq!(map.remove(&parts[2]), Some(3));
    assert_eq!(map.remove_entry(&parts[1]).unwrap().0.path, "/a");
    let hash = map.hash_of(&parts[0]);
    assert!(map.find(hash, |key| parts[0].equivalent(key)).is_some());
    assert!(map.contains_key(&parts[0]) && !map.contains_key(&parts[1]));
    assert_eq!(map.len(), 2);
}

/// Tuples of every length: found by their parts, and by none that differ in one.
#[test]
fn tuples_of_every_length_are_found() {
    let arena = Arena::new();
    macro_rules! length {
        ($($n:literal)*) => {{
            let text = |n: u32| ArenaString::from_str_in(&name(n), &arena);
            let mut map = ArenaMap::new_in(&arena);
            let mut set = ArenaSet::new_in(&arena);
            for n in 0..200_u32 {
                map.insert((text(n), $(n / $n,)*), n);
                set.insert(($(n / $n,)* text(n),));
            }
            for n in 0..200_u32 {
                let owned = name(n);
                let (first, last) = (Parts((owned.as_str(), $(n / $n,)*)), Parts(($(n / $n,)* owned.as_str(),)));
                // Those of one name and numbers are one key.
                assert!(map.get(&first).is_some() && set.contains(&last));
                for other in [Parts((owned.as_str(), $(n / $n + 1_000,)*)), Parts(("other", $(n / $n,)*))] {
                    assert_eq!(map.get(&other), None);
                }
                assert!(!set.contains(&Parts(($(n / $n,)* "other",))));
            }
            for n in 0..200_u32 {
                let owned = name(n);
                let was = map.len();
                let is_removed = map.remove(&Parts((owned.as_str(), $(&(n / $n),)*))).is_some();
                assert_eq!(was - map.len(), usize::from(is_removed));
                set.remove(&Parts(($(n / $n,)* owned.as_str(),)));
            }
            assert!(map.is_empty() && set.is_empty());
        }};
    }
    length!(1);
    length!(1 2);
    length!(1 2 3);
    length!(1 2 3 4);
    length!(1 2 3 4 5);
    length!(1 2 3 4 5 6);
    length!(1 2 3 4 5 6 7);
}
