//! `BoundedMap` and `BoundedStrMap` against plain lists: what is in them, what leaves and why, deadlines, weights, steps and bytes, in
//! random programs over clocks that stand still, jump and go back.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::too_many_lines,
    reason = "small numbers, and one long list of calls"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arenamap::bounded::{Bounds, Displaced, Entry, Lifetime, Reason, Terms, copied};
use arenamap::{Arena, BoundedMap, BoundedStrMap, DefaultHashBuilder, Handle};
use proptest::prelude::*;

thread_local! {
    /// Serial numbers of the values that live.
    static LIVE: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
}

/// A value with a serial number, which is alive once.
#[derive(Debug, PartialEq)]
struct Tracked(u64);

impl Tracked {
    fn new(serial: u64) -> Self {
        assert!(LIVE.with_borrow_mut(|live| live.insert(serial)));
        Self(serial)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        assert!(
            LIVE.with_borrow_mut(|live| live.remove(&self.0)),
            "{} was dropped twice",
            self.0
        );
    }
}

fn is_live(serial: u64) -> bool {
    LIVE.with_borrow(|live| live.contains(&serial))
}

/// One call.
#[derive(Clone, Debug)]
enum Call {
    Get(u8),
    Peek(u8),
    Insert(u8, Option<u64>),
    Entry(u8),
    EntryInsert(u8),
    EntryRemove(u8),
    EntryFill(u8, Option<u64>),
    Remove(u8),
    Extend(u8),
    SetClock(u64),
    Live(u8, Option<u64>),
    Expire(usize),
    Evict,
    /// Into a map with room for all, and back.
    Append,
    Retain(u8),
    Iterate,
    Clear,
    /// All or some of the entries are asked for; the drain is dropped, or forgotten.
    Drain(usize, bool),
    /// The clock goes on.
    Wait(u64),
    /// It shows another time for one call.
    Wrong(u64),
    Lifetime(Lifetime),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let ticks = prop_oneof![Just(0), 1_u64..5, 5_u64..60, Just(5_000), Just(u64::MAX)];
    let lifetime = prop_oneof![
        Just(Lifetime::Unlimited),
        (0_u64..40).prop_map(Lifetime::SinceWrite),
        (1_u64..40).prop_map(Lifetime::SinceUse),
        Just(Lifetime::SinceUse(u64::MAX)),
    ];
    let call = prop_oneof![
        6 => any::<u8>().prop_map(Call::Get),
        2 => any::<u8>().prop_map(Call::Peek),
        12 => (any::<u8>(), proptest::option::of(ticks.clone())).prop_map(|(key, ticks)| Call::Insert(key, ticks)),
        4 => any::<u8>().prop_map(Call::Entry),
        2 => any::<u8>().prop_map(Call::EntryInsert),
        1 => any::<u8>().prop_map(Call::EntryRemove),
        2 => (any::<u8>(), proptest::option::of(ticks.clone())).prop_map(|(key, ticks)| Call::EntryFill(key, ticks)),
        3 => any::<u8>().prop_map(Call::Remove),
        1 => any::<u8>().prop_map(Call::Extend),
        1 => prop_oneof![0_u64..5_000, Just(1 << 60)].prop_map(Call::SetClock),
        2 => (any::<u8>(), proptest::option::of(ticks)).prop_map(|(key, ticks)| Call::Live(key, ticks)),
        1 => (0_usize..9).prop_map(Call::Expire),
        1 => Just(Call::Evict),
        1 => Just(Call::Append),
        1 => any::<u8>().prop_map(Call::Retain),
        1 => Just(Call::Iterate),
        3 => (0_u64..12).prop_map(Call::Wait),
        1 => (0_u64..500).prop_map(Call::Wrong),
        1 => lifetime.prop_map(Call::Lifetime),
    ];
    prop::collection::vec(
        prop_oneof![
            300 => call,
            1 => Just(Call::Clear),
            1 => (0_usize..300, any::<bool>()).prop_map(|(asked, forgotten)| Call::Drain(asked, forgotten)),
            1 => Just(Call::Wait(40_000_000_000)),
        ],
        1..400,
    )
}

/// What the model knows of an entry: its serial number, its deadline, and whether that moves with each use.
#[derive(Clone, Copy, Debug)]
struct Known {
    serial: u64,
    deadline: Option<u64>,
    idle: bool,
}

struct Model {
    entries: BTreeMap<u8, Known>,
    lifetime: Lifetime,
    serial: u64,
}

impl Model {
    fn known(&mut self, ticks: Option<u64>, now: u64) -> Known {
        let (ticks, idle) = match (ticks, self.lifetime) {
            (Some(ticks), _) | (None, Lifetime::SinceWrite(ticks)) => (Some(ticks), false),
            (None, Lifetime::SinceUse(ticks)) => (Some(ticks), true),
            (None, Lifetime::Unlimited) => (None, false),
        };
        self.serial += 1;
        Known {
            serial: self.serial,
            deadline: ticks.map(|ticks| now.saturating_add(ticks)),
            idle,
        }
    }

    fn live(&self, key: u8, now: u64) -> Option<Known> {
        let known = self.entries.get(&key)?;
        known.deadline.is_none_or(|deadline| now < deadline).then_some(*known)
    }

    /// A lookup: the serial number, if it is there in time.
    fn hit(&mut self, key: u8, now: u64) -> Option<u64> {
        let known = self.live(key, now)?;
        if let (true, Lifetime::SinceUse(ticks)) = (known.idle, self.lifetime) {
            self.entries.get_mut(&key).unwrap().deadline = Some(now.saturating_add(ticks));
        }
        Some(known.serial)
    }

    /// Values that died without being handed out were in the map, and their time was over.
    fn bury(&mut self, now: u64) {
        self.entries.retain(|key, known| {
            let lives = is_live(known.serial);
            let over = known.deadline.is_some_and(|deadline| deadline <= now);
            assert!(lives || over, "{key} died before its time: {known:?} at {now}");
            lives
        });
    }
}

/// An entry was handed out: it was in the model, and there was a reason.
fn left(model: &mut Model, out: &Displaced<u8, Tracked>, key: u8, now: u64, full: bool) {
    let known = model.entries.remove(&out.key).unwrap();
    assert_eq!(known.serial, out.value.0);
    match out.reason {
        Reason::Replaced => assert_eq!(out.key, key),
        Reason::Expired => assert!(known.deadline.unwrap() <= now),
        Reason::Evicted => {
            assert!(full, "evicted from a map that was not full");
            assert!(
                known.deadline.is_none_or(|deadline| deadline > now),
                "its time was over"
            );
        }
        other => panic!("{other:?}"),
    }
}

/// Whether the map is told the time.
fn started_by(call: &Call, capacity: usize) -> bool {
    match call {
        Call::Entry(_) | Call::EntryFill(..) => capacity > 0,
        Call::Peek(_)
        | Call::Iterate
        | Call::Clear
        | Call::Wait(_)
        | Call::Wrong(_)
        | Call::Lifetime(_)
        | Call::Extend(_) => false,
        _ => true,
    }
}

