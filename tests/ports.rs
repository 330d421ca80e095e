//! Promise P12: programs written for hashbrown compile by changing an import. Each program here is compiled twice from one
//! text, with hashbrown's types and with ours, and gives the same answers.
#![allow(
    clippy::default_trait_access,
    clippy::elidable_lifetime_names,
    reason = "inference is what is tested"
)]
#![allow(
    clippy::items_after_statements,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::redundant_closure_for_method_calls,
    clippy::collapsible_if,
    clippy::from_iter_instead_of_collect,
    clippy::needless_for_each,
    clippy::needless_pass_by_value,
    reason = "programs as users write them"
)]

/// The text, once for each crate: all that differs are the imports.
macro_rules! with_each_crate {
    ($($program:tt)*) => {
        mod with_hashbrown {
            use hashbrown::{DefaultHashBuilder, HashMap, HashSet, TryReserveError, hash_map, hash_set};
            $($program)*
        }

        mod with_arenamap {
            use arenamap::{ArenaMap as HashMap, ArenaSet as HashSet, DefaultHashBuilder, TryReserveError, hash_map, hash_set};
            $($program)*
        }
    };
}

with_each_crate! {
    use std::collections::VecDeque;
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
    use std::sync::{LazyLock, Mutex, OnceLock, RwLock};

    use hash_map::{Entry, EntryRef};

    /// Least recently used entries leave; the order is a list of indices inside the map's values.
    struct Lru<K, V> {
        slots: HashMap<K, Slot<K, V>>,
        newest: Option<K>,
        oldest: Option<K>,
        room: usize,
    }

    struct Slot<K, V> {
        value: V,
        newer: Option<K>,
        older: Option<K>,
    }

    impl<K: Eq + Hash + Clone, V> Lru<K, V> {
        fn new(room: usize) -> Self {
            Self { slots: HashMap::with_capacity(room), newest: None, oldest: None, room }
        }

        fn unlink(&mut self, key: &K) {
            let slot = &self.slots[key];
            let (newer, older) = (slot.newer.clone(), slot.older.clone());
            match &newer {
                Some(newer) => self.slots.get_mut(newer).unwrap().older.clone_from(&older),
                None => self.newest.clone_from(&older),
            }
            match &older {
                Some(older) => self.slots.get_mut(older).unwrap().newer = newer,
                None => self.oldest = newer,
            }
        }

        fn link_as_newest(&mut self, key: &K) {
            let before = self.newest.replace(key.clone());
            if let Some(before) = &before {
                self.slots.get_mut(before).unwrap().newer = Some(key.clone());
            } else {
                self.oldest = Some(key.clone());
            }
            let slot = self.slots.get_mut(key).unwrap();
            (slot.newer, slot.older) = (None, before);
        }

        fn get(&mut self, key: &K) -> Option<&V> {
            if !self.slots.contains_key(key) {
                return None;
            }
            self.unlink(key);
            self.link_as_newest(key);
            self.slots.get(key).map(|slot| &slot.value)
        }

        fn put(&mut self, key: K, value: V) -> Option<(K, V)> {
            let mut out = None;
            if let Entry::Occupied(mut entry) = self.slots.entry(key.clone()) {
                entry.get_mut().value = value;
                self.unlink(&key);
            } else {
                if self.slots.len() == self.room {
                    let oldest = self.oldest.clone().unwrap();
                    self.unlink(&oldest);
                    out = self.slots.remove_entry(&oldest).map(|(key, slot)| (key, slot.value));
                }
                self.slots.insert(key.clone(), Slot { value, newer: None, older: None });
            }
            self.link_as_newest(&key);
            out
        }
    }

    #[test]
    fn a_cache_of_recent_entries() {
        let mut cache = Lru::new(3);
        for n in 0..3 {
            assert!(cache.put(n, n * n).is_none());
        }
        assert_eq!(cache.get(&0), Some(&0));
        assert_eq!(cache.put(3, 9), Some((1, 1)));
        assert_eq!(cache.put(2, 5), None);
        assert_eq!(cache.put(4, 16), Some((0, 0)));
        assert_eq!(cache.get(&2), Some(&5));
        assert_eq!(cache.get(&1), None);
        // Against a queue that is searched.
        let mut cache = Lru::new(20);
        let mut queue: VecDeque<u32> = VecDeque::new();
        let mut dice = 1_u32;
        for _ in 0..5_000 {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = (dice >> 16) % 40;
            let there = queue.iter().position(|&known| known == key);
            assert_eq!(cache.get(&key).copied(), there.map(|_| key));
            let out = cache.put(key, key);
            match there {
                Some(at) => drop(queue.remove(at)),
                None if queue.len() == 20 => assert_eq!(out, queue.pop_front().map(|key| (key, key))),
                None => assert_eq!(out, None),
            }
            queue.push_back(key);
        }
    }

    /// Each left has one right, and each right one left.
    #[derive(Debug, Clone, PartialEq)]
    struct BiMap<L: Eq + Hash, R: Eq + Hash> {
        to_right: HashMap<L, R>,
        to_left: HashMap<R, L>,
    }

    impl<L: Eq + Hash, R: Eq + Hash> Default for BiMap<L, R> {
        fn default() -> Self {
            Self { to_right: HashMap::default(), to_left: HashMap::default() }
        }
    }

    impl<L: Eq + Hash + Clone, R: Eq + Hash + Clone> BiMap<L, R> {
        fn insert(&mut self, left: L, right: R) {
            if let Some(old) = self.to_right.insert(left.clone(), right.clone()) {
                self.to_left.remove(&old);
            }
            if let Some(old) = self.to_left.insert(right, left.clone()) {
                if old != left {
                    self.to_right.remove(&old);
                }
            }
        }
    }

    impl<L: Eq + Hash + Clone, R: Eq + Hash + Clone> FromIterator<(L, R)> for BiMap<L, R> {
        fn from_iter<I: IntoIterator<Item = (L, R)>>(pairs: I) -> Self {
            let mut map = Self::default();
            pairs.into_iter().for_each(|(left, right)| map.insert(left, right));
            map
        }
    }

    #[test]
    fn a_bidirectional_map() {
        let mut map: BiMap<&str, u32> = [("a", 1), ("b", 2), ("c", 1)].into_iter().collect();
        assert_eq!(map.to_right.get("a"), None);
        assert_eq!(map.to_left[&1], "c");
        map.insert("c", 2);
        assert_eq!((map.to_right.len(), map.to_left.len()), (1, 1));
        let copy = map.clone();
        assert_eq!(copy, map);
        assert_eq!(format!("{copy:?}"), r#"BiMap { to_right: {"c": 2}, to_left: {2: "c"} }"#);
    }

    /// Several values to a key.
    #[derive(Clone, Debug, PartialEq, Default)]
    struct Multimap<K: Eq + Hash, V> {
        lists: HashMap<K, Vec<V>>,
        len: usize,
    }

    impl<K: Eq + Hash, V: PartialEq> Multimap<K, V> {
        fn add(&mut self, key: K, value: V) {
            self.lists.entry(key).or_default().push(value);
            self.len += 1;
        }

        fn take(&mut self, key: K, value: &V) -> Option<V> {
            let Entry::Occupied(mut entry) = self.lists.entry(key) else { return None };
            let at = entry.get().iter().position(|known| known == value)?;
            let taken = entry.get_mut().swap_remove(at);
            if entry.get().is_empty() {
                entry.remove();
            }
            self.len -= 1;
            Some(taken)
        }

        fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
            self.lists.iter().flat_map(|(key, list)| list.iter().map(move |value| (key, value)))
        }
    }

    #[test]
    fn a_multimap() {
        let mut map = Multimap::default();
        for n in 0..30_u32 {
            map.add(n % 7, n);
        }
        let copy = map.clone();
        assert_eq!(map.take(3, &10), Some(10));
        assert_eq!(map.take(3, &10), None);
        assert_ne!(map, copy);
        assert_eq!((map.iter().count(), map.len), (29, 29));
        for n in [3, 17, 24] {
            map.take(3, &n);
        }
        assert!(!map.lists.contains_key(&3));
        assert_eq!(std::mem::take(&mut map).len, 26);
        assert_eq!(map.lists.len(), 0);
    }

    /// Counts, and says what is most.
    struct Counter<T, S> {
        counts: HashMap<T, usize, S>,
    }

    impl<T: Eq + Hash + Ord + Clone, S: BuildHasher + Default> Counter<T, S> {
        fn most_common(&self, n: usize) -> Vec<(T, usize)> {
            let mut all: Vec<_> = self.counts.iter().map(|(what, n)| (what.clone(), *n)).collect();
            all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            all.truncate(n);
            all
        }
    }

    impl<T: Eq + Hash, S: BuildHasher + Default> Extend<T> for Counter<T, S> {
        fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
            for item in items {
                self.counts.entry(item).and_modify(|n| *n += 1).or_insert(1);
            }
        }
    }

    impl<T: Eq + Hash, S: BuildHasher + Default> FromIterator<T> for Counter<T, S> {
        fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
            let mut counter = Self { counts: HashMap::with_hasher(S::default()) };
            counter.extend(items);
            counter
        }
    }

    impl<'a, T, S> IntoIterator for &'a Counter<T, S> {
        type Item = (&'a T, &'a usize);
        type IntoIter = hash_map::Iter<'a, T, usize>;

        fn into_iter(self) -> Self::IntoIter {
            self.counts.iter()
        }
    }

    #[test]
    fn a_counter() {
        let text = "the quick brown fox jumps over the lazy dog the end";
        let counter: Counter<&str, BuildHasherDefault<DefaultHasher>> = text.split(' ').collect();
        assert_eq!(counter.most_common(2), [("the", 3), ("brown", 1)]);
        assert_eq!((&counter).into_iter().map(|(_, n)| n).max(), Some(&3));
        let mut letters: Counter<char, std::hash::RandomState> = Counter::from_iter(text.chars());
        letters.extend("zzz".chars());
        assert_eq!(letters.counts[&'z'], 4);
        assert_eq!(letters.counts.values().sum::<usize>(), text.len() + 3);
    }

    /// Strings by number and back; a name is owned once it is new.
    #[derive(Default)]
    struct Interner {
        numbers: HashMap<String, usize>,
        names: Vec<String>,
    }

    impl Interner {
        fn number(&mut self, name: &str) -> usize {
            match self.numbers.entry_ref(name) {
                EntryRef::Occupied(entry) => *entry.get(),
                EntryRef::Vacant(entry) => {
                    self.names.push(name.to_owned());
                    *entry.insert(self.names.len() - 1)
                }
            }
        }
    }

    #[test]
    fn an_interner() {
        let mut names = Interner::default();
        let numbers: Vec<usize> = "a b a c b".split(' ').map(|name| names.number(name)).collect();
        assert_eq!(numbers, [0, 1, 0, 2, 1]);
        assert_eq!(names.names[2], "c");
        assert_eq!(names.numbers.get("c"), Some(&2));
    }

    /// Reachable nodes by waves.
    fn reachable(edges: &HashMap<u32, Vec<u32>>, start: u32) -> HashSet<u32> {
        let mut seen = HashSet::new();
        let mut wave: HashSet<u32> = [start].into_iter().collect();
        while !wave.is_empty() {
            seen.extend(&wave);
            wave = wave
                .drain()
                .flat_map(|node| edges.get(&node).into_iter().flatten().copied())
                .filter(|node| !seen.contains(node))
                .collect();
        }
        seen
    }

    #[test]
    fn a_graph() {
        let mut edges: HashMap<u32, Vec<u32>> = HashMap::new();
        for n in 1..100 {
            edges.entry(n / 3).or_default().push(n);
        }
        assert_eq!(reachable(&edges, 0).len(), 100);
        let under_two: HashSet<u32> = reachable(&edges, 2);
        let under_one: HashSet<u32> = reachable(&edges, 1);
        assert!(under_two.is_disjoint(&under_one));
        let all: HashSet<u32> = &(&under_one | &under_two) | &HashSet::from([0]);
        assert_eq!(all.len(), 100);
        let odd: HashSet<u32> = all.iter().copied().filter(|n| n % 2 == 1).collect();
        assert_eq!(all.difference(&odd).count(), 50);
        let mut rest = all.clone();
        rest.retain(|n| !odd.contains(n));
        assert_eq!(rest, &all - &odd);
    }

    static NAMES: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);
    static SQUARES: OnceLock<HashMap<u32, u32>> = OnceLock::new();
    static SEEN: LazyLock<RwLock<HashSet<u32>>> = LazyLock::new(Default::default);

    #[test]
    fn maps_in_statics() {
        NAMES.lock().unwrap().insert("a".into(), 1);
        let squares = SQUARES.get_or_init(|| (0..9).map(|n| (n, n * n)).collect());
        assert_eq!(squares[&3], 9);
        let threads: Vec<_> = (0..4)
            .map(|n| {
                std::thread::spawn(move || {
                    *NAMES.lock().unwrap().entry("a".into()).or_insert(0) += n;
                    SEEN.write().unwrap().insert(n);
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((NAMES.lock().unwrap()["a"], SEEN.read().unwrap().len()), (7, 4));
    }

    type Plain = BuildHasherDefault<DefaultHasher>;
    static SIZES: Mutex<HashMap<&'static str, usize, Plain>> = Mutex::new(HashMap::with_hasher(Plain::new()));
    static KNOWN: Mutex<HashSet<&'static str, Plain>> = Mutex::new(HashSet::with_hasher(Plain::new()));

    #[test]
    fn maps_in_constant_statics() {
        for word in ["one", "three", "one"] {
            *SIZES.lock().unwrap().entry(word).or_default() += word.len();
            KNOWN.lock().unwrap().insert(word);
        }
        assert_eq!((SIZES.lock().unwrap()["one"], KNOWN.lock().unwrap().len()), (6, 2));
    }

    #[test]
    fn refusals_are_told_by_kind() {
        fn told(refused: Result<(), TryReserveError>) -> (&'static str, usize) {
            match refused {
                Ok(()) => ("there is room", 0),
                Err(TryReserveError::CapacityOverflow) => ("no address space", 0),
                Err(TryReserveError::AllocError { layout }) => ("no memory", layout.size()),
                #[allow(unreachable_patterns, reason = "not of every crate")]
                Err(other) => unreachable!("{other:?}"),
            }
        }
        let mut map: HashMap<u64, [u8; 56]> = HashMap::new();
        let mut set: HashSet<u64> = HashSet::new();
        assert_eq!(told(map.try_reserve(3)).0, "there is room");
        assert_eq!(told(map.try_reserve(usize::MAX)).0, "no address space");
        assert_eq!(told(set.try_reserve(usize::MAX / 2)).0, "no address space");
        let (kind, bytes) = told(map.try_reserve(1 << 50));
        assert!(kind == "no memory" && bytes > 64 << 50, "{kind}: {bytes}");
        let error = set.try_reserve(1 << 54).unwrap_err();
        assert_eq!(told(Err(error)).0, "no memory");
    }

    /// What a panic says.
    fn panic_of(call: impl FnOnce()) -> String {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => (*panic.downcast::<&str>().unwrap()).to_owned(),
        }
    }

    #[test]
    fn panics_say_the_same() {
        let mut map: HashMap<i32, i32> = HashMap::from([(1, 2)]);
        let mut set: HashSet<i32> = HashSet::from([1]);
        assert_eq!(panic_of(|| map.reserve(usize::MAX)), "Hash table capacity overflow");
        assert_eq!(panic_of(|| set.reserve(usize::MAX)), "Hash table capacity overflow");
        assert_eq!(panic_of(|| drop(HashMap::<u8, u8>::with_capacity(usize::MAX))), "Hash table capacity overflow");
        assert_eq!(panic_of(|| _ = map[&7]), "no entry found for key");
        assert_eq!(panic_of(|| _ = map.get_disjoint_mut([&1, &1])), "duplicate keys found");
        assert_eq!(
            panic_of(|| _ = set.get_or_insert_with(&5, |_| 6)),
            "key used for Entry creation is not equivalent to the one used for insertion"
        );
        assert_eq!((map, set), (HashMap::from([(1, 2)]), HashSet::from([1])));
    }

    /// A tree whose nodes are maps.
    #[derive(Default, Debug, Clone, PartialEq)]
    struct Trie {
        next: HashMap<char, Trie>,
        ends: bool,
    }

    impl Trie {
        fn add(&mut self, word: &str) {
            let mut at = self;
            for letter in word.chars() {
                at = at.next.entry(letter).or_default();
            }
            at.ends = true;
        }

        fn count(&self) -> usize {
            usize::from(self.ends) + self.next.values().map(Trie::count).sum::<usize>()
        }
    }

    #[test]
    fn a_tree_of_maps() {
        let mut words = Trie::default();
        for word in ["a", "ab", "abc", "b", "ab"] {
            words.add(word);
        }
        assert_eq!(words.count(), 4);
        assert_eq!(words.clone(), words);
    }

    /// Functions over any map of any hasher.
    trait Tally<K> {
        fn hit(&mut self, key: K);
    }

    impl<K: Eq + Hash, S: BuildHasher> Tally<K> for HashMap<K, usize, S> {
        fn hit(&mut self, key: K) {
            *self.entry(key).or_default() += 1;
        }
    }

    impl<K: Eq + Hash, S: BuildHasher> Tally<K> for HashSet<K, S> {
        fn hit(&mut self, key: K) {
            self.insert(key);
        }
    }

    fn keys_by_value<'a, I>(pairs: I) -> Vec<u32>
    where
        I: IntoIterator<Item = (&'a u32, &'a u32)>,
        I::IntoIter: ExactSizeIterator + Clone,
    {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by_key(|(_, value)| **value);
        pairs.into_iter().map(|(key, _)| *key).collect()
    }

    #[test]
    fn generic_code_takes_them() {
        let (mut map, mut set) = (HashMap::new(), HashSet::new());
        fn twice(tally: &mut impl Tally<u32>) {
            tally.hit(1);
            tally.hit(1);
        }
        twice(&mut map);
        twice(&mut set);
        assert_eq!((map[&1], set.len()), (2, 1));
        let map: HashMap<u32, u32> = HashMap::from([(1, 9), (2, 4)]);
        assert_eq!(keys_by_value(&map), [2, 1]);
        let collected: Result<HashMap<u32, u32>, String> = [Ok((1, 2)), Err("no".to_owned())].into_iter().collect();
        assert_eq!(collected.map(|map| map.len()), Err("no".to_owned()));
        let (small, large): (HashSet<u32>, HashSet<u32>) = (0..10).partition(|n| *n < 3);
        assert_eq!((small.len(), large.len()), (3, 7));
    }

    /// Iterators stand for ones of shorter borrows.
    fn shorter<'a, 'short>(
        keys: hash_map::Keys<'a, &'static str, &'static str>,
        values: hash_map::Values<'a, &'static str, &'static str>,
        entries: hash_map::Iter<'a, &'static str, &'static str>,
        owned: hash_map::IntoIter<&'static str, &'static str>,
        map: HashMap<&'static str, &'static str>,
        own: &'short str,
    ) -> Vec<&'short str>
    where
        'a: 'short,
    {
        let keys: hash_map::Keys<'short, &'short str, &'short str> = keys;
        let values: hash_map::Values<'short, &'short str, &'short str> = values;
        let entries: hash_map::Iter<'short, &'short str, &'short str> = entries;
        let owned: hash_map::IntoIter<&'short str, &'short str> = owned;
        let mut map: HashMap<&'short str, &'short str> = map;
        map.insert(own, own);
        let of_entries = entries.map(|(key, _)| *key);
        let of_owned = owned.map(|(key, _)| key);
        keys.chain(values).copied().chain(of_entries).chain(of_owned).chain(map.into_keys()).collect()
    }

    #[test]
    fn iterators_are_covariant() {
        let map: HashMap<&'static str, &'static str> = HashMap::from([("key", "value")]);
        let own = String::from("own");
        let mut all = shorter(map.keys(), map.values(), map.iter(), map.clone().into_iter(), map.clone(), &own);
        all.sort_unstable();
        assert_eq!(all, ["key", "key", "key", "key", "own", "value"]);
    }

    /// So do those that take entries out.
    fn shorter_drains<'a, 'short>(
        map: hash_map::Drain<'a, &'static str, &'static str>,
        set: hash_set::Drain<'a, &'static str>,
        own: &'short str,
    ) -> Vec<&'short str>
    where
        'a: 'short,
    {
        let map: hash_map::Drain<'short, &'short str, &'short str> = map;
        let set: hash_set::Drain<'short, &'short str> = set;
        map.map(|(key, _)| key).chain(set).chain([own]).collect()
    }

    #[test]
    fn drains_are_covariant() {
        let mut map: HashMap<&'static str, &'static str> = HashMap::from([("key", "value")]);
        let mut set: HashSet<&'static str> = HashSet::from(["element"]);
        let own = String::from("own");
        assert_eq!(shorter_drains(map.drain(), set.drain(), &own), ["key", "element", "own"]);
        assert!(map.is_empty() && set.is_empty());
    }

    /// Where `unused_must_use` is an error, as under `-D warnings`.
    #[test]
    #[deny(unused_must_use)]
    fn calls_for_their_effect_need_no_let() {
        let mut map: HashMap<String, u32> = HashMap::new();
        map.insert("a".into(), 1);
        map.entry("a".into()).and_modify(|value| *value += 1);
        map.entry_ref("a").and_modify(|value| *value += 1);
        assert_eq!(map["a"], 3);
        map.entry("a".into()).and_replace_entry_with(|_, value| Some(value * 2));
        map.entry("a".into()).insert(7);
        map.entry("b".into()).or_insert(1);
        map.entry("b".into()).or_default();
        map.entry_ref("c").or_insert_with(|| 3);
        map.remove("b");
        map.remove_entry("c");
        map.get_mut("a");
        map.drain();
        let mut set: HashSet<u32> = HashSet::new();
        set.insert(1);
        set.replace(1);
        set.get_or_insert_with(&2, |&element| element);
        set.entry(3).insert();
        set.take(&1);
        set.remove(&2);
        assert_eq!((map.len(), set.len()), (0, 1));
    }

    #[test]
    fn lookups_by_whatever_is_borrowed() {
        let map: HashMap<String, u32> = HashMap::from([("a".to_owned(), 1)]);
        let owned = "a".to_owned();
        assert_eq!((map.get(&owned), map.get("a"), map.get::<str>(&owned)), (Some(&1), Some(&1), Some(&1)));
        assert_eq!(map[&owned], map["a"]);
        let bytes: HashMap<Vec<u8>, u32> = HashMap::new();
        assert_eq!(bytes.get(&b"x"[..]), None);
        let boxed: HashSet<Box<str>> = ["x".into()].into_iter().collect();
        assert!(boxed.contains("x"));
    }

    #[test]
    fn what_leaves_and_what_stays() {
        let mut map: HashMap<u32, String> = (0..20).map(|n| (n, n.to_string())).collect();
        let even: HashMap<u32, String> = map.extract_if(|n, _| n % 2 == 0).collect();
        assert_eq!((even.len(), map.len()), (10, 10));
        map.retain(|n, text| {
            text.push('!');
            *n > 10
        });
        assert_eq!(map[&13], "13!");
        let mut drained: Vec<_> = map.drain().collect();
        drained.sort();
        assert_eq!(drained[0], (11, "11!".to_owned()));
        map.extend(even);
        assert_eq!(map.into_values().map(|text| text.len()).sum::<usize>(), 15);
    }

    #[test]
    fn the_other_operand_is_inferred() {
        let map: HashMap<u32, u32> = HashMap::from([(1, 2)]);
        assert_eq!(map, [(1, 2)].into_iter().collect());
        assert_ne!(map, Default::default());
        let set: HashSet<u32> = HashSet::from([1, 2]);
        assert_eq!(set, [2, 1].into_iter().collect());
        assert_eq!(set.intersection(&[2, 3].into_iter().collect()).count(), 1);
        assert!(set.is_subset(&(0..9).collect()) && !set.is_disjoint(&(0..9).collect()));
        assert_eq!((&set | &[3].into_iter().collect()).len(), 3);
        let mut late = HashMap::new();
        late.entry("key").or_insert_with(Vec::new).push(1);
        assert_eq!(late["key"], [1]);
    }

    #[test]
    fn type_parameters_can_be_named() {
        let mut map: HashMap<u32, u32> = (0..4).map(|n| (n, n)).collect();
        map.retain::<fn(&u32, &mut u32) -> bool>(|key, _| key % 2 == 1);
        map.entry(5).or_insert_with::<fn() -> u32>(|| 6);
        map.entry(5).and_modify::<fn(&mut u32)>(|value| *value += 1).or_insert(0);
        let _ = map.entry(3).and_replace_entry_with::<fn(&u32, u32) -> Option<u32>>(|_, _| None);
        assert_eq!(map, HashMap::from([(1, 1), (5, 7)]));
        let mut set: HashSet<String> = HashSet::new();
        assert_eq!(set.get_or_insert_with::<str, fn(&str) -> String>("a", str::to_owned), "a");
    }

    /// Derived bounds are those that the fields have with hashbrown's types.
    #[derive(Clone, Debug, Default)]
    struct Bag<T, S> {
        counts: HashMap<T, usize, S>,
    }

    #[test]
    fn clone_and_default_need_no_hash() {
        #[derive(Clone, Default)]
        struct Unhashed(f32);
        fn copy<T: Clone, S: Clone>(bag: &Bag<T, S>) -> Bag<T, S> {
            bag.clone()
        }
        let bag: Bag<Unhashed, DefaultHashBuilder> = Bag::default();
        assert!(copy(&bag).counts.keys().map(|key| key.0).next().is_none());
        let set: HashSet<Unhashed> = HashSet::default();
        assert!(set.clone().is_empty());
    }

    fn count<'a, K: Hash, S: BuildHasher>(entry: Entry<'a, K, u32, S>) -> &'a mut u32 {
        let count = entry.or_default();
        *count += 1;
        count
    }

    #[test]
    fn entries_need_no_eq() {
        let mut map: HashMap<&str, u32> = HashMap::new();
        count(map.entry("a"));
        assert_eq!(*count(map.entry("a")), 2);
    }

    /// The operations on sets, held in a struct.
    struct Compared<'a> {
        both: hash_set::Intersection<'a, u32, DefaultHashBuilder>,
        either: hash_set::Union<'a, u32, DefaultHashBuilder>,
        all: hash_set::Iter<'a, u32>,
    }

    #[test]
    fn sets_have_entries_and_operators() {
        let mut set = HashSet::with_capacity_and_hasher(3, DefaultHashBuilder::default());
        set.entry(1).or_insert();
        if let hash_set::Entry::Vacant(entry) = set.entry(2) {
            entry.insert();
        }
        if let hash_set::Entry::Occupied(entry) = set.entry(1) {
            assert_eq!(entry.remove(), 1);
        }
        let other: HashSet<u32> = HashSet::from([2, 3]);
        let compared = Compared { both: set.intersection(&other), either: set.union(&other), all: set.iter() };
        assert_eq!((compared.both.count(), compared.either.count(), compared.all.len()), (1, 2, 1));
        set |= &other;
        set ^= &HashSet::from([9]);
        set -= &HashSet::from([2]);
        assert_eq!(set, HashSet::from([3, 9]));
        set &= &other;
        assert_eq!(set, HashSet::from([3]));
    }

    #[test]
    fn iterators_show_what_is_left() {
        let mut map: HashMap<i32, i32> = HashMap::from([(1, 2)]);
        assert_eq!(format!("{:?} {:?} {:?}", map.iter(), map.keys(), map.values()), "[(1, 2)] [1] [2]");
        assert_eq!(format!("{:?} {:?}", map.clone().into_iter(), map.drain()), "[(1, 2)] [(1, 2)]");
        let set: HashSet<i32> = HashSet::from([1]);
        assert_eq!(format!("{:?} {:?}", set.iter(), set.difference(&HashSet::new())), "[1] [1]");
        assert_eq!(hash_map::IntoKeys::<u32, u32>::default().count() + hash_set::IntoIter::<u32>::default().count(), 0);
    }

    #[test]
    fn panics_are_caught_over_a_map() {
        fn safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
        safe::<HashMap<String, Vec<u8>>>();
        safe::<HashSet<String>>();
        safe::<hash_map::Iter<'static, u32, u32>>();
        safe::<hash_map::IntoIter<u32, u32>>();
        let map: HashMap<i32, i32> = HashMap::from([(1, 2)]);
        assert_eq!(std::panic::catch_unwind(|| map.len()).unwrap(), 1);
    }
}