fn run<H: Handle>(mut map: BoundedMap<u8, Tracked, DefaultHashBuilder, H>, calls: Vec<Call>) {
    let capacity = map.capacity();
    let mut model = Model {
        entries: BTreeMap::new(),
        lifetime: Lifetime::Unlimited,
        serial: 0,
    };
    let mut now = 1_000;
    let mut started = false;
    let mut told = 0;
    for call in calls {
        let tells = started_by(&call, capacity);
        match call {
            Call::Wait(ticks) => now += ticks,
            Call::Lifetime(lifetime) => {
                map.set_lifetime(lifetime);
                model.lifetime = lifetime;
            }
            Call::Get(key) => {
                assert_eq!(map.get(&key, now).map(|value| value.0), model.hit(key, now));
            }
            Call::Peek(key) if started => {
                let known = model.live(key, now);
                assert_eq!(
                    map.peek(&key, now).map(|value| value.0),
                    known.map(|known| known.serial)
                );
                assert_eq!(map.contains_key(&key, now), known.is_some());
                if known.is_some_and(|known| known.deadline.is_none_or(|deadline| deadline < 1 << 47)) {
                    assert_eq!(map.deadline(&key), known.unwrap().deadline);
                }
            }
            Call::Insert(key, ticks) => {
                let full = map.len() == capacity;
                let known = model.known(ticks, now);
                let terms = ticks.map_or(Terms::new(), |ticks| Terms::new().time_to_live(ticks));
                let mut refused = false;
                map.insert_with(key, Tracked::new(known.serial), terms, now, |out| {
                    if out.reason == Reason::Refused {
                        assert_eq!((out.key, out.value.0, capacity), (key, known.serial, 0));
                        refused = true;
                    } else {
                        left(&mut model, &out, key, now, full);
                    }
                });
                if !refused {
                    model.entries.insert(key, known);
                }
            }
            Call::Entry(key) if capacity > 0 => {
                let hit = model.hit(key, now);
                let known = model.known(None, now);
                let got = map.get_or_insert_with(key, now, || Tracked::new(known.serial)).0;
                if let Some(serial) = hit {
                    assert_eq!(got, serial);
                } else {
                    // What went for it was dropped: expired, or one that made room.
                    model.entries.remove(&key);
                    let gone: Vec<u8> = model
                        .entries
                        .iter()
                        .filter(|(_, known)| !is_live(known.serial))
                        .map(|(&key, _)| key)
                        .collect();
                    let evicted = gone.iter().filter(|key| model.live(**key, now).is_some()).count();
                    assert!(evicted == 0 || evicted == 1 && map.len() == capacity);
                    model.entries.retain(|_, known| is_live(known.serial));
                    model.entries.insert(key, known);
                }
            }
            Call::EntryInsert(key) => {
                let hit = model.hit(key, now);
                if let Entry::Occupied(mut entry) = map.entry(key, now) {
                    let known = model.known(None, now);
                    assert_eq!(Some(entry.insert(Tracked::new(known.serial)).0), hit);
                    model.entries.insert(key, known);
                } else {
                    assert_eq!(hit, None);
                }
            }
            Call::EntryRemove(key) => {
                let hit = model.hit(key, now);
                if let Entry::Occupied(entry) = map.entry(key, now) {
                    assert_eq!(Some(entry.remove().0), hit);
                    model.entries.remove(&key);
                }
            }
            Call::EntryFill(key, ticks) if capacity > 0 => {
                let full = map.len() == capacity;
                let hit = model.hit(key, now);
                match map.entry(key, now) {
                    Entry::Occupied(entry) => assert_eq!(Some(entry.get().0), hit),
                    Entry::Vacant(entry) => {
                        assert_eq!(hit, None);
                        let known = model.known(ticks, now);
                        let terms = ticks.map_or(Terms::new(), |ticks| Terms::new().time_to_live(ticks));
                        let value = Tracked::new(known.serial);
                        let value = entry.insert_with(value, terms, |out| left(&mut model, &out, key, now, full));
                        assert_eq!(value.0, known.serial);
                        assert_eq!(model.entries.insert(key, known).map(|known| known.serial), None);
                    }
                }
            }
            Call::Remove(key) => {
                let known = model.live(key, now);
                let expired = map.stats().expired;
                let mut gone = 0;
                let removed = map.remove_with(&key, now, |out| {
                    assert_eq!(out.reason, Reason::Expired);
                    left(&mut model, &out, key, now, false);
                    gone += 1;
                });
                assert_eq!(
                    removed.map(|(key, value)| (key, value.0)),
                    known.map(|known| (key, known.serial))
                );
                assert_eq!(map.stats().expired, expired + gone);
                assert!(gone <= 5, "the key's, and four others");
                model.entries.remove(&key);
            }
            // At the latest time that the map was told: from its first on, the model can say which that is.
            Call::Extend(key) if started && capacity > 0 => {
                let known = model.known(None, told);
                let (full, was_there) = (map.len() == capacity, model.entries.contains_key(&key));
                map.extend([(key, Tracked::new(known.serial))]);
                model.entries.remove(&key);
                let gone = |known: &Known| !is_live(known.serial);
                let evicted = model
                    .entries
                    .values()
                    .filter(|known| gone(known) && known.deadline.is_none_or(|deadline| told < deadline));
                assert!(evicted.count() <= usize::from(full && !was_there));
                model.entries.retain(|_, known| is_live(known.serial));
                model.entries.insert(key, known);
            }
            // What has ticks left keeps them.
            Call::SetClock(time) => {
                for known in model.entries.values_mut() {
                    known.deadline = known
                        .deadline
                        .map(|deadline| time.saturating_add(deadline.saturating_sub(told)));
                }
                map.set_clock(time);
                assert_eq!(map.clock(), Some(time));
                now = time;
            }
            Call::Live(key, ticks) => {
                let known = model.live(key, now);
                assert_eq!(map.set_time_to_live(&key, ticks, now), known.is_some());
                if known.is_some() {
                    let known = model.entries.get_mut(&key).unwrap();
                    known.deadline = ticks.map(|ticks| now.saturating_add(ticks));
                    known.idle = false;
                }
            }
            Call::Expire(at_most) => {
                let due = model
                    .entries
                    .keys()
                    .filter(|key| model.live(**key, now).is_none())
                    .count();
                assert_eq!(map.expire(now, at_most), due.min(at_most));
            }
            Call::Evict => {
                let out = map.evict(now);
                assert_eq!(out.is_some(), !model.entries.is_empty());
                if let Some(out) = out {
                    let live = model.live(out.key, now).is_some();
                    assert_eq!(out.reason == Reason::Evicted, live);
                    let known = model.entries.remove(&out.key).unwrap();
                    assert_eq!(known.serial, out.value.0);
                }
            }
            Call::Append => {
                let stats = map.stats();
                let mut other = BoundedMap::new(300);
                other.set_lifetime(model.lifetime);
                other.append(&mut map, now);
                assert!(map.is_empty());
                model.bury(now);
                assert_eq!(other.len(), model.entries.len());
                for (key, known) in &model.entries {
                    assert_eq!(other.peek(key, now).map(|value| value.0), Some(known.serial));
                    if known.deadline.is_none_or(|deadline| deadline < 1 << 47) {
                        assert_eq!(other.deadline(key), known.deadline);
                    }
                }
                map.append(&mut other, now);
                assert!(other.is_empty());
                assert_eq!(map.stats().evicted, stats.evicted);
            }
            Call::Retain(least) => {
                map.retain(now, |key, _| *key >= least);
                model.bury_below(least, now);
            }
            Call::Iterate if started => {
                let mut found: Vec<(u8, u64)> = map.iter(now).map(|(key, value)| (*key, value.0)).collect();
                found.sort_unstable();
                let expected: Vec<(u8, u64)> = (model.entries.keys())
                    .filter_map(|&key| Some((key, model.live(key, now)?.serial)))
                    .collect();
                assert_eq!(found, expected);
                assert!(map.iter(now).map(|(key, _)| key).eq(map.keys(now)));
                assert!(map.iter(now).map(|(_, value)| value).eq(map.values(now)));
                let shared: Vec<_> = map.iter(now).map(|(key, value)| (*key, value.0)).collect();
                // They take no uses: what leaves later would tell. Values that are changed are found changed.
                for (value, expected) in map.values_mut(now).zip(&shared) {
                    assert_eq!(value.0, expected.1);
                }
                // All of them at once are borrowed apart from each other.
                let mut all: Vec<_> = map.iter_mut(now).collect();
                let numbers =
                    |all: &[(&u8, &mut Tracked)]| all.iter().map(|(key, value)| (**key, value.0)).collect::<Vec<_>>();
                assert_eq!(numbers(&all), shared);
                let serials: Vec<_> = all
                    .iter_mut()
                    .map(|(_, value)| std::mem::replace(&mut value.0, u64::MAX))
                    .collect();
                assert!(all.iter().all(|(_, value)| value.0 == u64::MAX));
                for ((_, value), serial) in all.iter_mut().zip(serials) {
                    value.0 = serial;
                }
            }
            Call::Clear => {
                map.clear();
                model.entries.clear();
            }
            Call::Drain(asked, forgotten) => {
                let mut drain = map.drain(now);
                for (key, value) in drain.by_ref().take(asked) {
                    assert_eq!(model.live(key, now).unwrap().serial, value.0);
                    model.entries.remove(&key);
                }
                if forgotten {
                    std::mem::forget(drain);
                    // Entries that it passed by were over.
                    model.entries.retain(|_, known| is_live(known.serial));
                } else {
                    drop(drain);
                    assert!(map.is_empty());
                    model.entries.clear();
                }
            }
            // The latest time that the map was told counts.
            Call::Wrong(back) if started => {
                let before = map.stats().clock_went_back;
                let time = now.saturating_sub(back + 1);
                let key = 200;
                let got = map.get(&key, time).map(|value| value.0);
                assert_eq!(got, model.hit(key, told.max(time)));
                assert_eq!(map.stats().clock_went_back, before + u64::from(time < told));
                told = told.max(time);
            }
            Call::Peek(_) | Call::Entry(_) | Call::EntryFill(..) | Call::Extend(_) | Call::Iterate | Call::Wrong(_) => {
            }
        }
        if tells {
            (started, told) = (true, now);
        }
        model.bury(now);
        assert_eq!(map.len(), model.entries.len());
        assert!(map.len() <= capacity);
        assert!(map.stats().most_steps <= 20, "{}", map.stats());
    }
    drop(map);
    LIVE.with_borrow(|live| assert!(live.is_empty(), "{live:?} were lost"));
}

impl Model {
    fn bury_below(&mut self, least: u8, now: u64) {
        let over: Vec<u8> = self
            .entries
            .keys()
            .copied()
            .filter(|key| *key < least || self.live(*key, now).is_none())
            .collect();
        for key in over {
            let known = self.entries.remove(&key).unwrap();
            assert!(!is_live(known.serial));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").map_or(200, |text| text.parse().unwrap()), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn owned_maps_behave_as_lists(capacity in prop_oneof![0_usize..4, 4_usize..40, Just(300)], calls in calls()) {
        run(BoundedMap::new(capacity), calls);
    }

    #[test]
    fn borrowed_maps_behave_as_lists(capacity in prop_oneof![0_usize..4, 4_usize..40], calls in calls()) {
        let arena = Arena::new();
        run(BoundedMap::new_in(capacity, &arena), calls);
        assert_eq!(arena.used(), 0);
    }
}

/// A generator of numbers that look random.
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

#[test]
fn an_entry_takes_at_most_sixteen_bytes_beside_key_value_and_tag() {
    fn rest<K, V>(entries: usize) -> f64 {
        let bytes = BoundedMap::<K, V>::bytes_for(entries).unwrap();
        bytes as f64 / entries as f64 - (size_of::<(K, V)>() + 1) as f64
    }
    let mut entries = 1_000;
    while entries < 20_000_000 {
        for rest in [
            rest::<u32, u32>(entries),
            rest::<u64, ()>(entries),
            rest::<u64, u64>(entries),
            rest::<u64, [u64; 2]>(entries),
            rest::<[u64; 2], [u64; 2]>(entries),
        ] {
            assert!(
                rest <= 16.0 + 1_500.0 / entries as f64,
                "{rest} bytes, {entries} entries"
            );
        }
        entries = entries * 13 / 10;
    }
    // That is all that a map takes of its arena.
    let arena = Arena::new();
    let map = BoundedMap::<u64, u64, _, _>::new_in(1_000, &arena);
    assert_eq!(
        Some(arena.used()),
        BoundedMap::<u64, u64>::bytes_for(1_000).map(|bytes| bytes.next_multiple_of(8))
    );
    drop(map);
    assert_eq!(arena.used(), 0);
}

/// A hundred thousand entries expire in one tick: no call makes more than 20 steps, none is seen, and all are gone when it was said.
#[test]
fn many_that_expire_at_once_make_no_call_long() {
    const ENTRIES: u64 = 100_000;
    let mut map = BoundedMap::new(ENTRIES as usize);
    for key in 0..ENTRIES {
        map.insert_for(key, key, 1_000 - key / 1_000, key / 1_000);
    }
    assert_eq!(map.len(), ENTRIES as usize);
    let before = map.stats().expired;
    let bound = (ENTRIES + ENTRIES / 8) / 4;
    let mut writes = 0;
    for key in 0..ENTRIES {
        assert_eq!(map.peek(&key, 1_000), None);
    }
    while map.stats().expired < before + ENTRIES {
        map.insert(ENTRIES + writes, 0, 1_000);
        writes += 1;
        assert!(writes <= bound, "{writes} writes, {}", map.stats());
    }
    assert_eq!(map.stats().evicted, 0, "what has expired goes first");
    assert!(map.stats().most_steps <= 20);
    assert_eq!(map.len() as u64, writes);
}

/// While the clock stands, `n` entries over their time are gone after so many writes, whatever was done to deadlines before.
#[test]
fn expired_entries_are_gone_after_a_bounded_number_of_writes() {
    for seed in 0..40 {
        let mut state = seed;
        let capacity = 200 + draw(&mut state, 3_000);
        let mut map = BoundedMap::new(capacity as usize);
        let mut now = 0;
        map.set_lifetime(Lifetime::SinceUse(300));
        for _ in 0..20_000 {
            let key = draw(&mut state, capacity * 2);
            match draw(&mut state, 6) {
                0 => drop(map.get(&key, now)),
                1 => drop(map.remove(&key, now)),
                2 => drop(map.set_time_to_live(&key, Some(draw(&mut state, 1_000)), now)),
                3 => drop(map.insert_for(key, 0, draw(&mut state, 2_000), now)),
                _ => drop(map.insert(key, 0, now)),
            }
            now += u64::from(draw(&mut state, 8) == 0);
        }
        now += 250;
        let due = map.len() - map.iter(now).count();
        let bound = (due as u64 + capacity / 8) / 4 + 1;
        for _ in 0..bound {
            map.remove(&u64::MAX, now);
        }
        assert_eq!(map.len(), map.iter(now).count(), "{due} were due, {bound} writes");
    }
}

#[test]
fn the_clock_stands_still_jumps_and_goes_back() {
    let mut map = BoundedMap::new(10);
    map.insert_for("a", 1, 10, 100);
    for _ in 0..1_000 {
        assert_eq!(map.get("a", 100), Some(&1));
    }
    assert_eq!(map.get("a", 109), Some(&1));
    assert_eq!(map.get("a", 20), Some(&1), "taken for 109");
    assert_eq!(map.get("a", 110), None);
    assert_eq!(map.get("a", 109), None, "taken for 110");
    assert_eq!(map.stats().clock_went_back, 2);

    // A year of milliseconds, and the end of time.
    map.insert_for("b", 2, 1_000, 200);
    map.insert("c", 3, 200);
    assert_eq!(map.get("b", 31_536_000_000), None);
    assert_eq!(map.get("c", u64::MAX), Some(&3));
    assert_eq!(map.expire(u64::MAX, 10), 1, "\"b\", which a lookup leaves in its place");
    map.insert_for("d", 4, u64::MAX, u64::MAX);
    assert_eq!(
        (map.peek("d", u64::MAX), map.deadline("d")),
        (Some(&4), None),
        "time ends before"
    );

    // Time to live: none, and the longest.
    let mut map = BoundedMap::new(10);
    map.insert_for("a", 1, 0, 5);
    assert_eq!(map.get("a", 5), None);
    map.insert_for("b", 1, u64::MAX, 5);
    assert_eq!(map.get("b", 1 << 47), Some(&1));
}

#[test]
fn the_smallest_capacities() {
    let mut none = BoundedMap::new(0);
    let out = none.insert("a", 1, 0).unwrap();
    assert_eq!((out.key, out.value, out.reason), ("a", 1, Reason::Refused));
    assert_eq!(none.get("a", 0), None);
    assert_eq!(none.remove("a", 0), None);
    assert!(none.is_empty());
    let panic = catch_unwind(AssertUnwindSafe(|| *none.get_or_insert_with("a", 0, || 1)));
    assert!(
        panic
            .unwrap_err()
            .downcast::<&str>()
            .unwrap()
            .contains("`insert` gives the pair back")
    );

    let mut two = BoundedMap::new(2);
    for key in 0..1_000_u32 {
        let out = two.insert(key, key, 0);
        assert_eq!(out.is_some(), key >= 2);
        assert_eq!(two.get(&key, 0), Some(&key));
        assert!(two.len() <= 2);
    }
    assert!(BoundedMap::<u64, u64>::try_new(usize::MAX).is_err());
    assert!(BoundedMap::<u64, u64>::try_new(usize::MAX / 100).is_err());
    let unit = BoundedMap::<(), ()>::new(3);
    assert!(unit.is_empty());
}

/// Weights: never above the bound, whatever comes; what goes is enough and was there.
#[test]
fn weights_are_bounded() {
    let mut state = 7;
    let mut map = BoundedMap::new(Bounds::entries(50).weight(100));
    let mut model = BTreeMap::new();
    for _ in 0..50_000 {
        let key = draw(&mut state, 200);
        let weight = draw(&mut state, if key.is_multiple_of(10) { 130 } else { 9 }) as u32;
        let mut refused = false;
        map.insert_with(key, weight, Terms::new().weight(weight), 0, |out| match out.reason {
            Reason::Refused => {
                assert!(weight > 100);
                refused = true;
            }
            _ => assert_eq!(model.remove(&out.key), Some(out.value)),
        });
        if !refused {
            model.insert(key, weight);
        }
        assert_eq!(
            map.weight(),
            model.values().map(|&weight| u64::from(weight)).sum::<u64>()
        );
        assert!(map.weight() <= 100 && map.len() <= 50 && map.len() == model.len());
        if key.is_multiple_of(7) {
            assert_eq!(map.remove(&(key / 2), 0), model.remove(&(key / 2)));
        }
    }
}

/// Operations of steady traffic: `ARENAMAP_STEADY` says how many.
fn steady() -> u64 {
    std::env::var("ARENAMAP_STEADY").map_or(400_000, |text| text.parse().expect("a number"))
}

/// Traffic without end, in an arena whose bytes stay as they are.
#[test]
fn steady_traffic_takes_no_more_bytes() {
    let operations = steady();
    let arena = Arena::new();
    let mut map = BoundedMap::new_in(5_000, &arena);
    map.set_lifetime(Lifetime::SinceUse(2_000));
    let before = arena.stats();
    let mut state = 3;
    for turn in 0..operations {
        let key = draw(&mut state, 20_000).min(draw(&mut state, 20_000));
        let now = turn / 10;
        match draw(&mut state, 16) {
            0 => drop(map.remove(&key, now)),
            1 => drop(map.insert_for(key, turn, 100, now)),
            _ => drop(map.get_or_insert_with(key, now, || turn)),
        }
    }
    assert_eq!(arena.stats(), before);
    let stats = map.stats();
    assert!(stats.most_steps <= 20, "{stats}");
    println!(
        "{stats}; {:.2} steps an operation",
        stats.steps as f64 / operations as f64
    );
}

/// What a user's closure does, at times.
fn user<R>() -> R {
    std::panic::panic_any("user")
}

/// Every panic of user code leaves a map that works, with nothing twice and nothing lost.
#[test]
fn panics_leave_a_map_that_works() {
    let mut map = BoundedMap::new(20);
    for key in 0..20 {
        map.insert_for(
            key,
            Tracked::new(1_000 + u64::from(key)),
            if key < 10 { 5 } else { 500 },
            0,
        );
    }
    let panics = |run: &mut dyn FnMut()| {
        let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"user"));
    };
    panics(&mut || {
        map.get_or_insert_with(100_u8, 0, user);
    });
    assert_eq!((map.len(), map.peek(&100, 0)), (20, None));
    panics(&mut || map.insert_with(100, Tracked::new(1), Terms::new(), 0, |_| user()));
    assert!(map.contains_key(&100, 0), "it had come when the other was handed out");
    assert_eq!(map.len(), 20);
    panics(&mut || {
        map.expire_with(6, 100, |_, _| user());
    });
    panics(&mut || {
        map.retain(6, |key, _| {
            if *key == 15 {
                user::<()>();
            }
            false
        });
    });
    let left: BTreeSet<u64> = map.iter(6).map(|(_, value)| value.0).collect();
    assert!(LIVE.with_borrow(|live| left.is_subset(live)));
    assert!(map.contains_key(&15, 6));
    map.expire(6, 100);
    assert_eq!(map.len(), map.iter(6).count());
    drop(map);
    LIVE.with_borrow(|live| assert!(live.is_empty()));
}

/// The same for keys that are copied: no block of a key is lost, whatever panics.
#[test]
fn copied_keys_give_their_blocks_back() {
    fn key(number: u64) -> String {
        format!("{number} and so on{}", "!".repeat(number as usize % 50))
    }
    let arena = Arena::new();
    let mut map = BoundedStrMap::new_in(Bounds::entries(100).weight(150), &arena);
    let empty = arena.used();
    let mut state = 1;
    let mut model = BTreeMap::new();
    let mut now = 0;
    for turn in 0..30_000 {
        let number = draw(&mut state, 300);
        now += draw(&mut state, 2);
        match draw(&mut state, 8) {
            0 => {
                let got = map.remove(&key(number), now);
                assert_eq!(
                    got,
                    model
                        .remove(&number)
                        .filter(|&(_, deadline)| now < deadline)
                        .map(|(value, _)| value)
                );
            }
            1 => assert_eq!(
                map.get(&key(number), now),
                model
                    .get(&number)
                    .filter(|&&(_, deadline)| now < deadline)
                    .map(|(value, _)| value)
            ),
            2 => {
                let panics = draw(&mut state, 2) == 0;
                let done = catch_unwind(AssertUnwindSafe(|| {
                    map.insert_with(
                        &key(number),
                        turn,
                        Terms::new().time_to_live(60).weight(2),
                        now,
                        |_, _, _| {
                            assert!(!panics, "user");
                        },
                    );
                }));
                // Whatever it came to, the model learns from the map.
                assert!(done.is_ok() || panics);
                model.retain(|&number, _| map.contains_key(&key(number), now));
                if map.peek(&key(number), now) == Some(&turn) {
                    model.insert(number, (turn, now + 60));
                }
            }
            3 => {
                let value = *map.get_or_insert_with(&key(number), now, || turn);
                assert!(value == turn || model[&number].0 == value);
                if value == turn {
                    model.insert(number, (turn, u64::MAX));
                }
            }
            _ => {
                map.insert_for(&key(number), turn, 90, now);
                model.insert(number, (turn, now + 90));
            }
        }
        model.retain(|&number, _| map.contains_key(&key(number), now));
        assert!(map.weight() <= 150 && map.len() <= 100);
        let blocks: usize = map.len();
        assert!(arena.used() <= empty + blocks * 80);
    }
    map.retain(now, |key, _| key.len() % 2 == 0);
    assert!(map.iter(now).all(|(key, _)| key.len() % 2 == 0));
    map.expire(now + 100, usize::MAX);
    map.clear();
    assert_eq!(arena.used(), empty);
    map.insert("a key of more than fifteen bytes", 1, now);
    drop(map);
    assert_eq!(arena.used(), 0);
}

#[test]
fn what_the_arena_refuses_is_given_back() {
    let bytes = BoundedStrMap::<u32>::bytes_for(10).unwrap();
    let arena = Arena::with_budget(bytes + 80);
    assert!(BoundedStrMap::<u32, _, _>::try_with_hasher_in(1_000, DefaultHashBuilder::default(), &arena).is_err());
    let mut map = BoundedStrMap::new_in(10, &arena);
    let long = "long".repeat(30);
    let error = map.try_insert(&long, 7, 0).unwrap_err();
    assert_eq!((error.key, error.value), (&*long, 7));
    assert!(map.try_get_or_insert_with(&long, 0, || unreachable!()).is_err());
    assert!(map.is_empty());
    assert_eq!(map.insert("short", 1, 0), None);
    assert_eq!(map.try_insert("a key of twenty bytes", 2, 0).unwrap(), None);
    assert_eq!(map.len(), 2);
}

#[test]
fn handles_come_back_and_maps_print() {
    let mut map = BoundedMap::new(4);
    map.insert("a", 1, 0);
    assert_eq!(format!("{map:?}"), r#"{"a": 1}"#);
    assert_eq!(format!("{:?}", map.iter(0)), r#"{"a": 1}"#);
    assert_eq!(
        format!("{:?}", map.entry("a", 0)),
        r#"Occupied(OccupiedEntry { key: "a", value: 1 })"#
    );
    assert_eq!(format!("{:?}", map.entry("b", 0)), r#"Vacant(VacantEntry("b"))"#);
    assert_eq!(
        map.stats().to_string(),
        "1 of 4 entries, 50.00 % hits of 2 lookups; 1 came in (0 of them back), 0 evicted, 0 expired"
    );
    assert_eq!(map.into_handle().used(), 0);
    let mut words = BoundedStrMap::new(4);
    words.insert("a word of more than fifteen bytes", 1, 0);
    assert_eq!(format!("{words:?}"), r#"{"a word of more than fifteen bytes": 1}"#);
    assert_eq!(words.into_handle().used(), 0);
    #[cfg(feature = "std")]
    {
        static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
        let mut pooled = BoundedMap::new_in(4, POOL.checkout());
        pooled.insert(1, 2, 0);
        std::thread::spawn(move || assert_eq!(pooled.get(&1, 0), Some(&2)))
            .join()
            .unwrap();
        let arena = POOL.checkout().share();
        let mut shared = BoundedStrMap::new_in(4, arena.clone());
        shared.insert("a word of more than fifteen bytes", 2, 0);
        let other = BoundedMap::<u64, u64, _, _>::new_in(4, arena);
        drop((shared, other));
    }
}

/// A hasher that hands integers through, and keys that have nothing in their lowest bits.
#[test]
fn weak_hashes_stay_quick() {
    #[derive(Default)]
    struct Through(u64);
    impl std::hash::Hasher for Through {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, _: &[u8]) {
            unreachable!("keys are integers");
        }
        fn write_u64(&mut self, number: u64) {
            self.0 = number;
        }
    }
    /// Counts comparisons.
    #[derive(Clone, Copy, Debug)]
    struct Key(u64);
    thread_local! {
        static COMPARED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }
    impl PartialEq for Key {
        fn eq(&self, other: &Self) -> bool {
            COMPARED.set(COMPARED.get() + 1);
            self.0 == other.0
        }
    }
    impl Eq for Key {}
    impl std::hash::Hash for Key {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            state.write_u64(self.0);
        }
    }
    for step in [1, 16, 4_096, 1 << 20, 1 << 32, 1 << 45] {
        let mut map = BoundedMap::with_hasher(10_000, std::hash::BuildHasherDefault::<Through>::default());
        for number in 0..200_000_u64 {
            map.insert(Key(number * step), (), 0);
        }
        COMPARED.set(0);
        for number in 200_000..210_000_u64 {
            assert!(map.peek(&Key(number * step), 0).is_none());
        }
        assert!(COMPARED.get() < 30_000, "{} comparisons, step {step}", COMPARED.get());
    }
}

/// An entry that never lives does not keep others from leaving.
#[test]
fn writes_of_entries_without_a_life_take_out_others() {
    let mut map = BoundedMap::new(1_000);
    for key in 0..1_000 {
        map.insert_for(key, (), 10, 0);
    }
    for _ in 0..600 {
        map.insert_for(5_000, (), 0, 10);
    }
    assert!(map.len() <= 1, "{}", map.stats());
}

/// The drop of an entry panics while a map ends, in each way and on each handle: its block goes back once.
#[test]
fn a_map_whose_end_panics_gives_its_block_back_once() {
    struct Bad(bool);
    impl Drop for Bad {
        fn drop(&mut self) {
            if self.0 && !std::thread::panicking() {
                std::panic::panic_any("user");
            }
        }
    }
    fn ends<H: Handle>(handle: H, by_hand: bool) {
        let mut map = BoundedMap::new_in(4, handle);
        map.insert(1_u8, Bad(false), 0);
        map.insert(2, Bad(true), 0);
        let panic = catch_unwind(AssertUnwindSafe(|| {
            if by_hand { drop(map.into_handle()) } else { drop(map) }
        }));
        assert!(panic.is_err());
    }
    let arena = Arena::new();
    for by_hand in [false, true] {
        ends(&arena, by_hand);
        assert_eq!(arena.used(), 0);
        let mut one = BoundedMap::new_in(4, &arena);
        let mut other = BoundedMap::new_in(4, &arena);
        one.insert(1_u8, String::from("one"), 0);
        other.insert(1_u8, String::from("other"), 0);
        assert_eq!(
            (one.get(&1, 0).unwrap().as_str(), other.get(&1, 0).unwrap().as_str()),
            ("one", "other")
        );
        ends(Arena::new(), by_hand);
        #[cfg(feature = "std")]
        {
            static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
            ends(POOL.checkout(), by_hand);
            let shared = POOL.checkout().share();
            ends(shared.clone(), by_hand);
            assert_eq!(shared.stats().used, 0);
        }
    }
}

/// A budget that is used up by keys whose time is over is theirs to give back.
#[test]
fn expired_keys_make_room_in_a_budget() {
    let arena = Arena::with_budget(BoundedStrMap::<u32>::bytes_for(2).unwrap() + 16);
    let mut map = BoundedStrMap::new_in(2, &arena);
    map.set_lifetime(Lifetime::SinceWrite(1));
    assert_eq!(map.try_insert("a key of 16 byte", 1, 0).unwrap(), None);
    let error = map.try_insert("b key of 16 byte", 2, 0).unwrap_err();
    assert_eq!((error.value, map.get("a key of 16 byte", 0)), (2, Some(&1)));
    assert_eq!(
        map.try_insert("b key of 16 byte", 2, 10).unwrap(),
        Some((1, Reason::Expired))
    );
    assert_eq!(*map.try_get_or_insert_with("c key of 16 byte", 20, || 3).unwrap(), 3);
    assert_eq!(map.len(), 1);
}

/// Two maps of one kind of keys, by one hasher, on the same calls: what is in them, what leaves, why, and the numbers.
type Strings = BoundedMap<String, [u64; 2], Numbered>;
type Copied = BoundedStrMap<[u64; 2], Numbered>;

/// A hasher without a seed.
#[derive(Clone, Default)]
struct Numbered;

impl std::hash::BuildHasher for Numbered {
    type Hasher = std::hash::DefaultHasher;

    fn build_hasher(&self) -> Self::Hasher {
        std::hash::DefaultHasher::new()
    }
}

/// A key for a number; some have blocks of their own.
fn name(number: u64) -> String {
    format!("{number}{}", "!".repeat(number as usize % 5 * 6))
}

/// One random call on both.
fn same_call(strings: &mut Strings, copied: &mut Copied, state: &mut u64, now: &mut u64, turn: u64) {
    let key = name(draw(state, 400).min(draw(state, 400)));
    let value = [turn; 2];
    let mut left: Vec<(String, [u64; 2], Reason)> = Vec::new();
    let mut also: Vec<(String, [u64; 2], Reason)> = Vec::new();
    let terms = Terms::new()
        .time_to_live(draw(state, 90))
        .weight(draw(state, 3) as u32 + u32::from(draw(state, 40) == 0) * 800);
    let mut out = |out: Displaced<String, [u64; 2]>| left.push((out.key, out.value, out.reason));
    let mut give = |key: &str, value, reason| also.push((key.to_owned(), value, reason));
    match draw(state, 24) {
        0 => assert_eq!(strings.get(&key, *now), copied.get(&key, *now)),
        1 => assert_eq!(
            strings
                .get_key_value(&key, *now)
                .map(|(key, value)| (key.as_str(), value)),
            copied.get_key_value(&key, *now)
        ),
        2 => assert_eq!(strings.get_mut(&key, *now), copied.get_mut(&key, *now)),
        3 => assert_eq!(
            (
                strings.peek(&key, *now),
                strings.contains_key(&key, *now),
                strings.deadline(&key)
            ),
            (
                copied.peek(&key, *now),
                copied.contains_key(&key, *now),
                copied.deadline(&key)
            )
        ),
        4 => {
            let ticks = Some(draw(state, 100)).filter(|ticks| ticks % 9 > 0);
            assert_eq!(
                strings.set_time_to_live(&key, ticks, *now),
                copied.set_time_to_live(&key, ticks, *now)
            );
        }
        5 => {
            strings.insert_with(key.clone(), value, terms, *now, &mut out);
            copied.insert_with(&key, value, terms, *now, &mut give);
        }
        6 => assert_eq!(
            strings
                .insert(key.clone(), value, *now)
                .map(|out| (out.value, out.reason)),
            copied.insert(&key, value, *now)
        ),
        7 => assert_eq!(
            *strings.get_or_insert_with(key.clone(), *now, || value),
            *copied.get_or_insert_with(&key, *now, || value)
        ),
        8 if terms.weight < 800 => {
            let one = match strings.entry(key.clone(), *now) {
                Entry::Occupied(mut entry) => Some(entry.insert(value)),
                Entry::Vacant(entry) => {
                    entry.insert_with(value, terms, &mut out)[0] += 1;
                    None
                }
            };
            let other = match copied.entry(&key, *now) {
                copied::Entry::Occupied(mut entry) => Some(entry.insert(value)),
                copied::Entry::Vacant(entry) => {
                    assert_eq!(entry.key(), key);
                    entry.insert_with(value, terms, &mut give)[0] += 1;
                    None
                }
            };
            assert_eq!(one, other);
        }
        9 => assert_eq!(
            strings
                .entry(key.clone(), *now)
                .and_modify(|value| value[1] += 1)
                .or_default(),
            copied.entry(&key, *now).and_modify(|value| value[1] += 1).or_default()
        ),
        10 => {
            let one = match strings.entry(key.clone(), *now) {
                Entry::Occupied(entry) => Some(entry.remove_entry()),
                Entry::Vacant(_) => None,
            };
            let other = match copied.entry(&key, *now) {
                copied::Entry::Occupied(entry) => Some(entry.remove_entry()),
                copied::Entry::Vacant(_) => None,
            };
            assert_eq!(one, other.map(|(key, value)| (key.to_string(), value)));
        }
        11 => assert_eq!(strings.remove(&key, *now), copied.remove(&key, *now)),
        12 => assert_eq!(
            strings.remove_entry(&key, *now),
            copied
                .remove_entry(&key, *now)
                .map(|(key, value)| (key.to_owned(), value))
        ),
        13 => assert_eq!(
            strings.remove_with(&key, *now, &mut out),
            (copied.remove_with(&key, *now, &mut give)).map(|(key, value)| (key.to_string(), value))
        ),
        14 => {
            let most = draw(state, 9) as usize;
            let one = strings.expire_with(*now, most, |key, value| left.push((key, value, Reason::Expired)));
            let other = copied.expire_with(*now, most, |key, value| {
                also.push((key.to_owned(), value, Reason::Expired));
            });
            assert_eq!(one, other);
        }
        15 if turn.is_multiple_of(16) => {
            strings.retain(*now, |key, _| key.len() % 7 > 0);
            copied.retain(*now, |key, _| key.len() % 7 > 0);
        }
        16 => {
            strings.extend([(key.clone(), value)]);
            copied.extend([(key, value)]);
        }
        17 if turn.is_multiple_of(16) => {
            *now = draw(state, 1 << 50);
            strings.set_clock(*now);
            copied.set_clock(*now);
        }
        18 if turn.is_multiple_of(8) => {
            let lifetime =
                [Lifetime::Unlimited, Lifetime::SinceUse(30), Lifetime::SinceWrite(50)][draw(state, 3) as usize];
            strings.set_lifetime(lifetime);
            copied.set_lifetime(lifetime);
        }
        20 => {
            let one: Vec<_> = (strings.iter_mut(*now))
                .map(|(key, value)| {
                    value[0] += 1;
                    key.clone()
                })
                .collect();
            let other: Vec<_> = (copied.iter_mut(*now))
                .map(|(key, value)| {
                    value[0] += 1;
                    key.to_owned()
                })
                .collect();
            assert_eq!(one, other);
            strings.values_mut(*now).for_each(|value| value[0] += 1);
            copied.values_mut(*now).for_each(|value| value[0] += 1);
            assert!(strings.keys(*now).eq(copied.keys(*now)) && strings.values(*now).eq(copied.values(*now)));
        }
        21 if turn.is_multiple_of(64) => {
            let asked = draw(state, 9) as usize;
            let one: Vec<_> = strings.drain(*now).take(asked).collect();
            let other: Vec<_> = (copied.drain(*now).take(asked))
                .map(|(key, value)| (key.to_string(), value))
                .collect();
            assert_eq!(one, other);
            assert!(strings.is_empty() && copied.is_empty());
        }
        22 => {
            left.extend(strings.evict(*now).map(|out| (out.key, out.value, out.reason)));
            copied.evict_with(*now, |key, value, reason| also.push((key.to_owned(), value, reason)));
        }
        // Through maps of another capacity: some are evicted.
        23 if turn.is_multiple_of(64) => {
            let capacity = draw(state, 120) as usize;
            let mut one = Strings::with_hasher(capacity, Numbered);
            one.append(strings, *now);
            strings.append(&mut one, *now);
            let mut other = Copied::with_hasher(capacity, Numbered);
            other.append(copied, *now);
            copied.append(&mut other, *now);
        }
        19 if turn.is_multiple_of(64) => {
            (*strings, *copied) = (strings.clone(), copied.clone());
        }
        _ => *now += draw(state, 3),
    }
    assert_eq!(left, also);
    let one: Vec<_> = strings.iter(*now).map(|(key, value)| (key.as_str(), value)).collect();
    assert_eq!(one, copied.iter(*now).collect::<Vec<_>>());
    assert_eq!(strings.stats(), copied.stats());
    assert_eq!(strings.clock(), copied.clock());
}

#[test]
fn copied_maps_do_as_maps_of_strings() {
    let turns = steady() / 100;
    for (seed, capacity) in [(1, 1), (2, 7), (3, 100), (4, 100)] {
        let bounds = Bounds::entries(capacity);
        let bounds = if seed == 4 { bounds.weight(120) } else { bounds };
        let mut strings = Strings::with_hasher(bounds, Numbered);
        let mut copied = Copied::with_hasher(bounds, Numbered);
        let (mut state, mut now) = (seed, 0);
        for turn in 0..turns {
            same_call(&mut strings, &mut copied, &mut state, &mut now, turn);
            assert!(strings.len() <= capacity && strings.max_weight().is_none_or(|most| strings.weight() <= most));
        }
        assert_eq!(format!("{strings:?}"), format!("{copied:?}"));
    }
}

/// A copy goes on as the map that it is of would have: the same entries leave, in the same order.
#[test]
fn a_copy_goes_on_as_its_original() {
    for (seed, capacity) in [(1, 0), (2, 3), (3, 500)] {
        let arena = Arena::new();
        let mut map =
            BoundedStrMap::<u64, Numbered, _>::with_hasher_in(Bounds::entries(capacity).weight(700), Numbered, &arena);
        map.set_lifetime(Lifetime::SinceUse(90));
        let mut state = seed;
        let step = |map: &mut BoundedStrMap<u64, Numbered, &Arena>, state: &mut u64, turn: u64| {
            let key = name(draw(state, 1_500).min(draw(state, 1_500)));
            let mut gone = Vec::new();
            let found = match draw(state, 3) {
                0 => map.get(&key, turn / 40).copied(),
                1 => map.remove(&key, turn / 40),
                _ => {
                    let terms = Terms::new().weight(draw(state, 4) as u32);
                    map.insert_with(&key, turn, terms, turn / 40, |key, value, reason| {
                        gone.push((key.to_owned(), value, reason));
                    });
                    None
                }
            };
            (found, gone)
        };
        for turn in 0..5_000 {
            step(&mut map, &mut state, turn);
        }
        let other = Arena::new();
        let mut copy = map.clone_in(&other);
        assert_eq!(
            (copy.len(), copy.weight(), copy.lifetime(), copy.clock()),
            (map.len(), map.weight(), map.lifetime(), map.clock())
        );
        assert_eq!((copy.stats().hits, copy.stats().insertions), (0, 0));
        let mut again = state;
        for turn in 5_000..15_000 {
            assert_eq!(step(&mut map, &mut state, turn), step(&mut copy, &mut again, turn));
        }
        drop((map, copy));
        assert_eq!((arena.used(), other.used()), (0, 0));
    }
}

/// A copy that ends early, because a value panics or the arena refuses, gives back what it took.
#[test]
fn a_copy_that_ends_early_leaves_nothing() {
    #[derive(Debug)]
    struct Copied(u32, String);
    impl Clone for Copied {
        fn clone(&self) -> Self {
            if self.0 == 7 {
                user::<()>();
            }
            Self(self.0, self.1.clone())
        }
    }
    let mut map = BoundedStrMap::new(20);
    for number in 0..20 {
        map.insert(&name(number + 3), Copied(number as u32, "text".repeat(9)), 0);
    }
    let arena = Arena::new();
    let panic = catch_unwind(AssertUnwindSafe(|| map.clone_in(&arena)));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"user"));
    assert_eq!(arena.used(), 0);
    map.retain(0, |_, value| value.0 != 7);
    let small = Arena::with_budget(BoundedStrMap::<Copied>::bytes_for(20).unwrap() + 40);
    assert!(map.try_clone_in(&small).is_err());
    assert_eq!(small.used(), 0);
    assert_eq!(map.try_clone_in(&arena).unwrap().len(), 19);
    assert_eq!(map.clone().len(), 19);
    let mut numbers = BoundedMap::new(3);
    numbers.extend([(1, String::from("one")), (2, String::from("two"))]);
    assert!(numbers.try_clone_in(&Arena::with_budget(100)).is_err());
    assert_eq!(numbers.clone().get(&2, 0).map(String::as_str), Some("two"));
}

/// An entry that comes again in place of its expired self may weigh more than that: others go for it.
#[test]
fn an_expired_entry_that_comes_back_heavier_keeps_the_bound() {
    let mut map = BoundedMap::new(Bounds::entries(100).weight(10));
    let mut words = BoundedStrMap::new(Bounds::entries(100).weight(10));
    map.insert_with("light", 0, Terms::new().weight(0).time_to_live(5), 0, |_| {});
    words.insert_with("light", 0, Terms::new().weight(0).time_to_live(5), 0, |_, _, _| {});
    for (number, word) in (1..).zip(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]) {
        map.insert(word, number, 0);
        words.insert(word, number, 0);
    }
    assert_eq!((map.weight(), map.len()), (10, 11));
    assert_eq!(*map.get_or_insert_with("light", 5, || 77), 77);
    assert_eq!(*words.get_or_insert_with("light", 5, || 77), 77);
    assert_eq!((map.weight(), map.len()), (10, 10));
    assert_eq!((words.weight(), words.len()), (10, 10));
    assert_eq!((map.peek("light", 5), words.peek("light", 5)), (Some(&77), Some(&77)));
}

/// A time far ahead, the end of time even, and the way back.
#[test]
fn a_clock_that_was_far_ahead_is_set() {
    for wrong in [10_000, 1 << 50, u64::MAX] {
        let mut map = BoundedMap::new(1_000);
        map.set_lifetime(Lifetime::SinceWrite(60));
        map.insert("before", 1, 1_000);
        map.set_time_to_live("before", None, 1_000);
        map.insert("over", 2, 1_000);
        assert_eq!(map.get("before", wrong), Some(&1));
        assert_eq!(map.get("before", 1_001), Some(&1));
        assert_eq!((map.clock(), map.stats().clock_went_back), (Some(wrong), 1));
        map.set_clock(1_001);
        assert_eq!((map.clock(), map.stats().clock_went_back), (Some(1_001), 1));
        assert_eq!(map.get("over", 1_001), None);
        map.insert("after", 3, 1_001);
        assert_eq!(map.deadline("after"), Some(1_061));
        assert_eq!(map.get("after", 1_060), Some(&3));
        assert_eq!(map.len(), 2, "\"over\" went with the insertion");
        assert_eq!(map.expire(1_061, 10), 1, "\"after\"");
        assert_eq!((map.peek("before", 1_061), map.deadline("before")), (Some(&1), None));
    }
    let mut words = BoundedStrMap::new(4);
    assert_eq!(words.clock(), None);
    words.set_lifetime(Lifetime::SinceWrite(5));
    words.extend([("a", 1)]);
    assert_eq!(words.get("a", 7_000), Some(&1), "it lives from the first time on");
    words.set_clock(20);
    assert_eq!((words.clock(), words.deadline("a")), (Some(20), Some(25)));
}

/// A map that was filled at 0 goes on with the time of day in microseconds, which is later than deadlines reach.
#[test]
fn time_goes_on_beyond_its_end() {
    let now = 1_780_000_000_000_000;
    let mut map = BoundedMap::new(100);
    map.insert("for ever", 0, 0);
    map.set_lifetime(Lifetime::SinceWrite(60_000_000));
    map.insert("over", 1, 0);
    map.insert("a", 2, now);
    assert_eq!(map.peek("over", now), None);
    assert_eq!(map.get("over", now), None);
    assert_eq!(map.deadline("a"), Some(now + 60_000_000));
    assert_eq!(map.get("a", now + 59_999_999), Some(&2));
    assert_eq!(map.get("a", now + 60_000_000), None);
    assert_eq!(map.get("for ever", now), Some(&0));
    // By mistake, at the end of time: what is written then ends when it should.
    map.insert_for("b", 3, 60, u64::MAX - 10);
    assert_eq!((map.deadline("b"), map.peek("b", u64::MAX)), (None, Some(&3)));
    map.set_clock(1_000);
    assert_eq!(
        (map.deadline("b"), map.peek("b", 1_059), map.peek("b", 1_060)),
        (Some(1_060), Some(&3), None)
    );
}

/// Of several that leave, the old value of the key is returned; and a panic of the closure leaves the numbers right.
#[test]
fn a_heavier_value_tells_of_the_old_one() {
    let mut map = BoundedMap::new(Bounds::entries(10).weight(10));
    let mut words = BoundedStrMap::new(Bounds::entries(10).weight(10));
    let heavy = |weight| Terms::new().weight(weight);
    map.insert_with("a", 1, heavy(0), 0, |_| ());
    words.insert_with("a", 1, heavy(0), 0, |_, _, _| ());
    map.insert_with("b", 2, heavy(10), 0, |_| ());
    words.insert_with("b", 2, heavy(10), 0, |_, _, _| ());
    let out = map.insert_for("a", 3, 60, 0).unwrap();
    assert_eq!((out.value, out.reason), (1, Reason::Replaced));
    assert_eq!(words.insert_for("a", 3, 60, 0), Some((1, Reason::Replaced)));

    let numbers = |stats: arenamap::bounded::BoundedStats| stats.insertions - stats.evicted - stats.expired;
    map.insert_with("b", 4, heavy(8), 0, |_| ());
    words.insert_with("b", 4, heavy(8), 0, |_, _, _| ());
    catch_unwind(AssertUnwindSafe(|| {
        map.insert_with("a", 5, heavy(5), 0, |_| panic!("out"));
    }))
    .unwrap_err();
    catch_unwind(AssertUnwindSafe(|| {
        words.insert_with("a", 5, heavy(5), 0, |_, _, _| panic!("out"));
    }))
    .unwrap_err();
    assert_eq!((map.len() as u64, map.peek("a", 0)), (numbers(map.stats()), Some(&5)));
    assert_eq!(
        (words.len() as u64, words.peek("a", 0)),
        (numbers(words.stats()), Some(&5))
    );
}

/// With weights, an insertion takes out more than the entries that it looks at for their time. All of them were over.
#[test]
fn what_is_over_is_not_called_evicted() {
    let mut map = BoundedMap::new(Bounds::entries(100).weight(100));
    for n in 0..100 {
        map.insert_for(n, n, 5, 0);
    }
    let mut gone = 0;
    map.insert_with(1_000, 0, Terms::new().weight(100), 5, |out| {
        assert_eq!(out.reason, Reason::Expired);
        gone += 1;
    });
    assert_eq!((gone, map.stats().evicted, map.stats().expired), (100, 0, 100));
}

/// What waits to be handed out when user code panics gives the block of its key back.
#[test]
fn a_panic_between_two_that_go_leaves_no_key_behind() {
    let arena = Arena::new();
    let heavy = |weight| Terms::new().weight(weight);
    let mut map = BoundedStrMap::<u32, _, _>::new_in(Bounds::entries(10).weight(10), &arena);
    let empty = arena.used();
    let name = |letter: char| format!("{letter}, and more than fifteen bytes");
    for again in [false, true] {
        map.insert(&name('a'), 1, 0);
        map.insert_with(&name('b'), 2, heavy(5), 0, |_, _, _| ());
        if again {
            map.insert_with(&name('c'), 3, heavy(1), 0, |_, _, _| ());
        }
        let user = || map.insert_with(&name('c'), 3, heavy(10), 9, |_, _, _| panic!("out"));
        catch_unwind(AssertUnwindSafe(user)).unwrap_err();
        map.clear();
        assert_eq!(arena.used(), empty);
    }
}

/// Whoever is given one pair learns first that the new one is not in the map.
#[test]
fn what_was_refused_comes_before_what_was_replaced() {
    let mut map = BoundedMap::new(Bounds::entries(10).weight(0));
    let mut words = BoundedStrMap::new(Bounds::entries(10).weight(0));
    map.insert_with("k", "old", Terms::new().weight(0), 0, |_| ());
    words.insert_with("k", "old", Terms::new().weight(0), 0, |_, _, _| ());
    let out = map.insert("k", "new", 0).unwrap();
    assert_eq!((out.value, out.reason), ("new", Reason::Refused));
    assert_eq!(words.insert("k", "new", 0), Some(("new", Reason::Refused)));
    assert!(map.is_empty() && words.is_empty());
}

/// What was used stays while there are others in the main queue, as it would have before the move.
#[test]
fn entries_take_their_uses_along() {
    let mut map = BoundedMap::with_hasher(100, Numbered);
    for key in 0..100 {
        map.insert(key, key, 0);
    }
    for key in (0..100).step_by(2) {
        map.get(&key, 0);
    }
    let mut other = BoundedMap::with_hasher(200, Numbered);
    other.append(&mut map, 0);
    let gone: Vec<u64> = (0..40).filter_map(|_| Some(other.evict(0)?.key)).collect();
    assert_eq!(gone.iter().filter(|key| **key % 2 == 0).count(), 0, "{gone:?}");
    let of_weights = Bounds::entries(50).weight(10);
    let mut smaller = BoundedMap::new(of_weights);
    smaller.append(&mut other, 0);
    assert_eq!((smaller.len(), smaller.weight(), other.len()), (10, 10, 0));
}

/// What a smaller map has no room for is what would have gone first, by number and by weight; and the clock is told though nothing comes.
#[test]
fn a_smaller_map_gets_what_is_used() {
    for (entries, hot, smaller) in [
        (1_000, 50, Bounds::entries(100)),
        (1_000, 150, Bounds::entries(200)),
        (1_000, 50, Bounds::entries(500).weight(100)),
        (100, 0, Bounds::entries(0)),
    ] {
        let mut map = BoundedMap::with_hasher(Bounds::entries(entries).weight(1 << 20), Numbered);
        for key in 0..entries as u64 {
            map.insert(key, key, 0);
        }
        let used: Vec<u64> = (0..hot).map(|number| number * entries as u64 / hot).collect();
        for _ in 0..3 {
            for key in &used {
                assert!(map.get(key, 0).is_some());
            }
        }
        // Too heavy for the other one, so that it takes nobody's room.
        let weighs = smaller.weight.is_some();
        if weighs {
            map.insert_with(1 << 40, 0, Terms::new().weight(1_000), 0, |_| {});
        }
        let mut evicted = map.clone();
        let mut other = BoundedMap::with_hasher(smaller, Numbered);
        other.append(&mut map, 0);
        assert!(map.is_empty());
        let kept: Vec<u64> = other.keys(0).copied().collect();
        let most = smaller
            .weight
            .map_or(smaller.entries, |most| usize::try_from(most).unwrap());
        assert_eq!(kept.len(), most);
        assert!(used.iter().all(|key| kept.contains(key)), "{kept:?}");
        if !weighs {
            while evicted.len() > most {
                evicted.evict(0);
            }
            let mut both = [kept, evicted.keys(0).copied().collect()];
            for keys in &mut both {
                keys.sort_unstable();
            }
            assert_eq!(both[0], both[1]);
        }
    }
    let (mut from, mut to) = (BoundedMap::<u64, u64>::new(10), BoundedMap::<u64, u64>::new(10));
    to.append(&mut from, 100);
    assert_eq!((from.clock(), to.clock()), (Some(100), Some(100)));
}

/// What is over its time goes before what is not, also where nobody has looked yet; and no call makes more steps than it may.
#[test]
fn append_keeps_what_is_in_time() {
    for (due, put_off) in [(500, 0), (20, 980), (300, 300)] {
        for weighs in [false, true] {
            let bounds = |most: usize| {
                if weighs {
                    Bounds::entries(2_000).weight(most as u64)
                } else {
                    Bounds::entries(most)
                }
            };
            let mut from = BoundedMap::<u64, ()>::new(bounds(1_000));
            for key in 0..1_000 {
                let lives = if key < due + put_off { Some(60) } else { None };
                from.insert(key, (), 0);
                from.set_time_to_live(&key, lives, 0);
            }
            for key in 0..put_off {
                from.set_time_to_live(&key, None, 0);
            }
            let live = usize::try_from(1_000 - due).unwrap();
            let mut to = BoundedMap::new(bounds(live));
            to.append(&mut from, 60);
            assert_eq!(
                (to.len(), from.stats().evicted),
                (live, 0),
                "{due}, {put_off}, {weighs}"
            );
            assert!(from.stats().most_steps <= 20, "{}", from.stats());
        }
    }
}

/// A value is dropped once, also where the drop of its key panics.
#[test]
fn an_entry_that_is_removed_drops_its_value_after_a_panic() {
    struct Fragile(u8);
    impl Drop for Fragile {
        fn drop(&mut self) {
            assert!(self.0 != 1, "fragile");
        }
    }
    impl PartialEq for Fragile {
        fn eq(&self, other: &Self) -> bool {
            self.0 % 2 == other.0 % 2
        }
    }
    impl Eq for Fragile {}
    impl std::hash::Hash for Fragile {
        fn hash<S: std::hash::Hasher>(&self, state: &mut S) {
            state.write_u8(self.0 % 2);
        }
    }
    let value = std::rc::Rc::new(());
    let mut map = BoundedMap::new(4);
    map.insert(Fragile(1), value.clone(), 0);
    let removed = catch_unwind(AssertUnwindSafe(|| match map.entry(Fragile(3), 0) {
        Entry::Occupied(entry) => drop(entry.remove()),
        Entry::Vacant(_) => unreachable!("it is there"),
    }));
    assert!(removed.is_err() && map.is_empty());
    assert_eq!(std::rc::Rc::strong_count(&value), 1);
}

/// A key that the arena refuses stays where it was, with all that come behind it.
#[test]
fn a_refused_append_loses_nothing() {
    let mut map: BoundedStrMap<u64> = BoundedStrMap::new(20);
    for number in 0..20 {
        map.insert(&format!("a key of more than fifteen bytes, {number:02}"), number, 0);
    }
    let arena = Arena::with_budget(BoundedStrMap::<u64>::bytes_for(20).unwrap() + 400);
    let mut other = BoundedStrMap::new_in(20, &arena);
    assert!(other.try_append(&mut map, 0).is_err());
    assert!(!other.is_empty() && !map.is_empty());
    let mut values: Vec<u64> = map.values(0).chain(other.values(0)).copied().collect();
    values.sort_unstable();
    assert!(values.into_iter().eq(0..20));
}
